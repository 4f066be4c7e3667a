"""One indicator down everybody whom a rater judges in a role: side by side, without the other indicators."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from django.core.paginator import Page, Paginator
from django.http import Http404

from meritdesk.web.access.models import User
from meritdesk.web.cycles.models import Cycle, RatingForm
from meritdesk.web.cycles.queries.rating import Row, attach_cycles, forms_shown, given_back, why_closed, with_people
from meritdesk.web.cycles.queries.rubric import RubricIndicator, positions_of, role_title, rubric_of

PAGE_PEOPLE = 50


@dataclass(frozen=True)
class SideBySide:
    """One indicator of the forms of a rater in a role: against halo, without the other indicators."""

    cycle: Cycle
    role: str
    role_title: str
    indicator: RubricIndicator
    rows: tuple[Row, ...]
    """Of this page."""
    page: Page[int]
    """Page of all the forms (ids) that have the indicator."""
    numbers: tuple[int | str, ...]
    """Pages that are linked to, with gaps."""
    others: tuple[tuple[str, str], ...]
    """Every indicator of the role, in the scheme's order: (id, title)."""

    @property
    def total(self) -> int:
        """Return how many people are judged on it."""
        return self.page.paginator.count

    @property
    def following(self) -> tuple[str, str] | None:
        """Return the indicator after this one."""
        names = [name for name, _title in self.others]
        place = names.index(self.indicator.id) + 1
        return self.others[place] if place < len(self.others) else None


def side_by_side(user: User, cycle_pk: int, role: str, indicator: str, page: str = "") -> SideBySide:
    """Return one indicator down the forms of the account in a role, a page of them; 404 where there is none.

    The order of people is shuffled by indicator, so that nobody is always judged first, and stays as it is. Without a
    role it is that of the first form with the indicator. Eight queries.
    """
    forms = list(
        forms_shown(user)
        .filter(appraisal__cycle=cycle_pk, **({"role": role} if role else {}))
        .select_related("appraisal")
    )
    attach_cycles(forms)
    positions = positions_of(forms)
    chosen: list[RatingForm] = []
    others: dict[str, str] = {}
    for form in sorted(forms, key=lambda each: _shuffled(indicator, each.pk)):
        rubric = rubric_of(form.appraisal.cycle, positions[form.pk], form.role)
        if (role and form.role != role) or all(each.id != indicator for each in rubric):
            continue
        role = form.role
        chosen.append(form)
        others.update({each.id: each.title for each in rubric})
    if not chosen:
        raise Http404
    paginator = Paginator([form.pk for form in chosen], PAGE_PEOPLE)
    shown = paginator.get_page(page)
    rows = _rows(indicator, list(shown.object_list), positions)
    cycle = chosen[0].appraisal.cycle
    numbers = tuple(paginator.get_elided_page_range(shown.number, on_each_side=2, on_ends=1))
    title = role_title(cycle, role)
    return SideBySide(cycle, role, title, rows[0].indicator, rows, shown, numbers, tuple(others.items()))


def _rows(indicator: str, shown: list[int], positions: dict[int, str]) -> tuple[Row, ...]:
    """Return the rows of forms (ids), in their order."""
    forms = {form.pk: form for form in with_people(RatingForm.objects.filter(pk__in=shown))}
    again = given_back(list(forms.values()))
    rows = []
    for pk in shown:
        form = forms[pk]
        rubric = rubric_of(form.appraisal.cycle, positions[pk], form.role)
        found = next(each for each in rubric if each.id == indicator)
        item = next((item for item in form.items.all() if item.indicator == indicator), None)
        rows.append(Row(form, found, item, not why_closed(form, again)))
    return tuple(rows)


def _shuffled(indicator: str, form: int) -> str:
    return hashlib.sha256(f"{indicator}:{form}".encode()).hexdigest()
