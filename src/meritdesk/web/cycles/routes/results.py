"""Results, the records behind them, evaluation forms, and lists of results."""

from __future__ import annotations

from meritdesk.web.access.routes import route
from meritdesk.web.cycles.views import results, results_lists

urlpatterns = [
    route("appraisals/<int:pk>/", results.result, name="result", GET="results.read"),
    route("appraisals/<int:pk>/records/<str:indicator>/", results.records, name="result-records", GET="results.read"),
    route("appraisals/<int:pk>/form/", results.form, name="result-form", GET="results.read"),
    route("appraisals/<int:pk>/form.pdf", results.pdf, name="result-pdf", GET="results.read"),
    route("appraisals/<int:pk>/scheme/", results.scheme, name="result-scheme", GET="results.read"),
    route("my-results/", results_lists.mine, name="my-results", GET="results.read"),
    route("team-results/", results_lists.team, name="team-results", GET="results.read"),
    route("team-results/<int:pk>/export/", results_lists.export, name="team-results-export", GET="results.read"),
]
