"""What a scheme names must be there, once, and of the right sort: the part of reading that needs the whole document.

Ids of dimensions, indicators and the word ``total`` share one space of names, because a score is named by any of them.
Metrics and event kinds are not known here: `check` compares them with the library.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from meritdesk.language import _
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
from meritdesk.scheme.methods import (
    AttainmentMethod,
    BonusMethod,
    CombineMethod,
    DeductMethod,
    LevelsMethod,
    RatingMethod,
)
from meritdesk.scheme.pay_items import (
    Condition,
    GradeCondition,
    GradeTerm,
    Pay,
    PayItem,
    ScoreCondition,
    ScoreTerm,
    TiersTerm,
    ViolationCondition,
)
from meritdesk.scheme.reading import Steps
from meritdesk.scheme.shape import Fault, did_you_mean

CYCLE_MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12, "probation": 3, "project": 3}


def reference_faults(scheme: Scheme) -> Iterator[Fault]:
    """Yield every name that is used twice, that nothing bears, or that does not fit where it stands."""
    yield from _twice(scheme)
    scores = _scores(scheme)
    for dimension, indicator, path in _indicators(scheme):
        yield from _indicator(scheme, indicator, path)
        yield from _weight_or_points(scheme, dimension, indicator, path)
    yield from _circles(scheme)
    for number, dimension in enumerate(scheme.dimensions):
        yield from _names(dimension.positions, _ids(scheme.positions), ("dimensions", number, "positions"), _("岗位"))
    yield from _raters(scheme)
    yield from _vetoes(scheme, scores)
    yield from _grades(scheme, scores)
    for number, use in enumerate(scheme.uses):
        yield from _condition(scheme, use.when, ("uses", number, "when"), scores)
    if scheme.pay is not None:
        yield from _pay(scheme, scheme.pay, scores)


def _ids(items: Iterable[object]) -> list[str]:
    return [str(getattr(item, "id")) for item in items]  # noqa: B009 - the models share the field, not a base


def _scores(scheme: Scheme) -> list[str]:
    return ["total", *_ids(scheme.dimensions), *(i.id for _d, i in scheme.indicators())]


def _indicators(scheme: Scheme) -> Iterator[tuple[Dimension, Indicator, Steps]]:
    for number, dimension in enumerate(scheme.dimensions):
        for place, indicator in enumerate(dimension.indicators):
            yield dimension, indicator, ("dimensions", number, "indicators", place)


def _names(used: Iterable[str], known: Sequence[str], path: Steps, what: str) -> Iterator[Fault]:
    """Yield a fault for each of `used` that `known` does not hold."""
    for number, name in enumerate(used):
        if name not in known:
            message = _("没有“{name}”这个{what}").format(name=name, what=what)
            fix = did_you_mean(name, list(dict.fromkeys(known))) if known else _("先定义{what}").format(what=what)
            yield "unknown-reference", (*path, number), message, fix


def _name(used: str, known: Sequence[str], path: Steps, what: str) -> Iterator[Fault]:
    for code, _path, message, fix in _names((used,), known, path, what):
        yield code, path, message, fix


def _twice(scheme: Scheme) -> Iterator[Fault]:
    scored: list[tuple[str, Steps]] = [(d.id, ("dimensions", n)) for n, d in enumerate(scheme.dimensions)]
    scored += [(i.id, path) for _d, i, path in _indicators(scheme)]
    yield from _repeated([("total", ()), *scored])
    lists: list[tuple[Steps, Sequence[object], str]] = [
        (("positions",), scheme.positions, "id"),
        (("grades",), scheme.grades, "id"),
        (("vetoes",), scheme.vetoes, "id"),
        (("uses",), scheme.uses, "id"),
        (("raters", "roles"), scheme.raters.roles if scheme.raters else (), "id"),
        (("pay", "items"), scheme.pay.items if scheme.pay else (), "id"),
        *((("violation_lists", name), violations, "code") for name, violations in scheme.violation_lists.items()),
    ]
    for _d, indicator, path in _indicators(scheme):
        if isinstance(indicator.scoring, RatingMethod | LevelsMethod):
            lists.append(((*path, "scoring", "levels"), indicator.scoring.levels, "level"))
    for path, items, key in lists:
        yield from _repeated([(str(getattr(item, key)), (*path, number)) for number, item in enumerate(items)])


def _repeated(named: list[tuple[str, Steps]]) -> Iterator[Fault]:
    counts = Counter(name for name, _path in named)
    seen: set[str] = set()
    for name, path in named:
        if counts[name] > 1 and name in seen:
            yield "used-twice", path, _("“{name}”已经用过了").format(name=name), _("换一个没用过的标识")
        seen.add(name)


def _indicator(scheme: Scheme, indicator: Indicator, path: Steps) -> Iterator[Fault]:
    source, scoring = indicator.source, indicator.scoring
    yield from _names(indicator.positions, _ids(scheme.positions), (*path, "positions"), _("岗位"))
    at = (*path, "source")
    if isinstance(source, RatingSource):
        if scheme.raters is None:
            yield "unknown-reference", (*at, "rating"), _("方案没有写评分人"), _("先在 raters 里定义评分角色")
        else:
            yield from _names(source.rating, _ids(scheme.raters.roles), (*at, "rating"), _("评分角色"))
    elif isinstance(source, ViolationSource):
        yield from _name(source.violations, list(scheme.violation_lists), (*at, "violations"), _("违规清单"))
    elif isinstance(source, OthersSource):
        others = [i.id for _d, i in scheme.indicators() if i.id != indicator.id]
        yield from _names(source.of, others, (*at, "of"), _("考核指标"))
    elif isinstance(source, ResultSource) and CYCLE_MONTHS[source.results] >= CYCLE_MONTHS[scheme.cycle.kind]:
        message = _("{kind} 周期里没有 {results} 周期").format(kind=scheme.cycle.kind, results=source.results)
        yield "results-not-inside", (*at, "results"), message, _("只能汇总更短的周期，例如一年汇总各月")
    yield from _fitting(indicator, (*path, "scoring"))
    if isinstance(scoring, CombineMethod) and isinstance(source, OthersSource):
        yield from _combined(scoring, source, (*path, "scoring"))


def _weight_or_points(scheme: Scheme, dimension: Dimension, indicator: Indicator, path: Steps) -> Iterator[Fault]:
    """Points are added up in a scheme of points, and in a dimension of a weighted scheme that has points (加分项)."""
    added = scheme.style == "points" or dimension.points is not None
    if indicator.points is not None and not added:
        message = _("权重制方案的这个维度里不写 points")
        yield "points-in-weights", (*path, "points"), message, _("改写 weight，或给维度写 points 作为加分项")
    if indicator.weight is not None and added:
        message = _("分值相加的维度里不写 weight")
        yield "weight-in-points", (*path, "weight"), message, _("改写 points")


def _combined(scoring: CombineMethod, source: OthersSource, path: Steps) -> Iterator[Fault]:
    if scoring.method != "weighted":
        if scoring.weights:
            message = _("只有 weighted 用得到 weights")
            yield "weights-not-used", (*path, "weights"), message, _("去掉 weights，或把 method 改成 weighted")
        return
    for name in scoring.weights:
        if name not in source.of:
            message = _("“{name}”不在 of 里").format(name=name)
            yield "unknown-reference", (*path, "weights", name), message, did_you_mean(name, list(source.of))
    for name in source.of:
        if name not in scoring.weights:
            message = _("没有写“{name}”的权重").format(name=name)
            yield "missing-field", path, message, _("在 weights 里补上 {name}: …").format(name=name)


def _fitting(indicator: Indicator, path: Steps) -> Iterator[Fault]:
    """A method needs a source that gives what it works on."""
    source, scoring = indicator.source, indicator.scoring
    wrong = ""
    if isinstance(scoring, RatingMethod) != isinstance(source, RatingSource):
        wrong = _("rating 方法与来源 rating 要一起用")
    elif isinstance(scoring, CombineMethod) != isinstance(source, OthersSource):
        wrong = _("sum、weighted、min、max 方法与来源 of 要一起用")
    elif isinstance(scoring, DeductMethod):
        if scoring.each is None and not isinstance(source, ViolationSource):
            wrong = _("扣分没有写每次扣多少")
        elif scoring.each is not None and isinstance(source, ViolationSource):
            wrong = _("违规清单里每条已有分值，不能再写 each")
    elif isinstance(scoring, BonusMethod | LevelsMethod) and not isinstance(source, MetricSource | EventSource):
        wrong = _("{method} 方法的来源要是 metric 或 event").format(method=scoring.method)
    elif isinstance(scoring, AttainmentMethod) and isinstance(source, ViolationSource):
        wrong = _("违规次数没有目标可言")
    if wrong:
        yield "method-does-not-fit", path, wrong, _("换计分方法或换来源")


def _circles(scheme: Scheme) -> Iterator[Fault]:
    """Indicators that are made of themselves, by way of others."""
    needs = {i.id: i.source.of for _d, i in scheme.indicators() if isinstance(i.source, OthersSource)}
    told: set[str] = set()
    for _d, indicator, path in _indicators(scheme):
        reached: set[str] = set()
        waiting = [name for name in needs.get(indicator.id, ()) if name != indicator.id]
        while waiting:
            name = waiting.pop()
            if name not in reached:
                reached.add(name)
                waiting += needs.get(name, ())
        if indicator.id in reached - told:
            told |= reached
            message = _("“{name}”绕回来用到了自己").format(name=indicator.title)
            yield "circle", (*path, "source"), message, _("去掉其中一个引用")


def _raters(scheme: Scheme) -> Iterator[Fault]:
    if scheme.raters is not None:
        roles = _ids(scheme.raters.roles)
        yield from _names(scheme.raters.anonymous, roles, ("raters", "anonymous"), _("评分角色"))
        for number, role in enumerate(scheme.raters.roles):
            if role.feed is not None and isinstance(role.feed.scoring, RatingMethod | CombineMethod):
                message = _("由指标得出的评分不能用 {method} 方法").format(method=role.feed.scoring.method)
                path: Steps = ("raters", "roles", number, "feed", "scoring")
                yield "method-does-not-fit", path, message, _("用 bands、curve、attainment 等方法")


def _vetoes(scheme: Scheme, scores: Sequence[str]) -> Iterator[Fault]:
    for number, veto in enumerate(scheme.vetoes):
        path: Steps = ("vetoes", number)
        yield from _condition(scheme, veto.when, (*path, "when"), scores)
        effects = (veto.cap_grade is not None) + (veto.zero_dimension is not None) + veto.zero_total
        if effects != 1:
            message = _("cap_grade、zero_dimension、zero_total 要写且只写一个")
            yield "one-of-many", path, message, _("写清否决的后果")
        if veto.cap_grade is not None:
            yield from _name(veto.cap_grade, _ids(scheme.grades), (*path, "cap_grade"), _("等级"))
        if veto.zero_dimension is not None:
            known = _ids(scheme.dimensions)
            yield from _name(veto.zero_dimension, known, (*path, "zero_dimension"), _("考核维度"))


def _grades(scheme: Scheme, scores: Sequence[str]) -> Iterator[Fault]:
    for number, grade in enumerate(scheme.grades):
        for place, gate in enumerate(grade.requires):
            yield from _name(gate.score, scores, ("grades", number, "requires", place, "score"), _("分数"))
    shared = scheme.distribution
    if shared is not None:
        known = _ids(scheme.grades)
        for name in shared.shares:
            yield from _name(name, known, ("distribution", "shares", name), _("等级"))
        yield from _names(shared.order, scores, ("distribution", "order"), _("分数"))


def _condition(
    scheme: Scheme, condition: Condition | GradeCondition, path: Steps, scores: Sequence[str]
) -> Iterator[Fault]:
    if isinstance(condition, ViolationCondition):
        codes = [v.code for violations in scheme.violation_lists.values() for v in violations]
        yield from _names(condition.violations, codes, (*path, "violations"), _("违规代码"))
    elif isinstance(condition, ScoreCondition):
        yield from _name(condition.score, scores, (*path, "score"), _("分数"))
    elif isinstance(condition, GradeCondition):
        yield from _names(condition.grade, _ids(scheme.grades), (*path, "grade"), _("等级"))


def _pay(scheme: Scheme, pay: Pay, scores: Sequence[str]) -> Iterator[Fault]:
    for number, item in enumerate(pay.items):
        yield from _pay_item(scheme, item, ("pay", "items", number), scores)
    if pay.budget is not None:
        yield from _names(pay.budget.items, _ids(pay.items), ("pay", "budget", "items"), _("薪酬项目"))


def _pay_item(scheme: Scheme, item: PayItem, path: Steps, scores: Sequence[str]) -> Iterator[Fault]:
    if (item.amount is None) == (item.pool is None):
        yield "one-of-many", path, _("amount 和 pool 要写且只写一个"), _("写金额，或写从哪个池子分")
    if item.pool is not None and item.times:
        yield "one-of-many", (*path, "times"), _("从池子分的项目不能再乘 times"), _("把乘数写进 pool 的 by")
    terms = [((*path, "amount"), item.amount), *(((*path, "times", n), term) for n, term in enumerate(item.times))]
    for at, term in terms:
        if isinstance(term, TiersTerm):
            term, at = term.of, (*at, "of")
        if isinstance(term, ScoreTerm):
            yield from _name(term.score, scores, (*at, "score"), _("分数"))
        elif isinstance(term, GradeTerm):
            for name in term.grade:
                yield from _name(name, _ids(scheme.grades), (*at, "grade", name), _("等级"))
    if item.pool is not None:
        for number, part in enumerate(item.pool.by):
            if isinstance(part, ScoreTerm):
                yield from _name(part.score, scores, (*path, "pool", "by", number, "score"), _("分数"))
        yield from _names(item.pool.order, scores, (*path, "pool", "order"), _("分数"))
    if item.when is not None:
        yield from _condition(scheme, item.when, (*path, "when"), scores)
