"""Statistics over results that may be shown (P4): never over fewer than five people, nor by difference.

A reader who sees single results of some people could subtract them from a figure over a larger group. So a figure over
a group is shown only if the group has at least five people, and so have those of it whose results the reader does not
see one by one (or there is none of them). Group figures rest on the results as first published, so that a correction
of one person does not show as a change of the mean.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, Sum

from meritdesk import language
from meritdesk.language import _
from meritdesk.web.cycles import engine
from meritdesk.web.cycles.models import Appraisal, Cycle, Result, Run

SMALLEST = 5
"""People below which no statistic is shown."""


@dataclass(frozen=True, kw_only=True)
class Mean:
    """A mean of totals in hundredths over `n` people; `value` is None where it is hidden or there is none."""

    value: int | None
    n: int
    hidden: bool = False


def may_show(people: int, seen: int) -> bool:
    """Return whether a figure over `people` may be shown to one who sees `seen` of them singly."""
    unseen = people - seen
    return people >= SMALLEST and (unseen <= 0 or unseen >= SMALLEST)


def mean_of(total: int | None, people: int, seen: int) -> Mean:
    """Return the mean of `people` totals that add up to `total` hundredths, half up; hidden as `may_show` says."""
    if not people or total is None:
        return Mean(value=None, n=people)
    if not may_show(people, seen):
        return Mean(value=None, n=people, hidden=True)
    return Mean(value=(2 * total + people) // (2 * people), n=people)


def mean_seen(totals: Sequence[int]) -> Mean:
    """Return the mean over people all of whom the reader sees; hidden below five as well."""
    return mean_of(sum(totals), len(totals), len(totals))


def mean_of_cycle(cycle: Cycle, seen: Iterable[int]) -> Mean:
    """Return the mean of everybody in a cycle as first published; `seen` are the appraisals the reader sees singly."""
    scored = Result.objects.filter(run__cycle=cycle, run__purpose=Run.Purpose.PUBLISHED, total__isnull=False)
    found = scored.aggregate(
        total=Sum("total"), people=Count("pk"), seen=Count("pk", filter=Q(appraisal__in=list(seen)))
    )
    return mean_of(found["total"], found["people"], found["seen"])


def distribution(cycle: Cycle, grades: Iterable[str], url: str) -> dict[str, Any] | None:
    """Return how often each grade occurs among people all seen singly, as a chart; None below five people.

    The grades come in the order of the scheme; each bar opens the table filtered by it.
    """
    counts = Counter(grade for grade in grades if grade)
    if counts.total() < SMALLEST:
        return None
    rows = []
    for grade, title in grade_titles(cycle).items():
        n = counts.get(grade, 0)
        rows.append({"name": title, "value": str(n), "n": counts.total(), "url": f"{url}&f_grade={grade}"})
    heads = {"name": _("等级"), "value": _("人数"), "n": _("总人数")}
    return {"kind": "bar", "title": _("等级分布"), "unit": _("人"), "rows": rows, "heads": heads}


def states_of(states: Iterable[str]) -> list[tuple[str, str, int]]:
    """Return how many appraisals stand where: (state, title, people), in the order of the states."""
    counts = Counter(states)
    return [(state.value, str(state.label), counts[state]) for state in Appraisal.State if counts[state]]


def grade_titles(cycle: Cycle) -> dict[str, str]:
    """Return the grades of a cycle's scheme, best first: id → title in the current language."""
    english = language.current() == "en"
    grades = engine.loaded_scheme(cycle).scheme.grades
    return {grade.id: (grade.title_en if english and grade.title_en else grade.title) for grade in grades}
