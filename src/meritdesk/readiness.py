"""What must not pass in silence: an unsound scheme, data never supplied, an indicator nobody has a value for.

A run that leaves these unsaid gives figures that look right. Nothing is computed here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal

import pyarrow.compute as pc

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.events.contracts import CONTRACTS
from meritdesk.events.ingest import Dataset
from meritdesk.language import _
from meritdesk.metrics.definitions import Metric
from meritdesk.results import Appraisal, IndicatorScore, Period
from meritdesk.roster import day_number, to_date
from meritdesk.scheme.check import check
from meritdesk.scheme.describe import cycle_in_words
from meritdesk.scheme.document import EventSource, Scheme, ViolationSource
from meritdesk.scheme.load import LoadedScheme
from meritdesk.scores import MOST_DAYS

SETTLED = ("ratings", "adjustments")
"""Tables of judgements: a period with nothing else in it is still a period with data."""


def refuse_unsound(loaded: LoadedScheme, metrics: Mapping[str, Metric]) -> None:
    """Raise MeritdeskError with every finding of the scheme check that blocks publication."""
    findings = [problem for problem in check(loaded, metrics=metrics) if problem.severity == "error"]
    if findings:
        raise MeritdeskError(
            *(
                Problem(
                    code=p.code, place=f"{loaded.name}:{loaded.line(p.place)}", message=p.message, fix=p.fix, why=p.why
                )
                for p in findings
            )
        )


def supplied_tables(dataset: Dataset) -> frozenset[str]:
    """Return the event tables that some file was read into, be it without a row."""
    return frozenset(account.table for account in dataset.report.accounts)


def refuse_empty_period(dataset: Dataset, period: Period) -> None:
    """Raise MeritdeskError when no fact of any table falls into the period, naming the days that have facts."""
    first, last = day_number(period.first), day_number(period.last)
    days: list[tuple[int, int]] = []
    for name, contract in CONTRACTS.items():
        table = dataset.tables.get(name)
        if table is None or not table.num_rows:
            continue
        column = "day" if contract.fact else "first_day" if name == "results" else None
        if column is None:
            continue
        ends = pc.min_max(table[column]).as_py()
        days.append((ends["min"], ends["max"]))
    if any(low <= last and high >= first for low, high in days):
        return
    known = _("数据从 {first} 到 {last}").format(
        first=to_date(min(low for low, _high in days)), last=to_date(max(high for _low, high in days))
    ) if days else _("没有读到任何事实数据")  # fmt: skip
    raise MeritdeskError(
        Problem(
            code="period-without-data",
            place="--period",
            message=_("{period} 内没有任何记录；{known}").format(period=period, known=known),
            fix=_("换一个期间，或补充该期间的数据"),
        )
    )


LENGTHS = {"month": (28, 31), "quarter": (89, 92), "half_year": (181, 184), "year": (365, 366)}
"""Fewest and most days of a cycle, by its kind."""


def unlike_cycle(scheme: Scheme, period: Period) -> list[Problem]:
    """Return a warning for a period of another length than the scheme's cycle; MeritdeskError above the longest one."""
    if period.days > MOST_DAYS:
        raise MeritdeskError(
            Problem(
                code="period-too-long",
                place="--period",
                message=_("期间有 {days} 天，最长 {most} 天").format(days=period.days, most=MOST_DAYS),
                fix=_("分成几个周期计算"),
            )
        )
    low, high = LENGTHS.get(scheme.cycle.kind, (1, MOST_DAYS))
    if low <= period.days <= high:
        return []
    return [
        Problem(
            code="period-unlike-cycle",
            place="--period",
            message=_("方案按{kind}考核，期间却有 {days} 天").format(
                kind=cycle_in_words(scheme.cycle.kind), days=period.days
            ),
            fix=_("换一个期间；工资基数和目标都按方案的周期计"),
            severity="warning",
        )
    ]


