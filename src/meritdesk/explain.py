"""Why a result is what it is, and what would have been needed for the next grade, as a tree of plain sentences.

The sentences are made from the records of a run; what would have been needed is found by running the program again with
one figure changed, never by separate arithmetic.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from meritdesk.language import _, current
from meritdesk.metrics.definitions import Metric
from meritdesk.results import Appraisal, DimensionScore, IndicatorScore, Rating, Results, Row, Segment, Status
from meritdesk.roster import to_date
from meritdesk.rows import metric_of_value
from meritdesk.rules import exact
from meritdesk.rules.numbers import TOTAL, Bounds, format_number, rounded, to_decimal, to_integer
from meritdesk.rules.program import walk
from meritdesk.scheme import methods
from meritdesk.scheme.document import Indicator, MetricSource, RatingSource
from meritdesk.scheme.phrases import interval
from meritdesk.scores import APPRAISAL

Records = Callable[[str, int], Sequence[Mapping[str, object]]]
"""(metric id, segment key) → the contributing records."""


@dataclass(frozen=True)
class Line:
    """One sentence and what lies below it."""

    text: str
    children: tuple[Line, ...] = ()

    def render(self, indent: str = "") -> str:
        """Return the tree as text, two levels never at the same depth."""
        rows = [self.text]
        for position, child in enumerate(self.children):
            last = position == len(self.children) - 1
            first, *rest = child.render().split("\n")
            rows.append(indent + ("└─ " if last else "├─ ") + first)
            rows.extend(indent + ("   " if last else "│  ") + line for line in rest)
        return "\n".join(rows)


def points(value: Decimal | None) -> str:
    """Return points with two decimals, or a dash."""
    return "—" if value is None else f"{rounded(value, 2):f}"


def figure(value: Decimal | None, unit: str) -> str:
    """Return a figure in its unit: 92.31%, 25 秒, 1250 次."""
    if value is None:
        return _("无数据")
    if unit == "%":
        return f"{rounded(value * 100, 2):f}%"
    names = {"s": _("秒"), "次": _("次"), "分": _("分"), "元": _("元"), "级": _("级")}
    return f"{format_number(value)} {names.get(unit, unit)}".strip()


def title(record: object) -> str:
    """Return the title of a record in the language in use."""
    english = getattr(record, "title_en", "")
    return english if current() == "en" and english else str(record.title)  # type: ignore[attr-defined]


def explain(
    results: Results,
    person: str,
    metrics: Mapping[str, Metric],
    *,
    records: Records | None = None,
    include_pay: bool = True,
) -> Line:
    """Return the explanation of one person's result; KeyError for a person who is not in it."""
    appraisal = results.of(person)
    children = [Line(_("暂不出结果：{reason}").format(reason=appraisal.reason))] if appraisal.reason else []
    children += list(_grade(results, appraisal))
    for segment in appraisal.segments:
        below = tuple(_dimension(results, segment, d, records) for d in segment.dimensions)
        if len(appraisal.segments) == 1:
            children += below
        else:
            children.append(Line(_segment(segment), below))
    if appraisal.pay and include_pay:
        children.append(_pay(results, appraisal))
    ways = tuple(_ways(results, appraisal, metrics))
    if ways:
        children.append(Line(_("怎样达到下一等级"), ways))
    children.append(
        Line(
            _("依据：方案 {scheme} 第 {version} 版（{hash}），数据 {data}，程序 {code}").format(
                scheme=results.scheme.title,
                version=results.scheme.version,
                hash=results.run.scheme_hash[:12],
                data=results.run.input_hash[:12],
                code=results.run.code_version,
            )
        )
    )
    head = _("{name}（{person}）{period}：总分 {total}").format(
        name=appraisal.name, person=person, period=results.run.period, total=points(appraisal.total)
    )
    if appraisal.grade:
        grade = next(g for g in results.scheme.grades if g.id == appraisal.grade)
        head += _("，{grade}").format(grade=title(grade))
    if appraisal.coefficient is not None:
        head += _("，系数 {coefficient}").format(coefficient=format_number(appraisal.coefficient))
    return Line(head, tuple(children))


