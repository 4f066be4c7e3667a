"""What must not pass in silence: an unsound scheme, data never supplied, an indicator nobody has a value for.

A run that leaves these unsaid gives figures that look right. Nothing is computed here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import pyarrow.compute as pc

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.events.contracts import CONTRACTS
from meritdesk.events.ingest import Dataset
from meritdesk.language import _
from meritdesk.metrics.definitions import Metric
from meritdesk.results import Appraisal, IndicatorScore, Period
from meritdesk.roster import day_number, to_date
from meritdesk.scheme.check import check
from meritdesk.scheme.document import EventSource, Scheme, ViolationSource
from meritdesk.scheme.load import LoadedScheme

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
