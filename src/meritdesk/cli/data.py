"""Commands on data: a dry run of an import with its report, and the measuring of metrics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import click
import pyarrow as pa

from meritdesk.assemble import UNITS
from meritdesk.cli.inputs import json_option, load_data, mapping_option, metrics_option, say_what_came_in
from meritdesk.cli.output import MANY, as_json, print_problems, progress, table
from meritdesk.errors import MeritdeskError, Problem
from meritdesk.events.contracts import table_text
from meritdesk.explain import figure
from meritdesk.facts import Measuring, MetricLine
from meritdesk.language import _, current
from meritdesk.metrics.definitions import Metric
from meritdesk.metrics.load import load_metrics
from meritdesk.roster import Assignment, day_number, everybody, parse_period, to_date
from meritdesk.rules.numbers import format_number


@click.command("import")
@click.argument("data_dir", type=click.Path(path_type=Path), required=False)
@mapping_option
@click.option("--tables", is_flag=True, help="列出数据表")
@click.option("--table", "described", help="列出一张数据表的各列")
@click.option("--into", type=click.Path(path_type=Path), help="把每个文件保存为不可变的批次；不给时只试读")
@json_option
def import_(
    data_dir: Path | None,
    mappings: tuple[str, ...],
    tables: bool,
    described: str | None,
    into: Path | None,
    json_output: bool,
) -> None:
    """读入一个文件夹的导出文件，给出数据报告（默认只试读，不保存）。有行被隔离时退出码为 1。

    \b
    示例：
      meritdesk import ./2025-09
      meritdesk import ./2025-09 --into ./batches
      meritdesk import --table ratings
    """
    if tables or described:
        click.echo(table_text(described))
        return
    if data_dir is None:
        raise click.UsageError(_("请给出数据文件夹，或用 --tables 列出数据表"))
    with progress() as step:
        step(_("读取 {folder}").format(folder=data_dir))
        dataset = load_data(data_dir, mappings, into=into)
    report = dataset.report
    if json_output:
        as_json(report.to_dict())
    else:
        headings = [_("文件"), _("工作表"), _("数据表"), _("读入"), _("采用"), _("隔离"), _("重复"), _("按规则排除")]
        rows = [
            (a.file, a.sheet, a.table, a.rows_in, a.accepted, a.quarantined, a.duplicates, sum(a.left_out.values()))
            for a in report.accounts
        ]
        table(headings, rows, numbers=(3, 4, 5, 6, 7))
        for q in report.quarantined[:MANY]:
            sheet = f" {q.sheet}" if q.sheet else ""
            click.echo(
                _("✗ {file}{sheet} 第 {row} 行“{column}”：{value}，{reason} [{code}]").format(
                    file=q.file,
                    sheet=sheet,
                    row=q.row,
                    column=q.column,
                    value=repr(q.value),
                    reason=q.reason,
                    code=q.code,
                )
            )
        if len(report.quarantined) > MANY:
            click.echo(_("… 另有 {n} 行被隔离").format(n=len(report.quarantined) - MANY))
        print_problems(report.problems)
    if report.quarantined:
        raise SystemExit(1)


@click.command("measure")
@click.argument("data_dir", type=click.Path(path_type=Path), required=False)
@click.option("--period", "-p", help="2025-09、2025-Q3、2025 或 起日..止日")
@click.option("--metric", "chosen", multiple=True, help="只算这些指标（代码）；不给时计算数据足够的全部指标")
@click.option("--list", "listing", is_flag=True, help="列出可用的运营指标")
@click.option("--total", is_flag=True, help="只要全体合计，不分人")
@mapping_option
@metrics_option
@json_option
def measure_(
    data_dir: Path | None,
    period: str | None,
    chosen: tuple[str, ...],
    listing: bool,
    total: bool,
    mappings: tuple[str, ...],
    metric_files: tuple[Path, ...],
    json_output: bool,
) -> None:
    """计算运营指标，按人列出数值、分子、分母、样本、排除与待定。

    \b
    示例：
      meritdesk measure --list
      meritdesk measure ./2025-09 --period 2025-09 --metric csat_top2 --metric handle_time
    """
    metrics = load_metrics(metric_files)
    if listing:
        _print_metrics(metrics, json_output)
        return
    if data_dir is None or period is None:
        raise click.UsageError(_("请给出数据文件夹和 --period，或用 --list 列出指标"))
    unknown = [name for name in chosen if name not in metrics]
    if unknown:
        raise MeritdeskError(
            Problem(
                code="unknown-metric", place="、".join(unknown), message=_("没有这些运营指标"), fix=_("用 --list 查看")
            )
        )
    with progress() as step:
        step(_("读取 {folder}").format(folder=data_dir))
        dataset = load_data(data_dir, mappings)
        span = parse_period(period)
        assignments = everybody(dataset.tables["people"], span)
        wanted = [m for m in metrics.values() if (m.id in chosen if chosen else _has_data(m.tables, dataset.tables))]
        step(_("计算 {n} 项运营指标").format(n=len(wanted)))
        measuring = Measuring(dataset.tables, assignments, wanted)
        if total:
            measuring = measuring.together(day_number(span.first), day_number(span.last) + 1)
        lines = measuring.values()
    posts = {} if total else {a.key: a for a in assignments}
    if json_output:
        as_json([_line_document(line, posts.get(line.segment)) for line in lines])
        return
    say_what_came_in(dataset, data_dir)
    shown = [line for line in lines if chosen or line.n or line.excluded or line.pending]
    _print_lines(shown, posts, metrics)
    empty = sorted({line.metric for line in lines} - {line.metric for line in shown})
    if empty:
        click.echo(_("这些指标在期间内没有任何数据：{names}").format(names="、".join(empty)), err=True)


def _has_data(needed: tuple[str, ...], tables: dict[str, pa.Table]) -> bool:
    return all(tables[name].num_rows for name in needed)


def _title(metric: Metric) -> str:
    return metric.title_en if current() == "en" else metric.title


def _print_metrics(metrics: Mapping[str, Metric], json_output: bool) -> None:
    rows = [(m.id, _title(m), m.kind, m.unit, m.better) for m in metrics.values()]
    if json_output:
        as_json([dict(zip(("id", "title", "kind", "unit", "better"), row, strict=True)) for row in rows])
    else:
        table([_("代码"), _("名称"), _("种类"), _("单位"), _("方向")], rows)


def _line_document(line: MetricLine, post: Assignment | None) -> dict[str, object]:
    """Return a figure for programs; `from_day` and `to_day` (included) tell two assignments of one person apart."""
    days: dict[str, object] = {}
    if post is not None:
        days = {"team": post.team, "from_day": str(to_date(post.from_day)), "to_day": str(to_date(post.to_day - 1))}
    return {**line.__dict__, **days}


def _print_lines(lines: Sequence[MetricLine], posts: Mapping[int, Assignment], metrics: Mapping[str, Metric]) -> None:
    several = Counter(post.person for post in posts.values())
    rows = []
    for line in lines:
        post = posts.get(line.segment)
        who = _("全体") if post is None else f"{line.person} {post.name}"
        if post is not None and several[post.person] > 1:
            who += f" {to_date(post.from_day):%m-%d}–{to_date(post.to_day - 1):%m-%d}"
        value = None if line.value is None else figure(line.value, UNITS.get(metrics[line.metric].unit, ""))
        parts = (None if part is None else format_number(part) for part in (line.numerator, line.denominator))
        rows.append(
            (who, line.metric, _title(metrics[line.metric]), value, *parts, line.n, line.excluded, line.pending)
        )
    headings = [_("人员"), _("代码"), _("指标"), _("数值"), _("分子"), _("分母"), _("样本"), _("排除"), _("待定")]
    table(headings, rows, numbers=(3, 4, 5, 6, 7, 8))
