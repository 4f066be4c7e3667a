"""Opening, roster, data, targets and board of a cycle."""

from __future__ import annotations

from django.urls import URLPattern

from meritdesk.web.access.routes import route
from meritdesk.web.cycles.views import targets

urlpatterns: list[URLPattern] = [
    route("targets/", targets.mine, name="targets-mine", GET="targets.agree"),
]
