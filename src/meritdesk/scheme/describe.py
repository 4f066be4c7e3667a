"""A scheme in plain words: who is judged, when, on what, what counts as excellent, what follows, and what was assumed
(R3.5).

Returns Markdown; used by the command line and by the notes of the workbook. Nothing is computed and nothing is judged
here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from meritdesk.language import _
from meritdesk.rules.numbers import format_number
from meritdesk.scheme.document import (
    Dimension,
    EventSource,
    Indicator,
    MetricSource,
    Neutral,
    OthersSource,
    RatingSource,
    ResultSource,
    Scheme,
    ViolationSource,
)
from meritdesk.scheme.facts import MetricFacts
from meritdesk.scheme.pay_items import (
    Condition,
    GradeCondition,
    GradeTerm,
    MetricCondition,
    MetricTerm,
    PayInputTerm,
    PayItem,
    ScoreCondition,
    ScoreTerm,
    Term,
    TiersTerm,
    ViolationCondition,
)
from meritdesk.scheme.phrases import (
    amount,
    best_in_words,
    group,
    interval,
    scoring_in_words,
    tiers_in_words,
    title_of,
    unit_of,
)

Metrics = Mapping[str, MetricFacts]


def describe(scheme: Scheme, metrics: Metrics | None = None) -> str:
    """Return the scheme as Markdown in the current language; `metrics` gives figures their titles and units."""
    return "\n".join(_Description(scheme, metrics or {}).lines()) + "\n"


def cycle_in_words(kind: str) -> str:
    """Return a kind of cycle in words."""
    known = {
        "month": _("月度"),
        "quarter": _("季度"),
        "half_year": _("半年度"),
        "year": _("年度"),
        "probation": _("转正"),
        "project": _("专项"),
    }
    return known[kind]


class _Description:
    """Says the parts of one scheme, each as Markdown lines."""

    def __init__(self, scheme: Scheme, metrics: Metrics) -> None:
        self.scheme, self.metrics = scheme, metrics
        self.grades = {grade.id: title_of(grade) for grade in scheme.grades}
        self.scores = {"total": _("总分")} | {d.id: title_of(d) for d in scheme.dimensions}
        self.scores |= {i.id: title_of(i) for _d, i in scheme.indicators()}
        self.roles = {role.id: title_of(role) for role in (scheme.raters.roles if scheme.raters else ())}

    def lines(self) -> Iterator[str]:
        yield f"# {title_of(self.scheme)}"
        if self.scheme.description:
            yield from ("", self.scheme.description)
        for heading, part in (
            (_("对象和周期"), self.scope()),
            (_("考核内容"), self.contents()),
            (_("评分人"), self.raters()),
            (_("等级"), self.grading()),
            (_("一票否决"), self.vetoes()),
            (_("薪酬"), self.pay()),
            (_("结果应用"), self.uses()),
            (_("时限"), self.deadlines()),
            (_("假设和修订"), self.notes()),
        ):
            lines = list(part)
            if lines:
                yield from ("", f"## {heading}", "", *lines)

    def scope(self) -> Iterator[str]:
        scheme, cycle = self.scheme, self.scheme.cycle
        yield _("- 岗位：{names}").format(names=_("、").join(title_of(p) for p in scheme.positions))
        yield _("- 周期：{kind}").format(kind=cycle_in_words(cycle.kind))
        if cycle.minimum_days:
            pay = (
                ""
                if cycle.below_minimum is None
                else _("，绩效系数按 {n}").format(n=format_number(cycle.below_minimum))
            )
            yield _("- 在岗少于 {n} 天不考核{pay}").format(n=cycle.minimum_days, pay=pay)
        yield _("- 版本：{version}（{name}）").format(version=scheme.version, name=scheme.scheme)
        if scheme.parent:
            yield _("- 上级方案：{parent}").format(parent=scheme.parent)
        if scheme.source:
            yield _("- 来源：{source}").format(source=scheme.source)

    def contents(self) -> Iterator[str]:
        style = _("各项按权重平均，满分 100") if self.scheme.style == "weights" else _("各项分值相加")
        yield style + _("。")
        for dimension in self.scheme.dimensions:
            yield from ("", f"### {title_of(dimension)}{self.share(dimension.weight, dimension.points)}", "")
            equal = all(i.weight is None and i.points is None for i in dimension.indicators)
            if equal and len(dimension.indicators) > 1:
                yield from (_("各项权重相同。"), "")
            for indicator in dimension.indicators:
                yield from self.indicator(dimension, indicator)

    def share(self, weight: Decimal | None, points: Decimal | None) -> str:
        if points is not None:
            return _("（{n} 分）").format(n=format_number(points))
        return "" if weight is None else _("（{n}%）").format(n=format_number(weight))

    def indicator(self, dimension: Dimension, indicator: Indicator) -> Iterator[str]:
        metric = self.metrics.get(indicator.source.metric) if isinstance(indicator.source, MetricSource) else None
        unit, better = unit_of(metric), metric.better if metric is not None else "higher"
        outside = "" if indicator.part_of_total else _("（不计入总分）")
        yield f"- **{title_of(indicator)}**{self.share(indicator.weight, indicator.points)}{outside}"
        held = indicator.positions or dimension.positions
        if held:
            names = _("、").join(title_of(p) for p in self.scheme.positions if p.id in held)
            yield _("  - 适用岗位：{names}").format(names=names)
        if indicator.description:
            yield f"  - {indicator.description}"
        yield _("  - 取自：{source}").format(source=self.source(indicator))
        full = self.scheme.full_points(indicator)
        yield _("  - 计分：{how}").format(how=scoring_in_words(indicator.scoring, unit, better, full, self.scores))
        best = best_in_words(indicator.scoring, unit, better)
        if best:
            yield _("  - 做到最好：{best}").format(best=best)
        if indicator.target is not None:
            yield _("  - 目标：{target}").format(target=interval(indicator.target, unit))
        if isinstance(indicator.source, MetricSource):
            yield _("  - 没有数据时：{rule}").format(rule=self.missing(indicator))

    def missing(self, indicator: Indicator) -> str:
        sample = _("（样本少于 {n} 视同没有）").format(n=indicator.minimum_sample) if indicator.minimum_sample else ""
        if isinstance(indicator.missing, Neutral):
            return _("记 {points} 分").format(points=format_number(indicator.missing.neutral)) + sample
        known = {"redistribute": _("权重分给其余各项"), "hold": _("结果暂缓")}
        return known[indicator.missing] + sample

    def source(self, indicator: Indicator) -> str:
        match indicator.source:
            case MetricSource(metric=name):
                metric = self.metrics.get(name)
                return _("运营指标“{name}”").format(name=title_of(metric) if metric is not None else name)
            case RatingSource(rating=names):
                return _("{roles}评分").format(roles=_("、").join(self.roles.get(name, name) for name in names))
            case ViolationSource(violations=name):
                codes = _("、").join(f"{v.title} {format_number(v.points)}" for v in self.scheme.violation_lists[name])
                return _("违规记录（{codes}）").format(codes=codes)
            case EventSource(event=name):
                return _("事件“{name}”的次数").format(name=name)
            case ResultSource(results=kind, combine=combine):
                how = _("按在岗天数加权") if combine == "days" else _("平均")
                return _("期内各{kind}总分，{how}").format(kind=cycle_in_words(kind), how=how)
            case OthersSource(of=names):
                return _("、").join(self.scores.get(name, name) for name in names)

    def raters(self) -> Iterator[str]:
        raters = self.scheme.raters
        for role in raters.roles if raters else ():
            rule = _("缺评时结果暂缓") if role.if_missing == "hold" else _("缺评时由其余角色折算")
            yield f"- {title_of(role)} {format_number(role.weight)}%{_('，')}{rule}"
        if raters is not None and raters.anonymous:
            names = _("、").join(self.roles[name] for name in raters.anonymous)
            yield _("- 匿名：{names}，少于 {n} 人时不显示").format(names=names, n=raters.smallest_group)
        if raters is not None and raters.calibration is not None:
            yield _("- 两位评分人相差 {points} 分以上（至少 {n} 项共同评分）时开校准会").format(
                points=format_number(raters.calibration.threshold), n=raters.calibration.at_least
            )

    def grading(self) -> Iterator[str]:
        for grade in self.scheme.grades:
            line = "" if grade.when is None else _("总分{values}").format(values=" " + interval(grade.when))
            gates = [self.condition(gate) for gate in grade.requires]
            factor = "" if grade.coefficient is None else _("系数 {n}").format(n=format_number(grade.coefficient))
            yield f"- {title_of(grade)}{_('：')}" + _("；").join(part for part in (line, *gates, factor) if part)
        shared = self.scheme.distribution
        if shared is not None:
            modes = {"force": _("以比例为准"), "cap": _("只限上限"), "advise": _("只提示"), None: _("未写以哪个为准")}
            shares = _("、").join(f"{self.grades[name]} {amount(s, 'ratio')}" for name, s in shared.shares.items())
            yield _("- 强制分布（{mode}）：{group}内 {shares}；少于 {n} 人的组只提示").format(
                mode=modes[shared.mode], group=group(shared.group), shares=shares, n=shared.smallest
            )

    def condition(self, condition: Condition | GradeCondition) -> str:
        match condition:
            case ViolationCondition(violations=codes, at_least=least):
                return _("违规 {codes} 达到 {n} 次").format(codes=_("、").join(codes), n=least)
            case MetricCondition(metric=name, within=within):
                metric = self.metrics.get(name)
                return f"{title_of(metric) if metric is not None else name} {interval(within, unit_of(metric))}"
            case ScoreCondition(score=name, within=within):
                return f"{self.scores.get(name, name)} {interval(within)}"
            case GradeCondition(grade=names, in_a_row=times):
                listed = _("或").join(self.grades.get(name, name) for name in names)
                return listed if times == 1 else _("连续 {n} 次{grades}").format(n=times, grades=listed)

    def vetoes(self) -> Iterator[str]:
        for veto in self.scheme.vetoes:
            if veto.cap_grade is not None:
                then = _("等级最高为{grade}").format(grade=self.grades[veto.cap_grade])
            elif veto.zero_dimension is not None:
                then = _("{dimension}记 0 分").format(dimension=self.scores[veto.zero_dimension])
            else:
                then = _("总分记 0 分")
            yield f"- {veto.title}{_('：')}{self.condition(veto.when)} → {then}"

    def pay(self) -> Iterator[str]:
        pay = self.scheme.pay
        if pay is None:
            return
        for item in pay.items:
            yield f"- {title_of(item)}{_('：')}{self.pay_item(item)}"
        if pay.minimum_wage is not None:
            yield _("- 不低于最低工资 {n} 元").format(n=format_number(pay.minimum_wage))
        if pay.largest_deduction is not None:
            yield _("- 扣款合计不超过 {share}").format(share=amount(pay.largest_deduction, "ratio"))

    def pay_item(self, item: PayItem) -> str:
        if item.pool is not None:
            by = " × ".join(self.term(part) for part in item.pool.by)
            how = _("{amount} 元在{group}内按 {by} 分").format(
                amount=format_number(item.pool.amount), group=group(item.pool.group), by=by
            )
        else:
            how = " × ".join(self.term(term) for term in (item.amount, *item.times) if term is not None)
        more = []
        if item.kind == "deduction":
            more.append(_("扣除"))
        if item.prorate:
            more.append(_("按在岗天数折算"))
        if item.when is not None:
            more.append(_("条件：{when}").format(when=self.condition(item.when)))
        if item.at_least is not None:
            more.append(_("至少 {value}").format(value=amount(item.at_least, "yuan")))
        if item.at_most is not None:
            more.append(_("不超过 {value}").format(value=amount(item.at_most, "yuan")))
        return _("，").join([how, *more])

    def term(self, term: Term) -> str:
        match term:
            case Decimal():
                return format_number(term)
            case PayInputTerm(pay=name):
                return name
            case ScoreTerm(score=name):
                return self.scores.get(name, name)
            case MetricTerm(metric=name):
                metric = self.metrics.get(name)
                return title_of(metric) if metric is not None else name
            case GradeTerm(grade=amounts):
                listed = _("、").join(f"{self.grades[k]} {format_number(v)}" for k, v in amounts.items())
                return _("按等级（{listed}）").format(listed=listed)
            case TiersTerm(of=of, mode=mode, tiers=tiers):
                return _("{of}（{tiers}）").format(of=self.term(of), tiers=tiers_in_words(tiers, mode, ""))
        return _("绩效系数")

    def uses(self) -> Iterator[str]:
        for use in self.scheme.uses:
            yield f"- {title_of(use)}{_('：')}{self.condition(use.when)}"

    def deadlines(self) -> Iterator[str]:
        days = self.scheme.deadlines
        yield _("- 自评 {self_appraisal}、评分 {rating}、复核 {review}、签字 {sign_off} 个工作日").format(
            **days.model_dump()
        )
        yield _("- 申诉 {appeal} 个工作日内提出，{appeal_answer} 个工作日内答复").format(**days.model_dump())

    def notes(self) -> Iterator[str]:
        kinds = {"assumption": _("假设"), "mend": _("修订"), "remark": _("说明")}
        for note in self.scheme.notes:
            yield f"- {kinds[note.kind]}{_('：')}{note.text}"
        for change in self.scheme.history:
            reason = _("（{reason}）").format(reason=change.reason) if change.reason else ""
            yield f"- {change.day.isoformat()} {change.what}{reason}"
