"""The plan of an import: for every row of the file what will happen, or what is wrong with it and how to mend it.

`make_plan` reads (rows, mapping, the organisation as it is) and writes nothing. The same file after its import gives a
plan in which every row is unchanged. If one row of a person is faulty, none of that person's rows is taken.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from meritdesk.language import _
from meritdesk.web.people.imports.columns import BY_KEY
from meritdesk.web.people.imports.present import Known, Present, Stay
from meritdesk.web.people.imports.timeline import Draft, Fault, Outcome, place
from meritdesk.web.people.ranges import Edges, circle, overlap

KINDS = ("join", "return", "transfer", "leave", "change", "history", "unchanged", "skipped", "error")
Allowed = Callable[[str, str], bool]
"""(department, team) → whether the importing account may put people there."""


@dataclass
class Problem:
    """One thing wrong with a row."""

    column: str
    value: str
    reason: str
    fix: str


@dataclass
class PlannedRow:
    """One row of the file and what it will do."""

    number: int
    cells: Sequence[str]
    draft: Draft | None = None
    kind: str = "skipped"
    changes: Sequence[tuple[str, str, str]] = ()
    notes: Sequence[str] = ()
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True)
class PlannedPerson:
    """Somebody whom the import touches, before and after."""

    key: str
    name: str
    email: str
    known: Known | None
    stays: Sequence[Stay]

    @property
    def changed(self) -> bool:
        """Return whether there is anything to write."""
        if self.known is None:
            return True
        return self.email != self.known.email or list(self.stays) != list(self.known.stays)


@dataclass(frozen=True)
class Plan:
    """Everything an import would do."""

    rows: Sequence[PlannedRow]
    people: Sequence[PlannedPerson]
    departments: Sequence[str]
    teams: Sequence[tuple[str, str]]
    positions: Sequence[str]

    @property
    def totals(self) -> Mapping[str, int]:
        """Return how many rows do what; the figures add up to the rows of the file."""
        counted = Counter(row.kind for row in self.rows)
        return {kind: counted[kind] for kind in KINDS}

    @property
    def fingerprint(self) -> str:
        """Return what tells this plan from one made after something changed."""
        told = [[row.number, row.kind, list(map(list, row.changes))] for row in self.rows]
        return hashlib.sha256(json.dumps(told, ensure_ascii=False).encode()).hexdigest()[:32]


def make_plan(
    rows: Sequence[PlannedRow], present: Present, *, effective: date | None = None, allowed: Allowed | None = None
) -> Plan:
    """Return the plan for rows that were read (`imports.reading.read_rows`)."""
    made = _Planning(rows, present, effective, allowed)
    made.place_people()
    made.check_together()
    for row in rows:
        if row.problems:
            row.kind, row.changes = "error", ()
    people = [made.people[key] for key in made.people if key not in made.bad]
    touched = [stay for person in people for stay in person.stays]
    return Plan(
        rows,
        people,
        list(dict.fromkeys(s.department for s in touched if s.department not in present.departments)),
        list(dict.fromkeys((s.department, s.team) for s in touched if (s.department, s.team) not in present.teams)),
        list(dict.fromkeys(s.position for s in touched if s.position not in present.positions)),
    )


class _Planning:
    """The state of one planning: people so far, and the keys that have a faulty row."""

    def __init__(
        self, rows: Sequence[PlannedRow], present: Present, effective: date | None, allowed: Allowed | None
    ) -> None:
        self.rows, self.present, self.effective, self.allowed = rows, present, effective, allowed
        self.of_key: dict[str, list[PlannedRow]] = {}
        for row in rows:
            if row.draft is not None and row.draft.key:
                self.of_key.setdefault(row.draft.key, []).append(row)
        self.by_number = {row.number: row for row in rows}
        self.people: dict[str, PlannedPerson] = {}
        self.bad: set[str] = set()

    def place_people(self) -> None:
        """Work out each person's assignments, one row after the other."""
        for key, rows in self.of_key.items():
            known = self.present.people.get(key)
            stays: tuple[Stay, ...] = tuple(known.stays) if known else ()
            if any(row.problems for row in rows):
                self.bad.add(key)
                self._tell_held(rows)
                continue
            seen: dict[date, int] = {}
            for row in sorted(rows, key=_order):
                assert row.draft is not None
                if len(rows) > 1:
                    # Several rows are a history: the one without a day of its own is its beginning.
                    row.draft.valid_from = row.draft.begin
                try:
                    outcome = place(stays, row.draft, self.effective)
                    if outcome.about in seen and outcome.kind != "unchanged":
                        raise _said_twice(seen[outcome.about])
                    self._check_allowed(stays, outcome)
                except Fault as fault:
                    self.fault(row, fault)
                    continue
                seen.setdefault(outcome.about, row.number)
                stays = outcome.stays
                row.kind, row.changes, row.notes = outcome.kind, outcome.changes, (*row.notes, *outcome.notes)
            self._tell_email(rows, known)
            last = rows[-1].draft
            assert last is not None
            email = next((r.draft.email for r in reversed(rows) if r.draft and r.draft.email is not None), None)
            name = known.name if known else last.name
            before = known.email if known else ""
            self.people[key] = PlannedPerson(key, name, before if email is None else email, known, stays)
            self._tell_held(rows)

    def check_together(self) -> None:
        """Check what only all rows together can tell: superiors who are not taken, or not there, or form a circle."""
        self._check_superiors()
        edges = self._edges()
        for key, person in self.people.items():
            for stay in person.stays if key not in self.bad else ():
                if stay.row and stay.superior:
                    path = circle(edges, key, stay.superior, stay.valid_from, stay.valid_to)
                    if path:
                        reason = _("上级关系成了一个圈：{chain}").format(chain=" → ".join([key, *path]))
                        self.fault(self.by_number[stay.row], Fault("superior", reason, _("改正其中一人的直接上级")))
        for key in self.bad & self.people.keys():
            self._tell_held(self.of_key[key])
        self._check_superiors()

    def _check_superiors(self) -> None:
        """Check that every superior is taken and on post; again, until no further row falls with another."""
        found = True
        while found:
            found = False
            for key, person in self.people.items():
                for stay in person.stays if key not in self.bad else ():
                    fault = self._superior_fault(key, stay) if stay.row and stay.superior else None
                    if fault is not None:
                        self.fault(self.by_number[stay.row], fault)
                        self._tell_held(self.of_key[key])
                        found = True

    def fault(self, row: PlannedRow, fault: Fault) -> None:
        """Note what is wrong with a row, and that its person is not taken."""
        assert row.draft is not None
        self.bad.add(row.draft.key)
        title = str(BY_KEY[fault.field].title)
        value = str(getattr(row.draft, fault.field, None) or row.draft.values.get(fault.field) or "")
        row.problems.append(Problem(title, value, fault.reason, fault.fix))

    def _tell_held(self, rows: Sequence[PlannedRow]) -> None:
        """Mark the other rows of somebody who has a faulty one: half a history is worse than none."""
        wrong = next((row.number for row in rows if row.problems), 0)
        for row in rows:
            if wrong and not row.problems:
                reason = _("同一个人的第 {n} 行有错，这一行也先不导入").format(n=wrong)
                assert row.draft is not None
                fix = _("改正第 {n} 行").format(n=wrong)
                row.problems.append(Problem(str(BY_KEY["key"].title), row.draft.key, reason, fix))

    def _tell_email(self, rows: Sequence[PlannedRow], known: Known | None) -> None:
        for row in rows:
            email = row.draft.email if row.draft else None
            if known and email is not None and email != known.email:
                row.changes = (*row.changes, ("email", known.email, email))
                if row.kind == "unchanged":
                    row.kind = "change"

    def _check_allowed(self, before: Sequence[Stay], outcome: Outcome) -> None:
        if self.allowed is None or outcome.kind == "unchanged":
            return
        for stay in (*before[-1:], *(stay for stay in outcome.stays if stay not in before)):
            if not self.allowed(stay.department, stay.team):
                reason = _("{department} {team} 不在您负责的范围内").format(department=stay.department, team=stay.team)
                raise Fault("team", reason, _("删去这一行，或请负责的人事导入"))

    def _stays(self, key: str) -> Sequence[Stay]:
        """Return somebody's assignments as they will be."""
        if key in self.people and key not in self.bad:
            return self.people[key].stays
        known = self.present.people.get(key)
        return known.stays if known else ()

    def _superior_fault(self, key: str, stay: Stay) -> Fault | None:
        superior = stay.superior
        if superior == key:
            return Fault("superior", _("直接上级是本人"), _("填写另一个人的工号，没有上级时写“无”"))
        stays = self._stays(superior)
        if not stays and superior not in self.present.people:
            return Fault("superior", _("直接上级 {key} 所在的行有错，没有导入").format(key=superior), _("先改正那一行"))
        if not any(overlap(stay.valid_from, stay.valid_to, s.valid_from, s.valid_to) for s in stays):
            reason = _("直接上级 {key} 在 {days} 没有任职").format(key=superior, days=stay.days)
            return Fault("superior", reason, _("填写这段时间在职的上级"))
        return None

    def _edges(self) -> Edges[str]:
        keys = {**dict.fromkeys(self.present.people), **dict.fromkeys(self.people)}
        return {
            key: [(stay.superior, stay.valid_from, stay.valid_to) for stay in self._stays(key) if stay.superior]
            for key in keys
        }


def _said_twice(number: int) -> Fault:
    reason = _("与第 {n} 行是同一个人、同一天，内容却不同").format(n=number)
    return Fault("key", reason, _("只留一行正确的"))


def _order(row: PlannedRow) -> tuple[date, int]:
    """Order the rows of a person by day; those without a day speak of the present and come last."""
    begin = row.draft.begin if row.draft else None
    return begin or date.max, row.number
