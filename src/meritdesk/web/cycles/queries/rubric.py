"""What a rater judges somebody by: the indicators of the scheme that a role rates on a position, with their levels.

Read off the scheme, never written down anywhere else. Whether a level and a score fit each other is decided by the
engine (`rows.rating_score`); nothing is added up here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from meritdesk.errors import MeritdeskError
from meritdesk.explain import title
from meritdesk.language import _, current
from meritdesk.rows import rating_score
from meritdesk.rules.numbers import Bounds, format_number, to_decimal, to_integer
from meritdesk.scheme.document import Indicator, RatingSource, Scheme
from meritdesk.scheme.methods import RatingMethod
from meritdesk.web.access.actions import Refused
from meritdesk.web.cycles.engine import loaded_scheme
from meritdesk.web.cycles.models import Cycle, RatingForm, RatingItem, RosterEntry

SHORTEST_REMARK = 5
"""Characters of a remark that can name a case at all."""


@dataclass(frozen=True)
class Level:
    """A level of the rubric. `low` and `high`: scores it allows, in hundredths; equal when the points are fixed."""

    number: int
    words: str
    low: int
    high: int
    points: str
    """The points or the range, as people read them."""

    @property
    def fixed(self) -> bool:
        """Return whether choosing the level settles the score."""
        return self.low == self.high

    @property
    def least(self) -> str:
        """Return the smallest score, for an input."""
        return format_number(to_decimal(self.low, 2))

    @property
    def most(self) -> str:
        """Return the largest score, for an input."""
        return format_number(to_decimal(self.high, 2))


@dataclass(frozen=True)
class RubricIndicator:
    """An indicator to be judged, with its rubric."""

    id: str
    title: str
    dimension: str
    weight: str
    """As the form prints it: 权重 20% or 30 分."""
    description: str
    levels: tuple[Level, ...]
    decimals: int
    indicator: Indicator

    @property
    def step(self) -> str:
        """Return the step of a score: 1, 0.1 or 0.01."""
        return format_number(to_decimal(1, self.decimals)) if self.decimals else "1"

    def is_extreme(self, level: int | None) -> bool:
        """Return whether the level is the lowest or the highest: then a remark names the case."""
        numbers = [each.number for each in self.levels]
        return level is not None and level in (min(numbers), max(numbers))

    def lacking(self, item: RatingItem | None) -> str:
        """Return what the judgement still needs, in words; nothing for a complete one."""
        if item is None or item.level is None:
            return _("未选档")
        if item.score is None and not any(each.number == item.level and each.fixed for each in self.levels):
            return _("未给分")
        if self.is_extreme(item.level) and len(item.remark.strip()) < SHORTEST_REMARK:
            return _("缺具体事例")
        return ""


Rubric = tuple[RubricIndicator, ...]


def rubric_of(cycle: Cycle, position: str, role: str) -> Rubric:
    """Return what the role judges on a position (its id), in the order of the scheme, in the language in use."""
    version = cycle.scheme_version
    return _rubric(loaded_scheme(cycle).scheme, version.content_hash, position, role, current())


_kept: dict[tuple[str, str, str, str], Rubric] = {}


def _rubric(scheme: Scheme, content_hash: str, position: str, role: str, language: str) -> Rubric:
    key = (content_hash, position, role, language)
    if key not in _kept:
        _kept[key] = tuple(
            _indicator(scheme, title(dimension), dimension.weight, indicator)
            for dimension, indicators in scheme.dimensions_for(position)
            for indicator in indicators
            if isinstance(indicator.source, RatingSource)
            and role in indicator.source.rating
            and isinstance(indicator.scoring, RatingMethod)
        )
    return _kept[key]


def _indicator(
    scheme: Scheme, dimension: str, dimension_weight: Decimal | None, indicator: Indicator
) -> RubricIndicator:
    method = indicator.scoring
    assert isinstance(method, RatingMethod)
    rows = sorted(method.levels, key=lambda row: -row.level)
    levels = tuple(_level(row.level, row.title, row.points, method.decimals) for row in rows)
    return RubricIndicator(
        id=indicator.id,
        title=title(indicator),
        dimension=dimension if dimension != title(indicator) else "",
        weight=_weight(scheme, dimension_weight, indicator),
        description=indicator.description,
        levels=levels,
        decimals=method.decimals,
        indicator=indicator,
    )


def _level(number: int, words: str, points: Decimal | Bounds, decimals: int) -> Level:
    if isinstance(points, Bounds):
        least, most = points.inclusive(decimals)
        assert least is not None, "the range of a level has both ends"
        assert most is not None, "the range of a level has both ends"
        text = _("{low}–{high} 分").format(
            low=format_number(to_decimal(least, decimals)), high=format_number(to_decimal(most, decimals))
        )
        unit = 10 ** (2 - decimals)
        return Level(number, words, least * unit, most * unit, text)
    fixed = to_integer(points, 2)
    return Level(number, words, fixed, fixed, _("{n} 分").format(n=format_number(points)))


def _weight(scheme: Scheme, dimension_weight: Decimal | None, indicator: Indicator) -> str:
    if scheme.style == "points":
        return _("满分 {n} 分").format(n=format_number(indicator.points)) if indicator.points is not None else ""
    if indicator.weight is not None and dimension_weight is not None:
        return _("维度权重 {d}% · 占维度 {w}%").format(
            d=format_number(dimension_weight), w=format_number(indicator.weight)
        )
    return _("维度权重 {d}%").format(d=format_number(dimension_weight)) if dimension_weight is not None else ""


def judgement(found: RubricIndicator, level: int | None, score: int | None) -> int | None:
    """Return the score (hundredths) that level and score stand for, None while the score is still open.

    Refused, with place and fix, where they do not fit each other or the rubric: the engine itself decides.
    """
    if level is None:
        if score is None:
            return None
        raise Refused("rating-refused", _("先选档，再给分"), _("选择一档"), place=found.title)
    chosen = next((each for each in found.levels if each.number == level), None)
    if chosen is not None and not chosen.fixed and score is None:
        return None
    try:
        points = rating_score(found.indicator, level, None if score is None else to_decimal(score, 2))
    except MeritdeskError as error:
        problem = error.problems[0]
        raise Refused(problem.code, problem.message, problem.fix, place=problem.place) from error
    return to_integer(points, 2)


def position_ids(cycle: Cycle) -> Mapping[str, str]:
    """Return id, title or English title of a position → its id in the scheme of the cycle."""
    scheme = loaded_scheme(cycle).scheme
    return {key: p.id for p in scheme.positions for key in (p.id, p.title, p.title_en) if key}


def positions_of(forms: Sequence[RatingForm]) -> dict[int, str]:
    """Return form → position id on the assignment it is about; one query for any number of forms."""
    if not forms:
        return {}
    entries = RosterEntry.objects.filter(
        cycle__in={form.appraisal.cycle_id for form in forms}, person__in={form.appraisal.person_id for form in forms}
    ).values_list("cycle", "person", "position", "valid_from", "valid_to")
    of_person: dict[tuple[int, int], list[tuple[str, date, date | None]]] = {}
    for cycle, person, position, start, end in entries:
        of_person.setdefault((cycle, person), []).append((position, start, end))
    found = {}
    for form in forms:
        names = position_ids(form.appraisal.cycle)
        position = form.appraisal.position
        for name, start, end in of_person.get((form.appraisal.cycle_id, form.appraisal.person_id), ()):
            if start <= form.day and (end is None or end > form.day):
                position = name
        found[form.pk] = names.get(position, position)
    return found


def rubric_for(form: RatingForm) -> Rubric:
    """Return what the rater judges on this form; one query."""
    return rubric_of(form.appraisal.cycle, positions_of([form])[form.pk], form.role)


def role_title(cycle: Cycle, role: str) -> str:
    """Return what the role is called in the scheme."""
    raters = loaded_scheme(cycle).scheme.raters
    found = next((each for each in raters.roles if each.id == role), None) if raters else None
    return title(found) if found else role


