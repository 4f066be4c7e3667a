"""What rating pages read: a rater's forms, one form as a sheet of rows, one indicator down a team.

Counts what is missing; adds up no points. A rater sees their own forms only (`doors.forms_to_fill`).
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, field

from django.db.models import Count, F, Q, QuerySet, Window
from django.db.models.functions import RowNumber
from django.http import Http404
from django.utils import timezone

from meritdesk.language import _
from meritdesk.rules.numbers import format_number, to_decimal
from meritdesk.web.access.models import User
from meritdesk.web.cycles.deadlines import day_of, end_of
from meritdesk.web.cycles.models import CalibrationCase, Cycle, RaterPlan, RatingForm, RatingItem
from meritdesk.web.cycles.queries.doors import access_form, forms_to_fill
from meritdesk.web.cycles.queries.rubric import Rubric, RubricIndicator, positions_of, role_title, rubric_of

KNOWING_KINDS = (RaterPlan.Kind.SUPERIOR, RaterPlan.Kind.UPPER, RaterPlan.Kind.PEOPLE)
"""Raters who may look at figures, records and notes of whom they rate. Peers and guests judge what they saw
themselves."""


@dataclass(frozen=True)
class Row:
    """One indicator of one form, with what was judged so far."""

    form: RatingForm
    indicator: RubricIndicator
    item: RatingItem | None
    writable: bool

    @property
    def level(self) -> int | None:
        """Return the level chosen."""
        return self.item.level if self.item else None

    @property
    def score_text(self) -> str:
        """Return the score as it is typed: 27, 4.5."""
        if self.item is None or self.item.score is None:
            return ""
        return format_number(to_decimal(self.item.score, 2))

    @property
    def ranged(self) -> bool:
        """Return whether the level chosen leaves the score open inside a range."""
        return any(each.number == self.level and not each.fixed for each in self.indicator.levels)

    @property
    def any_ranged(self) -> bool:
        """Return whether any level of the rubric has a range."""
        return any(not each.fixed for each in self.indicator.levels)

    @property
    def lacking(self) -> str:
        """Return what the judgement still needs."""
        return self.indicator.lacking(self.item)

    @property
    def extreme(self) -> bool:
        """Return whether a remark with cases is demanded."""
        return self.indicator.is_extreme(self.level)


@dataclass(frozen=True)
class Sheet:
    """A rating form with all its rows."""

    form: RatingForm
    rows: tuple[Row, ...]
    kind: str
    role: str
    closed: str
    """Why it cannot be filled in now; empty when it can."""
    absent: User | None
    """The rater the reader stands in for, if it is not their own form."""

    @property
    def done(self) -> int:
        """Return how many indicators are judged completely."""
        return sum(not row.lacking for row in self.rows)

    @property
    def total(self) -> int:
        """Return how many there are."""
        return len(self.rows)

    @property
    def missing(self) -> list[Row]:
        """Return the rows that still need something."""
        return [row for row in self.rows if row.lacking]

    @property
    def knowing(self) -> bool:
        """Return whether the rater may look at figures and notes."""
        return self.kind in KNOWING_KINDS

    @property
    def own(self) -> bool:
        """Return whether somebody judges themselves here."""
        return self.kind == RaterPlan.Kind.SELF

    @property
    def can_withdraw(self) -> bool:
        """Return whether what was handed in may be taken back."""
        return self.form.state == RatingForm.State.SUBMITTED and not why_not_withdrawn(self.form)


def why_closed(form: RatingForm, again: Container[int] | None = None) -> str:
    """Return why a form cannot be filled in now; nothing when it can.

    While its cycle calibrates, a form is open only where calibration gave it back: `again` holds the appraisals of
    which that is known (`given_back`); without it, it is looked up.
    """
    cycle = form.appraisal.cycle
    if form.state != RatingForm.State.OPEN:
        return _("评分已提交")
    if cycle.state == Cycle.State.CALIBRATING:
        again = given_back([form]) if again is None else again
        if form.appraisal_id in again:
            return ""
    if cycle.state != Cycle.State.RATING:
        return _("考核现在是“{state}”，不在评分阶段").format(state=cycle.get_state_display())
    return ""


def given_back(forms: Sequence[RatingForm]) -> set[int]:
    """Return the appraisals of which calibration gave ratings back; no query unless one of the cycles calibrates."""
    calibrating = {f.appraisal_id for f in forms if f.appraisal.cycle.state == Cycle.State.CALIBRATING}
    if not calibrating:
        return set()
    cases = CalibrationCase.objects.filter(appraisal__in=calibrating, outcome=CalibrationCase.Outcome.REOPENED)
    return set(cases.values_list("appraisal", flat=True))


def why_not_withdrawn(form: RatingForm) -> str:
    """Return why a form that was handed in cannot be taken back; nothing when it can."""
    cycle = form.appraisal.cycle
    if cycle.state != Cycle.State.RATING:
        return _("考核现在是“{state}”，不在评分阶段").format(state=cycle.get_state_display())
    end = end_of(cycle.rating_due)
    if end is not None and timezone.now() >= end:
        return _("评分截止日已过")
    return ""


def absent_rater(user: User, form: RatingForm) -> User | None:
    """Return the account of the rater that `user` stands in for on this form; None on one's own."""
    if form.rater_id is None or form.rater_id == user.person_id:
        return None
    return User.objects.filter(person=form.rater_id).first()


