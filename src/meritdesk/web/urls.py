"""All addresses; each app names its own, with the rights they demand."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("", include("meritdesk.web.home.urls")),
    path("", include("meritdesk.web.access.urls")),
    path("", include("meritdesk.web.jobs.urls")),
    path("people/", include("meritdesk.web.people.urls")),
    path("schemes/", include("meritdesk.web.schemes.urls")),
    path("cycles/", include("meritdesk.web.cycles.urls")),
]
