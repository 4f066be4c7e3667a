"""The board of a cycle: its steps with counts and dates, and people × steps with who holds each up.

The matrix is filled for the people of one page; the number of queries does not depend on how many people there are.
Raters of anonymous roles are never named.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.db.models import Count, Q, QuerySet

from meritdesk.language import _
from meritdesk.scheme.document import RaterRole
from meritdesk.web.access.models import User
from meritdesk.web.cycles import engine
from meritdesk.web.cycles.models import Appraisal, CalibrationCase, Cycle, RatingForm, Target
from meritdesk.web.cycles.queries.doors import appraisals_in_reach
from meritdesk.web.cycles.queries.members import short_people
from meritdesk.web.cycles.queries.rater_plans import rating_roles
from meritdesk.web.ui.formats import day

S, A = Cycle.State, Appraisal.State
ORDER = list(S.values)
NAMED = 2
"""How many of those who hold something up are named in a cell."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One mark of the matrix: `state` done, now, late or open; `text` says it in words."""

    state: str
    text: str
    note: str = ""
    phone: bool = True
    """Whether a phone shows the column."""


@dataclass(frozen=True, kw_only=True)
class Board:
    """What the head of the board shows."""

    steps: Sequence[Mapping[str, Any]]
    roles: Sequence[RaterRole]
    people: int
    open_forms: int


def board_rows(user: User, cycle: Cycle) -> QuerySet[Appraisal]:
    """Return the appraisals of a cycle that the account reaches, for the matrix."""
    found = appraisals_in_reach(user, "cycles.read").filter(cycle=cycle)
    return found.select_related("person", "team", "superior", "self_appraisal")


def reached(cycle: Cycle, state: str) -> bool:
    """Return whether a cycle has come to a state or beyond."""
    return ORDER.index(cycle.state) >= ORDER.index(state)


def board_of(cycle: Cycle, rows: QuerySet[Appraisal], today: date) -> Board:
    """Return the steps of a cycle, counted over the people in reach."""
    roles = rating_roles(engine.loaded_scheme(cycle).scheme)
    people = rows.aggregate(
        n=Count("pk"),
        wrote=Count("pk", filter=Q(self_appraisal__submitted_at__isnull=False)),
        waiting=Count("pk", filter=Q(state=A.INTERVIEW)),
        signing=Count("pk", filter=Q(state=A.SIGN_OFF)),
        out=Count("pk", filter=Q(state__in=(A.RUNNING, A.HELD, A.NOT_APPRAISED))),
        appealing=Count("pk", filter=Q(state=A.APPEALING)),
    )
    forms = RatingForm.objects.filter(appraisal__in=rows.order_by().values("pk")).aggregate(
        n=Count("pk"), given=Count("pk", filter=Q(state=RatingForm.State.SUBMITTED))
    )
    cases = CalibrationCase.objects.filter(cycle=cycle).aggregate(
        n=Count("pk"), open=Count("pk", filter=Q(outcome=CalibrationCase.Outcome.OPEN))
    )
    published = reached(cycle, S.PUBLISHED)
    total = people["n"] - people["out"]
    steps = [
        _targets(cycle),
        _step(cycle, _("数据"), S.COLLECTING, until=S.COLLECTING, url="cycle-data"),
        _step(cycle, _("自评"), S.COLLECTING, people["wrote"], people["n"], cycle.self_due, today, until=S.RATING),
        _step(cycle, _("评分"), S.RATING, forms["given"], forms["n"], cycle.rating_due, today),
        _step(cycle, _("校准"), S.CALIBRATING, cases["n"] - cases["open"], cases["n"]),
        _step(cycle, _("复核发布"), S.REVIEWING, due=cycle.review_due, today=today),
        _step(cycle, _("面谈"), S.PUBLISHED, total - people["waiting"] if published else None, total),
        _step(cycle, _("签字"), S.PUBLISHED, total - people["waiting"] - people["signing"] - people["appealing"]
              if published else None, total, cycle.sign_due, today),
        _step(cycle, _("关闭归档"), S.CLOSED),
    ]  # fmt: skip
    return Board(steps=steps, roles=roles, people=people["n"], open_forms=forms["n"] - forms["given"])


def _targets(cycle: Cycle) -> Mapping[str, Any]:
    if cycle.state != S.OPEN:
        return _step(cycle, _("目标"), S.OPEN)
    found = Target.objects.filter(appraisal__cycle=cycle).aggregate(
        n=Count("pk"), agreed=Count("pk", filter=Q(agreed_at__isnull=False))
    )
    return _step(cycle, _("目标"), S.OPEN, found["agreed"], found["n"])


def _step(
    cycle: Cycle, title: str, state: str, count: int | None = None, total: int = 0, due: date | None = None,
    today: date | None = None, *, until: str = "", url: str = "",
) -> Mapping[str, Any]:  # fmt: skip
    """Return a step; it lasts from `state` to `until` (or that state alone), and is late when its day is over."""
    place = ORDER.index(cycle.state)
    now = ORDER.index(state) <= place <= ORDER.index(until or state)
    if cycle.state == S.ARCHIVED and state == S.CLOSED:
        now = False
    shown = "now" if now else "done" if place > ORDER.index(until or state) else "open"
    late = bool(now and due and today and due < today and (total == 0 or (count or 0) < total))
    return {
        "title": title, "state": shown, "count": count if shown != "open" and total else None, "total": total,
        "date": day(due) if due else "", "late": late,
    }  # fmt: skip