def kind_of(form: RatingForm) -> str:
    """Return where the raters of the form's role come from; empty where the plan does not say."""
    found = RaterPlan.objects.filter(cycle=form.appraisal.cycle_id, role=form.role).values_list("kind", flat=True)
    return str(found.first() or "")


def access_rating(user: User, right: str, pk: int) -> RatingForm:
    """Return a form to fill in; 404 for any other, and for somebody else's judgement of themselves."""
    form = access_form(user, right, pk)
    if form.rater_id == form.appraisal.person_id and form.rater_id != user.person_id:
        raise Http404
    return form


def rows_of(form: RatingForm, rubric: Rubric, items: Sequence[RatingItem], *, writable: bool) -> tuple[Row, ...]:
    """Return the rows of a form in the order of the scheme."""
    of_indicator = {item.indicator: item for item in items}
    return tuple(Row(form, each, of_indicator.get(each.id), writable) for each in rubric)


def sheet_of(form: RatingForm, user: User | None) -> Sheet:
    """Return the form with its rows; four queries."""
    rubric = rubric_of(form.appraisal.cycle, positions_of([form])[form.pk], form.role)
    closed = why_closed(form)
    return Sheet(
        form=form,
        rows=rows_of(form, rubric, list(form.items.all()), writable=not closed),
        kind=kind_of(form),
        role=role_title(form.appraisal.cycle, form.role),
        closed=closed,
        absent=absent_rater(user, form) if user else None,
    )


def row_of(form: RatingForm, indicator: str) -> Row:
    """Return one row of a form; 404 for an indicator that is not on it."""
    rubric = rubric_of(form.appraisal.cycle, positions_of([form])[form.pk], form.role)
    found = next((each for each in rubric if each.id == indicator), None)
    if found is None:
        raise Http404
    return Row(form, found, form.items.filter(indicator=indicator).first(), not why_closed(form))


@dataclass
class Task:
    """One form in a rater's list."""

    form: RatingForm
    done: int
    total: int
    closed: str
    absent: str

    @property
    def complete(self) -> bool:
        """Return whether nothing but handing in is left."""
        return self.done == self.total

    @property
    def submitted(self) -> bool:
        """Return whether it was handed in."""
        return self.form.state == RatingForm.State.SUBMITTED


LISTED, ROUNDS = 60, 12
"""Forms listed of one round, and rounds listed: whoever rates a whole company still gets a page."""


@dataclass
class Round:
    """A rater's forms in one role of one cycle."""

    cycle: Cycle
    role: str
    role_title: str
    tasks: list[Task] = field(default_factory=list)
    indicators: dict[str, str] = field(default_factory=dict)
    """Indicator → title, of all forms: the side-by-side pages."""
    late: bool = False
    total: int = 0
    submitted: int = 0
    """Forms in all, and those handed in; `tasks` are at most `LISTED` of them, those that wait first."""

    @property
    def unlisted(self) -> int:
        """Return how many are not among `tasks`."""
        return self.total - len(self.tasks)

    @property
    def next(self) -> Task | None:
        """Return the first form that still waits."""
        return next((task for task in self.tasks if not task.submitted and not task.closed), None)


