"""The addresses of cycles, by step; each with the rights it demands."""

from __future__ import annotations

from meritdesk.web.cycles.routes import deciding, rating, results, running

urlpatterns = [*running.urlpatterns, *rating.urlpatterns, *deciding.urlpatterns, *results.urlpatterns]