def _grade(results: Results, appraisal: Appraisal) -> Iterator[Line]:
    by_id = {g.id: g for g in results.scheme.grades}
    total = appraisal.total
    grade = next((g for g in results.scheme.grades if g.when and total is not None and total in g.when), None)
    if grade is not None:
        yield Line(
            _("按分数线：{total} → {grade}（{range}）").format(
                total=points(appraisal.total), grade=title(grade), range=interval(grade.when) if grade.when else "—"
            )
        )
    for veto in appraisal.vetoes:
        yield Line(_("一票否决：{veto}").format(veto=veto))
    if grade is not None and appraisal.threshold_grade not in (None, grade.id):
        yield Line(_("经门槛或一票否决后：{grade}").format(grade=title(by_id[str(appraisal.threshold_grade)])))
    if appraisal.grade != appraisal.threshold_grade and appraisal.grade is not None:
        yield Line(_("按比例分布后：{grade}").format(grade=title(by_id[appraisal.grade])))
    if appraisal.rank is not None:
        yield Line(_("名次：第 {rank} 名，共 {n} 人").format(rank=appraisal.rank, n=appraisal.rank_of))


def _segment(segment: Segment) -> str:
    text = _("{first} 至 {last}，{team} {position}，{days} 天：{total} 分").format(
        first=segment.from_day,
        last=segment.to_day,
        team=segment.team,
        position=segment.position_title,
        days=segment.days,
        total=points(segment.total),
    )
    return text if segment.counted else text + _("（不足最少天数，不计入）")


def _dimension(results: Results, segment: Segment, dimension: DimensionScore, records: Records | None) -> Line:
    if dimension.weight is None:
        text = _("{title}：{score} 分").format(title=title(dimension), score=points(dimension.score))
    else:
        text = _("{title}（权重 {weight}%）：{score} 分 → 计入 {brings}，最多 {most}").format(
            title=title(dimension),
            weight=format_number(dimension.weight),
            score=points(dimension.score),
            brings=points(dimension.contribution),
            most=points(dimension.most),
        )
    return Line(text, tuple(_indicator(results, segment, i, records) for i in dimension.indicators))


def status_text(status: Status) -> str:
    """Return why an indicator has no points, and what happens to its weight."""
    return {
        "scored": "",
        "no_data": _("没有数据，权重由其他指标分担"),
        "small_sample": _("样本太少，权重由其他指标分担"),
        "not_rated": _("没有评分，权重由其他指标分担"),
        "neutral": _("没有数据，按中性分计"),
        "held": _("缺数据，结果暂缓"),
    }[status]


def _indicator(results: Results, segment: Segment, indicator: IndicatorScore, records: Records | None) -> Line:
    text = title(indicator)
    if indicator.value is not None:
        text += _("：{value}").format(value=figure(indicator.value, indicator.unit))
    if indicator.status == "scored":
        out_of = "" if indicator.full is None else f"/{format_number(indicator.full)}"
        text += _(" → {points}{out_of} 分，计入 {brings}").format(
            points=points(indicator.points), out_of=out_of, brings=points(indicator.contribution)
        )
        level = _level(results, indicator)
        if level:
            text += f"（{level}）"
    else:
        text += _("：{status}").format(status=status_text(indicator.status))
        if indicator.status == "neutral":
            text += _("，计入 {brings}").format(brings=points(indicator.contribution))
    return Line(text, tuple(_below(results, segment, indicator, records)))


PHRASED = {"%": "ratio", "s": "seconds", "元": "yuan"}
"""Unit of a result → unit that intervals are put into words with."""


def _defined(results: Results, indicator: IndicatorScore) -> Indicator:
    return next(i for _d, i in results.scheme.indicators() if i.id == indicator.id)


def _level(results: Results, indicator: IndicatorScore) -> str:
    """Return the words of the level reached; a band without a title is put into words."""
    method = _defined(results, indicator).scoring
    if isinstance(method, methods.BandsMethod):
        for band in method.bands:
            if indicator.level_title == str(band.when):
                return interval(band.when, PHRASED.get(indicator.unit, ""))
    return indicator.level_title