def my_rounds(user: User) -> list[Round]:
    """Return the account's forms by cycle and role, the earliest deadline first; what can still be done comes first.

    Of each cycle and role the first `LISTED` forms, those that wait before those handed in; of `ROUNDS` at most.
    """
    counts = _rounds_of(user)
    order = [
        F("state").asc(),
        F("appraisal__team__name").asc(),
        F("appraisal__person__key").asc(),
        F("segment_from").asc(),
    ]
    place = Window(RowNumber(), partition_by=[F("appraisal__cycle"), F("role")], order_by=order)
    places = (
        forms_shown(user)
        .filter(appraisal__cycle__in={cycle for cycle, _role in counts})
        .annotate(place=place)
        .filter(place__lte=LISTED)
        .values_list("pk", "place", "appraisal__cycle", "role")
    )
    # Places are given on narrow rows, of which there may be thousands; what is shown of a form is read for the few.
    wanted = {pk: number for pk, number, cycle, role in places if (cycle, role) in counts}
    forms = sorted(with_people(RatingForm.objects.filter(pk__in=wanted)), key=lambda form: wanted[form.pk])
    positions, again = positions_of(forms), given_back(forms)
    rounds: dict[tuple[int, str], Round] = {}
    for form in forms:
        cycle = form.appraisal.cycle
        key = (cycle.pk, form.role)
        if key not in rounds:
            total, submitted = counts[key]
            rounds[key] = Round(
                cycle, form.role, role_title(cycle, form.role), late=_is_late(cycle), total=total, submitted=submitted
            )
        rubric = rubric_of(cycle, positions[form.pk], form.role)
        closed = why_closed(form, again)
        rows = rows_of(form, rubric, list(form.items.all()), writable=not closed)
        name = form.rater.name if form.rater and form.rater_id != user.person_id else ""
        rounds[key].tasks.append(Task(form, sum(not row.lacking for row in rows), len(rows), closed, name))
        rounds[key].indicators.update({each.id: each.title for each in rubric})
    return sorted(rounds.values(), key=_by_due)


def _rounds_of(user: User) -> dict[tuple[int, str], tuple[int, int]]:
    """Return (cycle, role) → forms in all and handed in, of the newest `ROUNDS`, those with forms that wait first."""
    handed_in = Count("pk", filter=Q(state=RatingForm.State.SUBMITTED))
    grouped = (
        forms_shown(user)
        .values("appraisal__cycle", "role", "appraisal__cycle__first_day")
        .annotate(total=Count("pk"), submitted=handed_in)
        .order_by("-appraisal__cycle__first_day", "appraisal__cycle", "role")
    )
    waiting_first = sorted(grouped, key=lambda row: row["submitted"] == row["total"])[:ROUNDS]
    return {(row["appraisal__cycle"], row["role"]): (row["total"], row["submitted"]) for row in waiting_first}


def forms_shown(user: User) -> QuerySet[RatingForm]:
    """Return the forms of an account that are shown to it: nobody fills in another's judgement of themselves."""
    return forms_to_fill(user).exclude(Q(rater=F("appraisal__person")) & ~Q(rater=user.person_id))


def with_people(found: QuerySet[RatingForm]) -> list[RatingForm]:
    """Return forms with people, items and cycle; three queries. A cycle is read once: its scheme is a long text."""
    forms = list(found.select_related("appraisal__person", "appraisal__team", "rater").prefetch_related("items"))
    attach_cycles(forms)
    return forms


def attach_cycles(forms: Sequence[RatingForm]) -> None:
    """Give forms their cycles, each read once; one query."""
    wanted = {form.appraisal.cycle_id for form in forms}
    cycles = Cycle.objects.select_related("scheme_version__scheme").in_bulk(wanted)
    for form in forms:
        form.appraisal.cycle = cycles[form.appraisal.cycle_id]


def _is_late(cycle: Cycle) -> bool:
    return cycle.rating_due is not None and day_of(timezone.now()) > cycle.rating_due


def _by_due(found: Round) -> tuple[bool, str, str, str]:
    due = found.cycle.rating_due or found.cycle.last_day
    return (found.next is None, due.isoformat(), found.cycle.title, found.role)
