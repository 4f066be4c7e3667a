"""The addresses of the app, each with the rights it demands."""

from __future__ import annotations

from meritdesk.web.access.rights import SIGNED_IN
from meritdesk.web.access.routes import route
from meritdesk.web.jobs import views

urlpatterns = [route("jobs/<int:pk>/", views.job_page, name="job", GET=SIGNED_IN)]
