"""One indicator tried out: the points that the engine gives for values, for the live curve and the try-it box.

The indicator is put alone into a scheme of its own and compiled through the engine's one door; every point shown here
comes out of the exact reader. Nothing is scored in this module.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from meritdesk.cases import measured
from meritdesk.compiled import Compiled, compile_scheme
from meritdesk.errors import MeritdeskError, Problem
from meritdesk.language import _
from meritdesk.metrics.definitions import Metric
from meritdesk.results import Row
from meritdesk.rows import SegmentFacts, rating_score, segment_row
from meritdesk.rules import exact
from meritdesk.rules.numbers import parse_number, rounded, to_decimal
from meritdesk.scheme import methods
from meritdesk.scheme.document import (
    Dimension,
    EventSource,
    Indicator,
    MetricSource,
    OthersSource,
    RatingSource,
    ResultSource,
    Scheme,
    ViolationSource,
)
from meritdesk.scheme.phrases import scoring_in_words, title_of
from meritdesk.web.schemes.queries.documents import metrics

VALUE, TARGET, GROUP = "value", "target", "group"
UNITS = {"ratio": "%", "seconds": "s", "count": "", "points": "", "yuan": "¥", "level": ""}


@dataclass(frozen=True)
class Field:
    """What the try-it box asks for."""

    name: str
    label: str
    unit: str = ""
    default: str = ""


@dataclass
class Trial:
    """An indicator alone in a scheme, ready to be evaluated."""

    whole: Scheme
    indicator: Indicator
    compiled: Compiled = field(init=False)
    known: Mapping[str, Metric] = field(init=False)

    def __post_init__(self) -> None:
        self.known = metrics()
        self.compiled = compile_scheme(_alone(self.whole, self.indicator), self.known, adjusted=self._parts())

    def _parts(self) -> frozenset[str]:
        source = self.indicator.source
        return frozenset(source.of) if isinstance(source, OthersSource) else frozenset()

    @property
    def method(self) -> methods.Method:
        """Return the scoring method."""
        return self.indicator.scoring

    @property
    def metric(self) -> Metric | None:
        """Return the metric that the value comes from, if it does."""
        source = self.indicator.source
        return self.known[source.metric] if isinstance(source, MetricSource) else None

    @property
    def unit(self) -> str:
        """Return the unit of the value: ratio, seconds … or nothing."""
        return self.metric.unit if self.metric is not None else ""

    @property
    def scale(self) -> int:
        """Return the decimals of the value."""
        if self.metric is not None:
            return self.metric.scale
        return 2 if isinstance(self.indicator.source, ResultSource) else 0

    @property
    def full(self) -> Decimal | None:
        """Return the most points that the method gives; None if it is open."""
        return self.whole.full_points(self.indicator)

    def rule(self) -> str:
        """Return how a value becomes points, in words."""
        titles = {i.id: title_of(i) for _d, i in self.whole.indicators()}
        better = self.metric.better if self.metric is not None else "higher"
        return scoring_in_words(self.method, self.unit, better, self.full, titles)

    def has_one_value(self) -> bool:
        """Return whether points follow from one value (and, for a target, from that)."""
        return not isinstance(self.indicator.source, RatingSource | OthersSource) and not self.by_violation()

    def by_violation(self) -> bool:
        """Return whether points are deducted by the codes of a list."""
        return isinstance(self.method, methods.DeductMethod) and self.method.each is None

    def needs_target(self) -> bool:
        """Return whether the target is a person's own, or a change against the person's baseline."""
        return isinstance(self.method, methods.AttainmentMethod) and not isinstance(self.method.target, Decimal)

    # ------------------------------------------------------------------ what is asked for

    def fields(self) -> list[Field]:
        """Return what the try-it box asks for."""
        source = self.indicator.source
        if isinstance(source, RatingSource):
            return self._rating_fields(source)
        if isinstance(source, OthersSource):
            parts = {i.id: i for _d, i in self.whole.indicators()}
            return [Field(name, title_of(parts[name]), _("分")) for name in source.of]
        if self.by_violation() and isinstance(source, ViolationSource):
            listed = self.whole.violation_lists[source.violations]
            return [Field(v.code, f"{v.title}（{v.points:f}）", _("次"), "0") for v in listed]
        if isinstance(self.method, methods.RankMethod):
            return [Field(VALUE, _("名次"), "", "1"), Field(GROUP, _("组内人数"), "", "10")]
        label = self.metric.title if self.metric is not None else _("次数")
        label = _("期内总分") if isinstance(source, ResultSource) else label
        asked = [Field(VALUE, label, UNITS.get(self.unit, ""))]
        if self.needs_target():
            personal = not isinstance(getattr(self.method, "target", None), methods.ChangeTarget)
            asked.append(Field(TARGET, _("本人目标") if personal else _("本人基线"), UNITS.get(self.unit, "")))
        return asked

    def _rating_fields(self, source: RatingSource) -> list[Field]:
        roles = {role.id: role for role in (self.whole.raters.roles if self.whole.raters else ())}
        asked = []
        for name in source.rating:
            role = roles[name]
            fed = role.feed
            if fed is None:
                label = _("{role}评分").format(role=title_of(role))
                asked.append(Field(f"role.{name}", label, f"{role.weight:f}%"))
            else:
                metric = self.known[fed.metric]
                label = _("{role}（取自{metric}）").format(role=title_of(role), metric=metric.title)
                asked.append(Field(f"feed.{fed.metric}", label, UNITS.get(metric.unit, "")))
        return asked

    # ------------------------------------------------------------------ evaluating

    def facts(self, given: Mapping[str, Decimal], key: int = 0) -> SegmentFacts:
        """Return the facts that stand for what was typed, in natural units; missing ones are left out."""
        found = SegmentFacts(
            key=key, appraisal=str(key), position=0, days=30, last=True,
            groups=dict.fromkeys(("team", "department", "position", "all"), "all"),
        )  # fmt: skip
        source, value = self.indicator.source, given.get(VALUE)
        match source:
            case MetricSource(metric=name) if value is not None:
                found.metrics[name] = measured(self.known[name], rounded(value, self.known[name].scale))
            case EventSource(event=kind) if value is not None:
                found.events[kind] = int(value)
            case ResultSource(results=kind) if value is not None:
                found.results[kind] = (rounded(value, 2), 1)
            case ViolationSource(violations=listed):
                codes = [v.code for v in self.whole.violation_lists[listed]]
                if self.by_violation():
                    found.violations = {code: int(given.get(code, 0)) for code in codes}
                elif value is not None:
                    found.violations = {codes[0]: int(value)}
            case RatingSource():
                self._rated(found, given)
            case OthersSource(of=names):
                found.adjusted = {name: rounded(given[name], 2) for name in names if name in given}
        if TARGET in given:
            personal = not isinstance(getattr(self.method, "target", None), methods.ChangeTarget)
            (found.targets if personal else found.baselines)[self.indicator.id] = rounded(given[TARGET], 4)
        return found

    def _rated(self, found: SegmentFacts, given: Mapping[str, Decimal]) -> None:
        for name, value in given.items():
            kind, _dot, rest = name.partition(".")
            if kind == "role":
                found.ratings[self.indicator.id, rest] = rating_score(self.indicator, None, value)
            elif kind == "feed":
                found.metrics[rest] = measured(self.known[rest], rounded(value, self.known[rest].scale))

    def points(self, facts: Sequence[SegmentFacts]) -> list[Decimal | None]:
        """Return the points of each of the facts, from the exact reader."""
        node = self.compiled.program.segments[f"points.{self.indicator.id}"]
        rows: list[Row] = [segment_row(self.compiled, each) for each in facts]
        values = exact.evaluate({"points": node}, rows)["points"]
        return [None if value is None else to_decimal(value, node.scale) for value in values]

    def of_values(self, values: Sequence[Decimal], target: Decimal | None = None) -> list[Decimal | None]:
        """Return the points of each value, each on its own; a ranked value is a place in a group of as many."""
        more = {} if target is None else {TARGET: target}
        return self.points([self.facts({VALUE: value, **more}, key) for key, value in enumerate(values)])

    def of_places(self, size: int) -> list[Decimal | None]:
        """Return the points of the places 1 … `size` of a group of that many, the best first."""
        metric = self.metric
        best_first = [Decimal(size - place) for place in range(size)]
        if metric is not None and metric.better == "lower":
            best_first.reverse()
        step = Decimal(1).scaleb(-self.scale)
        return self.points([self.facts({VALUE: value * step}, key) for key, value in enumerate(best_first)])


def _alone(whole: Scheme, indicator: Indicator) -> Scheme:
    """Return a scheme that holds nothing but the indicator (and those it is made of), for every position."""
    parts = {i.id: i for _d, i in whole.indicators()}
    wanted, waiting = dict[str, Indicator](), [indicator]
    while waiting:
        found = waiting.pop()
        wanted[found.id] = found.model_copy(update={"positions": (), "weight": None, "part_of_total": True})
        if isinstance(found.source, OthersSource):
            waiting.extend(parts[name] for name in found.source.of if name not in wanted)
    points = next((d.points for d, i in whole.indicators() if i.id == indicator.id), None)
    one = Dimension(id="alone", title=indicator.title, weight=Decimal(100), indicators=tuple(wanted.values()))
    if points is not None and whole.style == "weights":
        one = one.model_copy(update={"weight": Decimal(100)})
    return whole.model_copy(
        update={
            "dimensions": (one,), "vetoes": (), "grades": (), "distribution": None, "pay": None, "uses": (),
            "status": "ready", "cycle": whole.cycle.model_copy(update={"minimum_days": 0}),
        }
    )  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """What the try-it box says."""

    points: Decimal | None = None
    full: Decimal | None = None
    text: str = ""
    problems: Sequence[Problem] = ()


def try_out(trial: Trial, typed: Mapping[str, str]) -> Answer:
    """Return the points for what was typed, with the reason in words; problems for what is no number."""
    given: dict[str, Decimal] = {}
    problems = []
    for asked in trial.fields():
        text = typed.get(asked.name, "").strip()
        if not text:
            continue
        try:
            value = parse_number(text)
        except ValueError:
            problems.append(
                Problem(
                    code="not-a-number", place=asked.label, message=_("“{text}”不是数字").format(text=text),
                    fix=_("写成 85、0.5 或 85%"),
                )
            )
            continue
        # a rate is typed as it is spoken of: 95 is 95 %
        if asked.unit == "%" and not text.endswith("%") and not asked.name.startswith("role."):
            value = value.scaleb(-2)
        given[asked.name] = value
    if problems or not given:
        return Answer(problems=problems)
    try:
        return _answer(trial, given)
    except MeritdeskError as error:
        return Answer(problems=error.problems)
    except ValueError as error:
        return Answer(problems=[Problem(code="not-computed", place="", message=str(error))])


LARGEST_GROUP = 200


def _answer(trial: Trial, given: Mapping[str, Decimal]) -> Answer:
    if isinstance(trial.method, methods.RankMethod):
        size = int(given.get(GROUP, Decimal(10)))
        place = int(given.get(VALUE, Decimal(1)))
        if not 1 <= place <= size <= LARGEST_GROUP:
            message = _("名次应在 1 和组内人数之间，组内最多 {n} 人").format(n=LARGEST_GROUP)
            return Answer(problems=[Problem(code="no-such-place", place="", message=message)])
        points = trial.of_places(size)[place - 1]
    else:
        points = trial.points([trial.facts(given)])[0]
    text = trial.rule()
    if points is None:
        text = _("没有结果：这个值不在规则之内，或缺少一项数值。") + text
    return Answer(points=points, full=trial.full, text=text)