def unsupplied(scheme: Scheme, wanted: Sequence[Metric], supplied: frozenset[str]) -> list[Problem]:
    """Return one warning per table that the scheme rests on and no file was read into."""
    needs: dict[str, list[str]] = defaultdict(list)
    for metric in wanted:
        for table in metric.tables:
            if table not in supplied:
                needs[table].append(metric.title)
    found = [
        Problem(
            code="table-not-supplied",
            place=table,
            message=_("没有导入 {table} 数据：{titles} 对全员按没有数据处理").format(
                table=table, titles=_("、").join(dict.fromkeys(titles))
            ),
            fix=_("导入这张表；确实一条也没有时，放一个只有表头的 {table}.csv").format(table=table),
            severity="warning",
        )
        for table, titles in sorted(needs.items())
    ]
    for kind, table in ((ViolationSource, "violations"), (EventSource, "events")):
        titles = [i.title for _d, i in scheme.indicators() if isinstance(i.source, kind)]
        if titles and table not in supplied:
            found.append(
                Problem(
                    code="table-not-supplied",
                    place=table,
                    message=_("没有导入 {table} 数据：{titles} 对全员按 0 次计").format(
                        table=table, titles=_("、").join(titles)
                    ),
                    fix=_("导入这张表；确实一条也没有时，放一个只有表头的 {table}.csv").format(table=table),
                    severity="warning",
                )
            )
    return found


def silent_indicators(scheme: Scheme, appraisals: Sequence[Appraisal], metrics: Mapping[str, Metric]) -> list[Problem]:
    """Return one error per indicator that has points for nobody: its weight went elsewhere without anyone noticing."""
    scores: dict[str, list[IndicatorScore]] = defaultdict(list)
    for appraisal in appraisals:
        for segment in appraisal.segments:
            for score in (i for d in segment.dimensions for i in d.indicators if segment.counted):
                scores[score.id].append(score)
    found = []
    for _dimension, indicator in scheme.indicators():
        of_everybody = scores[indicator.id]
        if not of_everybody or any(score.points is not None for score in of_everybody):
            continue
        source = of_everybody[0].source
        metric = metrics.get(source.removeprefix("metric:")) if source.startswith("metric:") else None
        where = (
            _("表 {tables} 中没有可用的数据").format(tables=_("、").join(metric.tables))
            if metric
            else _("没有评分或事实")
        )
        found.append(
            Problem(
                code="indicator-without-data",
                place=f"indicators.{indicator.id}",
                message=_("“{title}”对全部 {n} 段任职都没有得分：{where}").format(
                    title=indicator.title, n=len(of_everybody), where=where
                ),
                fix=_("检查映射是否漏了列、样本是否太少；确实没有时，从方案中去掉这项指标"),
            )
        )
    return found


def unshared_pools(scheme: Scheme, appraisals: Sequence[Appraisal]) -> list[Problem]:
    """Return one warning per pool and group that is not shared out whole, or without people whose result is held."""
    found = []
    for item in scheme.pay.items if scheme.pay else ():
        if item.pool is None:
            continue
        members: dict[str, list[Appraisal]] = defaultdict(list)
        for appraisal in appraisals:
            team = f"{appraisal.department} {appraisal.team}"
            groups = {"team": team, "department": appraisal.department, "position": appraisal.position_title}
            members[groups.get(item.pool.group, _("全员"))].append(appraisal)
        for group, people in members.items():
            lines = [line.amount for a in people for line in a.pay if line.id == item.id and line.amount is not None]
            shared, held = sum(lines, Decimal(0)), sum(a.state == "held" for a in people)
            if shared == item.pool.amount and not held:
                continue
            message = _("“{title}”{group}：{amount} 元分出 {shared} 元；{n} 人结果暂缓，未参与分配").format(
                title=item.title, group=group, amount=item.pool.amount, shared=shared, n=held
            )
            fix = _("先完成暂缓的结果再发放；没有人可分时，决定这笔钱的去向")
            found.append(
                Problem(
                    code="pool-not-shared", place=f"pay.items.{item.id}", message=message, fix=fix, severity="warning"
                )
            )
    return found
