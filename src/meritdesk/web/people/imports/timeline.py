"""What one row does to one person's assignments: joining, transfer, leaving, correction, nothing, or a fault.

Pure: assignments in, assignments out. A row is never bent until it fits: where it contradicts what is there, it is a
fault that names both sides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from meritdesk.language import _
from meritdesk.web.people.imports.present import Stay
from meritdesk.web.people.ranges import day_after, last_day, range_text


@dataclass(eq=False)
class Fault(Exception):
    """Why a row cannot be taken: the field it lies in, the reason, what to do."""

    field: str
    reason: str
    fix: str


@dataclass
class Draft:
    """A row as read. A field that the file does not state is missing from `values`; an empty text clears it."""

    number: int
    key: str
    name: str = ""
    email: str | None = None
    values: dict[str, str] = field(default_factory=dict)
    """department, team, position, superior, job_grade, skill_grade."""
    hired_on: date | None = None
    valid_from: date | None = None
    last_day: date | None = None
    asks_last_day: bool = False
    """Whether the file has a column for it."""

    @property
    def begin(self) -> date | None:
        """Return the day that rows of one person are ordered by."""
        return self.valid_from or self.hired_on


@dataclass(frozen=True)
class Outcome:
    """What a row does: the kind, the assignments after it, and the one it is about."""

    kind: str
    stays: tuple[Stay, ...]
    about: date
    changes: tuple[tuple[str, str, str], ...] = ()
    """(field, old, new)"""
    notes: tuple[str, ...] = ()


POST_FIELDS = ("department", "team", "position", "superior", "job_grade", "skill_grade")


def place(stays: Sequence[Stay], row: Draft, effective: date | None) -> Outcome:
    """Return what `row` does to somebody with these assignments (earliest first); Fault when it does not fit."""
    first, notes = _first_day(stays, row)
    if not stays:
        if first is None:
            fix = _("填写入职日期；文件里有这一列时，在“怎样读这个文件”里指定")
            raise Fault("valid_from", _("新员工没有入职日期，也没有生效日期"), fix)
        return _opened(stays, None, row, first, "join", notes)
    if first is None:
        wanted = _merged(stays[-1], row)
        if wanted.post == stays[-1].post:
            return _ended(stays, stays[-1], wanted, row, notes)
        first = _day_of_change(stays[-1], wanted, effective)
    same_day = next((stay for stay in stays if stay.valid_from == first), None)
    if same_day is not None:
        return _ended(stays, same_day, _merged(same_day, row), row, notes)
    return _between(stays, row, first, notes)


def differences(old: Stay, new: Stay) -> tuple[tuple[str, str, str], ...]:
    """Return the fields in which two assignments differ."""
    return tuple((name, getattr(old, name), getattr(new, name)) for name in POST_FIELDS
                 if getattr(old, name) != getattr(new, name))  # fmt: skip


def _first_day(stays: Sequence[Stay], row: Draft) -> tuple[date | None, list[str]]:
    """Return the day the row counts from, as far as it says one, and remarks."""
    hired = row.hired_on
    if row.valid_from is not None:
        if hired is not None and row.valid_from < hired:
            raise Fault("valid_from", _("生效日期早于入职日期 {day}").format(day=hired), _("改正其中一个日期"))
        return row.valid_from, []
    if hired is None:
        return None, []
    if not stays:
        return hired, []
    end = stays[-1].valid_to
    if end is not None and hired >= end:
        return hired, []
    if hired != stays[0].valid_from:
        note = _("入职日期与系统不同（系统：{day}），没有改动").format(day=stays[0].valid_from)
        return None, [note]
    return None, []


def _day_of_change(present: Stay, wanted: Stay, effective: date | None) -> date:
    if present.valid_to is not None:
        reason = _("系统中已到 {day} 为止，内容又与那时不同").format(day=last_day(present.valid_to))
        raise Fault("valid_from", reason, _("返聘请写明生效日期；否则改正或删去这一行"))
    if effective is None:
        raise Fault("valid_from", _("与现任职不同，但没有写从哪天起"), _("填写生效日期，或在上方填“变动从哪天起”"))
    if effective < present.valid_from:
        reason = _("变动日 {day} 早于现任职的开始 {first}").format(day=effective, first=present.valid_from)
        raise Fault("valid_from", reason, _("在这一行写明生效日期"))
    return effective


def _between(stays: Sequence[Stay], row: Draft, first: date, notes: list[str]) -> Outcome:
    """Place a row that begins on a day on which no assignment begins."""
    before = [stay for stay in stays if stay.valid_from < first]
    after = [stay for stay in stays if stay.valid_from > first]
    running = before[-1] if before and (before[-1].valid_to is None or before[-1].valid_to > first) else None
    end = day_after(row.last_day)
    if running is None:
        if after and (end is None or end > after[0].valid_from):
            raise _overlap(first, end, after[0])
        kind = "history" if not before else "transfer" if before[-1].valid_to == first else "return"
        return _opened(stays, before[-1] if before else None, row, first, kind, notes)
    wanted = _merged(running, row)
    if wanted.post == running.post:
        note = _("{day} 起的内容与现任职（{days}）相同").format(day=first, days=running.days)
        return _ended(stays, running, wanted, row, [*notes, note])
    if after:
        raise _overlap(first, end, running)
    # A roster of assignments often ends one on the very day the next begins: that day belongs to the new one.
    meets = running.row and last_day(running.valid_to) == first
    if running.valid_to is not None and end is None and not meets:
        raise _left_already(running)
    closed = replace(running, valid_to=first, row=row.number)
    return _opened([closed if stay is running else stay for stay in stays], running, row, first, "transfer", notes)


def _opened(
    stays: Sequence[Stay], before: Stay | None, row: Draft, first: date, kind: str, notes: list[str]
) -> Outcome:
    """Add an assignment of [first, last day of the row]; what the row leaves out comes from the one before."""
    end = day_after(row.last_day)
    if end is not None and end <= first:
        raise Fault("last_day", _("离职日期早于 {day}").format(day=first), _("改正日期"))
    titles = {"department": _("部门"), "team": _("班组"), "position": _("岗位")}
    if before is None:
        missing = [titles[name] for name in titles if not row.values.get(name)]
        if missing:
            field_name = next(name for name in titles if not row.values.get(name))
            reason = _("新的任职没有写{fields}").format(fields="、".join(missing))
            raise Fault(field_name, reason, _("补上；没有班组时可写部门名"))
        before = Stay("", "", "", "", "", "", first)
        new = replace(_filled(before, row), valid_from=first, valid_to=end, pk=0, row=row.number)
        changes: tuple[tuple[str, str, str], ...] = ()
    else:
        new = replace(_merged(before, row), valid_from=first, valid_to=end, pk=0, row=row.number)
        changes = differences(before, new)
        moved = (before.department, before.team) != (new.department, new.team)
        if moved and before.superior and "superior" not in row.values:
            notes = [*notes, _("换了班组而没有写直接上级，上级先空着")]
    together = sorted([*stays, new], key=lambda stay: stay.valid_from)
    return Outcome(kind, tuple(together), first, (*changes, ("valid_from", "", new.days)), tuple(notes))


def _ended(stays: Sequence[Stay], old: Stay, wanted: Stay, row: Draft, notes: list[str]) -> Outcome:
    """Correct an assignment and note its last day, where the row says one."""
    end, is_last = day_after(row.last_day), old is stays[-1]
    new, kind, changes = wanted, "unchanged", differences(old, wanted)
    if changes:
        kind = "change"
    if end is None and row.asks_last_day and is_last and old.valid_to is not None:
        notes = [*notes, _("系统中到 {day} 为止，文件没有写离职日期，没有改动").format(day=last_day(old.valid_to))]
    handed_over = row.last_day is not None and row.last_day == old.valid_to
    if end is not None and end != old.valid_to and not (handed_over and not is_last):
        if end <= old.valid_from:
            raise Fault("last_day", _("离职日期早于任职的开始 {day}").format(day=old.valid_from), _("改正日期"))
        if not is_last:
            reason = _("系统中这段任职为 {days}，之后还有任职").format(days=old.days)
            raise Fault("last_day", reason, _("改正日期，或在人员页更正"))
        old_end = last_day(old.valid_to)
        changes = (*changes, ("last_day", old_end.isoformat() if old_end else "", str(row.last_day)))
        kind = "leave" if kind == "unchanged" and old.valid_to is None else "change"
        new = replace(wanted, valid_to=end)
    if kind == "unchanged":
        return Outcome(kind, tuple(stays), old.valid_from, (), tuple(notes))
    new = replace(new, row=row.number)
    return Outcome(kind, tuple(new if stay is old else stay for stay in stays), old.valid_from, changes, tuple(notes))


def _filled(stay: Stay, row: Draft) -> Stay:
    values: Mapping[str, str] = row.values
    return replace(
        stay,
        department=values.get("department", stay.department),
        team=values.get("team", stay.team),
        position=values.get("position", stay.position),
        superior=values.get("superior", stay.superior),
        job_grade=values.get("job_grade", stay.job_grade),
        skill_grade=values.get("skill_grade", stay.skill_grade),
    )


def _merged(stay: Stay, row: Draft) -> Stay:
    """Return the assignment with what the row states. Another department needs a team; another team, its superior."""
    if row.values.get("department", stay.department) != stay.department and not row.values.get("team"):
        raise Fault("team", _("换了部门而没有写班组"), _("填写新部门里的班组"))
    new = _filled(stay, row)
    if (new.department, new.team) != (stay.department, stay.team) and "superior" not in row.values:
        new = replace(new, superior="")
    return new


def _left_already(running: Stay) -> Fault:
    day = last_day(running.valid_to)
    if running.row:
        reason = _("第 {n} 行写的最后一天是 {day}，晚于这一行的开始").format(n=running.row, day=day)
        return Fault("last_day", reason, _("改正其中一个日期；调动时前一行的最后一天可以空着"))
    return Fault("last_day", _("系统中已登记最后一天 {day}").format(day=day), _("写明离职日期，或先在人员页撤销离职"))


def _overlap(first: date, end: date | None, other: Stay) -> Fault:
    reason = _("{new} 与系统中的任职 {old}（{team}）重叠").format(
        new=range_text(first, end), old=other.days, team=other.team
    )
    return Fault("valid_from", reason, _("改正日期；要改以前的任职，请在人员页更正"))
