"""What a calibration meeting looks at: who differs, both judgements side by side, and the evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from meritdesk.language import _
from meritdesk.web.access.models import User
from meritdesk.web.cycles import engine
from meritdesk.web.cycles.actions.calibration import forms_of
from meritdesk.web.cycles.models import Adjustment, CalibrationCase, Cycle, Note, RatingForm, RatingItem, Result
from meritdesk.web.cycles.queries.doors import appraisals_in_reach
from meritdesk.web.cycles.queries.indicator_rows import IndicatorRow, rows_of
from meritdesk.web.people.models import Person
from meritdesk.web.ui.text import listed


@dataclass(frozen=True)
class Rater:
    """One of the two raters; the name of an anonymous one stays hidden."""

    role: str
    name: str
    total: int
    form: RatingForm | None
    guest: bool = False

    @property
    def shown(self) -> str:
        """Return role and, where it may be told, name."""
        return f"{self.role}（{self.name}）" if self.name else self.role


@dataclass(frozen=True)
class CaseRow:
    """A case as the list shows it."""

    case: CalibrationCase
    first: Rater
    second: Rater
    indicators: str

    @property
    def difference(self) -> int:
        """Return the distance of the two totals, in hundredths."""
        return abs(self.case.first_total - self.case.second_total)


@dataclass(frozen=True)
class Pair:
    """One indicator, both judgements beside each other."""

    id: str
    title: str
    first: RatingItem | None
    second: RatingItem | None
    row: IndicatorRow | None
    levels: Sequence[tuple[int, str]]

    @property
    def differs(self) -> bool:
        """Return whether the two chose differently."""
        one, other = self.first, self.second
        return one is not None and other is not None and (one.level, one.score) != (other.level, other.score)


def case_rows(cycle: Cycle, user: User) -> list[CaseRow]:
    """Return the cases of a cycle about those the account reaches, never about itself: open ones first, the largest
    difference first."""
    cases = CalibrationCase.objects.filter(cycle=cycle, appraisal__in=appraisals_in_reach(user, "ratings.read"))
    found = list(cases.select_related("appraisal__person", "appraisal__team", "decided_by"))
    names = _names(found)
    rows = [_row(cycle, case, names) for case in found]
    order = {"open": 0, "reopened": 1}
    return sorted(rows, key=lambda r: (order.get(r.case.outcome, 2), -r.difference, r.case.pk))


def _names(cases: Sequence[CalibrationCase]) -> dict[str, str]:
    keys = {key for case in cases for key in (case.first_rater, case.second_rater)}
    return dict(Person.objects.filter(key__in=keys).values_list("key", "name"))


def _row(cycle: Cycle, case: CalibrationCase, names: dict[str, str]) -> CaseRow:
    titles = {indicator.id: indicator.title for _d, indicator in engine.loaded_scheme(cycle).scheme.indicators()}
    first = _rater(cycle, case.first_role, case.first_rater, case.first_total, names, None)
    second = _rater(cycle, case.second_role, case.second_rater, case.second_total, names, None)
    return CaseRow(case, first, second, listed(titles.get(name, name) for name in case.indicators))


def _rater(cycle: Cycle, role: str, key: str, total: int, names: dict[str, str], form: RatingForm | None) -> Rater:
    raters = engine.loaded_scheme(cycle).scheme.raters
    title = next((r.title for r in (raters.roles if raters else ()) if r.id == role), role)
    hidden = raters is not None and role in raters.anonymous
    guest = key.startswith("guest-")
    name = "" if hidden else _("受邀评分人") if guest else names.get(key, key)
    return Rater(title, name, total, form, guest)


@dataclass(frozen=True)
class Meeting:
    """Everything that one case is decided on."""

    case: CalibrationCase
    first: Rater
    second: Rater
    pairs: Sequence[Pair]
    rows: Sequence[IndicatorRow]
    result: Result | None
    notes: Sequence[Note]
    earlier: Sequence[Adjustment]


def meeting_of(case: CalibrationCase) -> Meeting:
    """Return what the meeting on a case needs."""
    cycle = case.cycle
    forms = forms_of(case)
    by_role = {(f.role, f.rater.key if f.rater else f"guest-{f.invitation_id}"): f for f in forms}
    one = by_role.get((case.first_role, case.first_rater))
    other = by_role.get((case.second_role, case.second_rater))
    names = _names([case])
    items = RatingItem.objects.filter(form__in=[f.pk for f in (one, other) if f])
    given = {(item.form_id, item.indicator): item for item in items}
    result = Result.objects.filter(run=cycle.run_id, appraisal=case.appraisal_id).first()
    rows = rows_of(result) if result else []
    by_id = {row.id: row for row in rows if row.from_day == case.segment_from}
    pairs = [
        _pair(cycle, name, given.get((one.pk, name)) if one else None, given.get((other.pk, name)) if other else None,
              by_id.get(name))
        for name in case.indicators
    ]  # fmt: skip
    notes = Note.objects.filter(
        person=case.appraisal.person_id, day__range=(cycle.first_day, cycle.last_day), withdrawn_at__isnull=True
    )
    return Meeting(
        case=case,
        first=_rater(cycle, case.first_role, case.first_rater, case.first_total, names, one),
        second=_rater(cycle, case.second_role, case.second_rater, case.second_total, names, other),
        pairs=pairs,
        rows=[row for row in rows if row.id in case.indicators and row.from_day == case.segment_from],
        result=result,
        notes=list(notes.select_related("author").order_by("day", "pk")),
        earlier=list(
            Adjustment.objects.filter(appraisal=case.appraisal_id, replaced=False).select_related("decided_by")
        ),
    )


def _pair(
    cycle: Cycle, name: str, first: RatingItem | None, second: RatingItem | None, row: IndicatorRow | None
) -> Pair:
    indicator = next((i for _d, i in engine.loaded_scheme(cycle).scheme.indicators() if i.id == name), None)
    levels = [(lv.level, lv.title) for lv in getattr(indicator.scoring, "levels", ())] if indicator else []
    return Pair(name, indicator.title if indicator else name, first, second, row, levels)
