"""Opening a cycle and beginning to rate: who is in it, who rates whom, joiners, leavers and transfers."""

from __future__ import annotations

from collections import Counter
from datetime import date

from meritdesk.web.cycles import engine
from meritdesk.web.cycles.models import RatingForm
from tests.web.cycle_company import build_cycle


def test_rating_begins() -> None:
    """Everybody who counts has a form of each role for each segment; nobody rates themselves."""
    centre = build_cycle("rating")
    forms = RatingForm.objects.select_related("appraisal__person", "rater")
    assert forms.count() > 0
    for form in forms:
        assert form.rater_id != form.appraisal.person_id
        assert date(2025, 9, 1) <= form.segment_from <= form.day <= date(2025, 9, 30)
    assert Counter(form.role for form in forms).keys() == {"superior", "qa", "hr"}
    computed = engine.compute(centre.cycle, explained=False)
    assert len(computed.documents) == centre.cycle.appraisals.count()