def _below(results: Results, segment: Segment, indicator: IndicatorScore, records: Records | None) -> Iterator[Line]:
    if indicator.numerator is not None and indicator.denominator is not None:
        yield Line(
            _("{numerator} ÷ {denominator}，样本 {n}，排除 {excluded}，待定 {pending}").format(
                numerator=format_number(indicator.numerator),
                denominator=format_number(indicator.denominator),
                n=indicator.n,
                excluded=indicator.excluded,
                pending=indicator.pending,
            )
        )
    if indicator.interval is not None:
        low, high = (figure(end, "%") for end in indicator.interval)
        yield Line(_("95% 置信区间 {low} 至 {high}").format(low=low, high=high))
    if indicator.target:
        met = {True: _("达标"), False: _("未达标"), None: _("无数据")}[indicator.target_met]
        bounds = _defined(results, indicator).target
        target = indicator.target if bounds is None else interval(bounds, PHRASED.get(indicator.unit, ""))
        yield Line(_("目标：{target}，{met}").format(target=target, met=met))
    if indicator.decision:
        yield Line(_("得分经裁定：{decision}").format(decision=indicator.decision))
    for rating in _told(results, indicator):
        yield Line(
            _("{role}：{score} 分，占 {weight}{remark}").format(
                role=f"{rating.role_title} {rating.rater}".strip(),
                score=points(rating.score),
                weight=figure(rating.weight, "%"),
                remark=f"；{rating.remark}" if rating.remark else "",
            )
        )
    for code, what, count, each in indicator.violations:
        yield Line(
            _("{code} {title}：{count} 次 × {each} 分").format(
                code=code, title=what, count=count, each=format_number(each)
            )
        )
    if records is not None and indicator.source.startswith("metric:"):
        found = records(indicator.source.removeprefix("metric:"), segment.key)
        yield Line(_("记录 {n} 条").format(n=len(found)), tuple(Line(_record(r)) for r in found[:SHOWN]))


def _told(results: Results, indicator: IndicatorScore) -> list[Rating]:
    """Return the ratings that may be shown one by one: of an anonymous role only where enough people rated."""
    raters = results.scheme.raters
    if raters is None:
        return list(indicator.ratings)
    given = Counter(rating.role for rating in indicator.ratings)
    return [r for r in indicator.ratings if r.role not in raters.anonymous or given[r.role] >= raters.smallest_group]


SHOWN = 5
"""Records listed below an indicator; how many there are is said above them."""


def _record(record: Mapping[str, object]) -> str:
    """Return a record in words: its day, its key, what it adds, and the file and row it stands in."""
    status = {
        "numerator": _("计入分子"),
        "denominator": _("只计入分母"),
        "excluded": _("已排除"),
        "pending": _("待定"),
    }[str(record["status"])]
    reason = f"（{record['excluded']}）" if record["excluded"] else ""
    value = "" if record["value"] is None else _("，值 {value}").format(value=record["value"])
    return _("{day} {record}：{status}{reason}{value}，见 {source}").format(
        day=to_date(int(str(record["day"]))),
        record=record["record"],
        status=status,
        reason=reason,
        value=value,
        source=record["source"],
    )


def _pay(results: Results, appraisal: Appraisal) -> Line:
    assert results.scheme.pay is not None
    lines = [Line(f"{title(line)}：{'—' if line.amount is None else f'{line.amount:,.2f}'}") for line in appraisal.pay]
    total = "—" if appraisal.pay_total is None else f"{appraisal.pay_total:,.2f}"
    return Line(_("应发合计 {total} 元").format(total=total), tuple(lines))


# ------------------------------------------------------------------ what would have been needed