def fill_in(cycle: Cycle, roles: Sequence[RaterRole], page: Sequence[Appraisal], today: date) -> None:
    """Give each appraisal of a page its `cells` (in the order of the columns) and `waiting_for`."""
    ids = [appraisal.pk for appraisal in page]
    forms: dict[tuple[int, str], list[tuple[str, str]]] = defaultdict(list)
    wanted = RatingForm.objects.filter(appraisal__in=ids).values_list("appraisal", "role", "state", "rater__name")
    for pk, role, state, name in wanted:
        forms[pk, role].append((state, name or _("客户代表")))
    cases: dict[int, Counter[str]] = defaultdict(Counter)
    for pk, outcome in CalibrationCase.objects.filter(appraisal__in=ids).values_list("appraisal", "outcome"):
        cases[pk][outcome] += 1
    scheme = engine.loaded_scheme(cycle).scheme
    writing = [a.person_id for a in page if _self_open(cycle, a)]
    short = short_people(cycle, writing) if writing else set()
    hidden = scheme.raters.anonymous if scheme.raters else ()
    shown = {*range(1, len(roles) + 1), len(roles) + 3}  # of self, the roles, calibration, interview, sign-off, appeal
    for appraisal in page:
        given = [_role_cell(cycle, r, forms[appraisal.pk, r.id], today, r.id in hidden) for r in roles]
        own = _self_cell(cycle, appraisal, today)
        if appraisal.person_id in short:
            own = Cell(state="open", text=_("不评分"))
        cells = [own, *given, _case_cell(cycle, cases[appraisal.pk]),
                 *_end_cells(cycle, appraisal, today)]  # fmt: skip
        cells = [replace(cell, phone=number in shown) for number, cell in enumerate(cells)]
        waiting = [cell.note for cell in cells if cell.note and cell.state in ("now", "late")]
        appraisal.cells, appraisal.waiting_for = cells, waiting  # type: ignore[attr-defined]


def _due(cycle: Cycle, due: date | None, today: date) -> str:
    return "late" if due is not None and due < today else "now"


def _self_open(cycle: Cycle, appraisal: Appraisal) -> bool:
    """Return whether a self-appraisal could still be handed in."""
    written = getattr(appraisal, "self_appraisal", None)
    return cycle.state in (S.COLLECTING, S.RATING) and (written is None or not written.submitted_at)


def _self_cell(cycle: Cycle, appraisal: Appraisal, today: date) -> Cell:
    written = getattr(appraisal, "self_appraisal", None)
    if written is not None and written.submitted_at:
        return Cell(state="done", text=_("已交"))
    if cycle.state not in (S.COLLECTING, S.RATING):
        return Cell(state="open", text=_("未交") if reached(cycle, S.CALIBRATING) else "—")
    note = _("本人自评") if cycle.state == S.COLLECTING else ""
    return Cell(state=_due(cycle, cycle.self_due, today), text=_("未交"), note=note)


def _role_cell(cycle: Cycle, role: RaterRole, forms: Sequence[tuple[str, str]], today: date, hidden: bool) -> Cell:
    if not forms:
        return Cell(state="open", text="—")
    open_ones = sorted(name for state, name in forms if state == RatingForm.State.OPEN)
    text = f"{len(forms) - len(open_ones)}/{len(forms)}" if len(forms) > 1 else _("未交") if open_ones else _("已交")
    if not open_ones:
        return Cell(state="done", text=text)
    if hidden:
        note = _("{role} {n} 位").format(role=role.title, n=len(open_ones))
    else:
        names = list(dict.fromkeys(open_ones))  # who moved teams is rated for each part, often by the same person
        note = f"{role.title} {_('、').join(names[:NAMED])}"
        if len(names) > NAMED:
            note = _("{names} 等 {n} 位").format(names=note, n=len(names))
    return Cell(state=_due(cycle, cycle.rating_due, today), text=text, note=note)


def _case_cell(cycle: Cycle, outcomes: Mapping[str, int]) -> Cell:
    if outcomes.get(CalibrationCase.Outcome.OPEN):
        return Cell(state="now", text=_("待校准"), note=_("校准"))
    if outcomes:
        return Cell(state="done", text=_("已校准"))
    return Cell(state="done", text=_("不需要")) if reached(cycle, S.REVIEWING) else Cell(state="open", text="—")


SIGNED_TEXTS = {A.SIGNED: "done", A.UNSIGNED: "late"}
APPEAL_ENDS = (A.UPHELD, A.REJECTED, A.WITHDRAWN)


def _end_cells(cycle: Cycle, appraisal: Appraisal, today: date) -> list[Cell]:
    """Return interview, sign-off and appeal."""
    state, label = appraisal.state, str(appraisal.get_state_display())
    nothing = Cell(state="open", text="—")
    if state in (A.RUNNING, A.NOT_APPRAISED):
        return [nothing, nothing, nothing]
    if state == A.HELD:
        return [nothing, Cell(state="now", text=label, note=_("结果暂缓")), nothing]
    late = _due(cycle, cycle.sign_due, today)
    superior = appraisal.superior.name if appraisal.superior else _("上级")
    interview = Cell(state="done", text=_("已面谈"))
    if state == A.INTERVIEW:
        interview = Cell(state=late, text=label, note=_("面谈 {name}").format(name=superior))
        return [interview, nothing, nothing]
    if state == A.SIGN_OFF:
        return [interview, Cell(state=late, text=label, note=_("本人签字")), nothing]
    if state in SIGNED_TEXTS:
        return [interview, Cell(state=SIGNED_TEXTS[A(state)], text=label), nothing]
    if state == A.APPEALING:
        return [interview, nothing, Cell(state="now", text=label, note=_("申诉裁定"))]
    return [interview, Cell(state=late, text=_("待签字"), note=_("本人签字")), Cell(state="done", text=label)]
