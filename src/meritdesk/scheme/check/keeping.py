"""How a scheme is kept: its history, its notes, its worked cases, its time limits."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from itertools import pairwise

from meritdesk.errors import Problem
from meritdesk.language import _
from meritdesk.scheme.check.catalogue import finding
from meritdesk.scheme.check.subject import Subject
from meritdesk.scheme.document import Change, Scheme
from meritdesk.scheme.places import exists

FEWEST_CASES = 10
METHOD = ("cycle", "style", "dimensions", "raters", "violation_lists", "vetoes", "grades", "distribution", "pay")
"""The parts of a scheme that decide results: to touch one is to change the method."""


def check_keeping(subject: Subject) -> Iterator[Problem]:
    """Yield what makes a scheme hard to trust over time."""
    scheme = subject.scheme
    if scheme.cycle.minimum_days > 0 and scheme.cycle.below_minimum is None and scheme.pay is not None:
        message = _("少于 {n} 天的人不考核，没写绩效系数").format(n=scheme.cycle.minimum_days)
        yield finding("below-minimum-without-rule", "cycle.below_minimum", message)
    for number, note in enumerate(scheme.notes):
        if note.place and not exists(scheme, note.place):
            message = _("附注指的位置“{place}”不存在").format(place=note.place)
            yield finding("note-without-place", f"notes.{number + 1}.place", message)
    for name, days in scheme.deadlines:
        if days <= 0:
            yield finding("deadline-zero", f"deadlines.{name}", _("{name} 的时限是 {n} 天").format(name=name, n=days))
    yield from _changes(scheme)
    if subject.previous is not None:
        yield from _unrecorded(scheme, subject.previous)
    if subject.cases is not None:
        for case in subject.cases:
            if not case.passed:
                message = _("范例“{name}”不符：{detail}").format(name=case.name, detail=case.detail)
                yield finding("case-fails", f"cases.{case.name}", message)
        if len(subject.cases) < FEWEST_CASES:
            message = _("只有 {n} 个范例").format(n=len(subject.cases))
            yield finding("too-few-cases", "cases", message)


def within_a_year(earlier: datetime.date, later: datetime.date) -> bool:
    """True if less than twelve months lie between two days."""
    if earlier.month == 2 and earlier.day == 29:
        earlier = earlier.replace(day=28)
    return later < earlier.replace(year=earlier.year + 1)


def _changes(scheme: Scheme) -> Iterator[Problem]:
    """The first entry introduces the method; each change of method within 12 months needs all three papers (R2f)."""
    history = sorted(enumerate(scheme.history), key=lambda entry: entry[1].day)
    steps = [entry for index, entry in enumerate(history) if index == 0 or entry[1].method_changed]
    for (_n, earlier), (number, change) in pairwise(steps):
        place = f"history.{number + 1}"
        lacking = _lacking(change)
        if within_a_year(earlier.day, change.day) and lacking:
            message = _("{day} 改了办法，离上次（{earlier}）不到 12 个月，缺少 {lacking}").format(
                day=change.day, earlier=earlier.day, lacking="、".join(lacking)
            )
            yield finding("method-changed-early", place, message)
        if change.notice is not None and change.notice > change.day:
            message = _("{day} 生效，{notice} 才公示").format(day=change.day, notice=change.notice)
            yield finding("notice-too-late", f"{place}.notice", message)


def _lacking(change: Change) -> list[str]:
    given = {"reason": change.reason, "approved_by": change.approved_by, "notice": change.notice}
    return [name for name, value in given.items() if not value]


def _unrecorded(scheme: Scheme, previous: Scheme) -> Iterator[Problem]:
    touched = [name for name in METHOD if getattr(scheme, name) != getattr(previous, name)]
    known = {(change.day, change.what) for change in previous.history}
    recorded = any(c.method_changed for c in scheme.history if (c.day, c.what) not in known)
    if touched and not recorded:
        message = _("与上一版相比改了 {parts}，修订记录里没有").format(parts="、".join(touched))
        yield finding("method-change-not-recorded", "history", message)