def _ways(results: Results, appraisal: Appraisal, metrics: Mapping[str, Metric]) -> Iterator[Line]:
    """Yield the gap to the next grade, and for each indicator of the last post what its next level would bring."""
    grades = results.scheme.grades
    ids = [g.id for g in grades]
    if appraisal.state != "graded" or appraisal.grade is None or appraisal.total is None or appraisal.grade == ids[0]:
        return
    better = grades[ids.index(appraisal.grade) - 1]
    least = better.when.inclusive(TOTAL)[0] if better.when is not None else None
    if better.when is not None and least is not None:
        gap = to_decimal(least, TOTAL) - appraisal.total
        if gap > 0:
            yield Line(
                _("{grade}要求{range} 分，还差 {gap} 分").format(
                    grade=title(better),
                    range=interval(Bounds(low=better.when.low, low_closed=better.when.low_closed)),
                    gap=points(gap),
                )
            )
        else:
            yield Line(_("分数已达{grade}，受比例、门槛或否决限制").format(grade=title(better)))
    steps = []
    for indicator in (i for _d, i in results.scheme.indicators()):
        step = _next_step(results, appraisal, indicator, metrics)
        if step is not None:
            steps.append(step)
    for _gain, line in sorted(steps, key=lambda s: s[0], reverse=True)[:3]:
        yield line


def _next_step(
    results: Results, appraisal: Appraisal, indicator: Indicator, metrics: Mapping[str, Metric]
) -> tuple[Decimal, Line] | None:
    """Return what the total would gain if this indicator alone reached its next better level."""
    current_score = next((i for d in appraisal.main.dimensions for i in d.indicators if i.id == indicator.id), None)
    if current_score is None or current_score.points is None or appraisal.total is None:
        return None
    key = appraisal.main.key
    row = dict(next(r for r in results.segment_rows if r["segment"] == key))
    if isinstance(indicator.source, MetricSource) and isinstance(indicator.scoring, methods.BandsMethod):
        metric = metrics[indicator.source.metric]
        higher = [band for band in indicator.scoring.bands if band.points > current_score.points]
        if not higher or current_score.value is None:
            return None
        nearest = min(higher, key=lambda band: band.points)
        value = _edge(nearest.when, current_score.value, metric.scale)
        if value is None:
            return None
        changed = metric_of_value(metric, value)
        row[f"metric.{metric.id}.numerator"] = changed.numerator
        if changed.denominator is not None:
            row[f"metric.{metric.id}.denominator"] = changed.denominator
        what = figure(value, current_score.unit)
    elif isinstance(indicator.source, RatingSource) and isinstance(indicator.scoring, methods.RatingMethod):
        levels = [r.points for r in indicator.scoring.levels if isinstance(r.points, Decimal)]
        higher_levels = [level for level in levels if level > current_score.points]
        if not higher_levels:
            return None
        for role in indicator.source.rating:
            name = f"rating.{indicator.id}.{role}"
            if row.get(name) is not None:
                row[name] = to_integer(min(higher_levels), 2)
        what = _("{points} 分（各方都评到）").format(points=format_number(min(higher_levels)))
    else:
        return None
    total = _total_with(results, appraisal, row)
    if total is None or total <= appraisal.total:
        return None
    gain = total - appraisal.total
    text = _("{title}达到 {what}：总分 +{gain}，为 {total}").format(
        title=title(indicator), what=what, gain=points(gain), total=points(total)
    )
    return gain, Line(text)


def _edge(bounds: Bounds, value: Decimal, scale: int) -> Decimal | None:
    """Return the value inside `bounds` that is nearest to `value`, on the grid of the scale."""
    low, high = bounds.inclusive(scale)
    at = to_integer(rounded(value, scale), scale)
    if low is not None and at < low:
        return to_decimal(low, scale)
    return to_decimal(high, scale) if high is not None and at > high else None


def _total_with(results: Results, appraisal: Appraisal, changed: Row) -> Decimal | None:
    """Return the person's total with one segment row changed: the same program, run again.

    It is run on this person alone, unless the total also rests on others (a ranking).
    """
    node = results.program.segments["total"]
    alone = all(getattr(inner, "group", APPRAISAL) == APPRAISAL for inner in walk(node))
    rows = [
        changed if row["segment"] == changed["segment"] else row
        for row in results.segment_rows
        if not alone or row["appraisal"] == appraisal.person
    ]
    place = next(number for number, row in enumerate(rows) if row["segment"] == changed["segment"])
    value = exact.evaluate({"total": node}, rows)["total"][place]
    return None if value is None else to_decimal(value, node.scale)
