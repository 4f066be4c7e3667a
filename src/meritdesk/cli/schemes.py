"""Commands on schemes: list, show, check, cases, diff, simulate."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path

import click

from meritdesk.cases import load_cases, results_of, run_cases
from meritdesk.cli.inputs import (
    beside,
    data_dir,
    find_scheme,
    json_option,
    load_data,
    mapping_option,
    metrics_option,
    say_what_came_in,
)
from meritdesk.cli.output import as_json, progress, table
from meritdesk.language import _, current
from meritdesk.metrics.load import load_metrics
from meritdesk.needs import needed_columns
from meritdesk.pipeline import Step, appraise
from meritdesk.roster import parse_period
from meritdesk.scheme.check import Limits, check, printed
from meritdesk.scheme.describe import describe
from meritdesk.scheme.diff import diff
from meritdesk.scheme.load import load_document, load_scheme, shipped, shipped_as_printed
from meritdesk.scheme.schema import scheme_schema
from meritdesk.simulate import Simulation, compare


@click.group()
def scheme() -> None:
    """方案：列出、阅读、体检、验算、比较、试算。"""


@scheme.command("list")
@json_option
def list_(json_output: bool) -> None:
    """列出自带的方案。

    \b
    示例：meritdesk scheme list
    """
    found = {name: load_scheme(path) for name, path in {**shipped(), **shipped_as_printed()}.items()}
    rows = [
        (name, s.title_en if current() == "en" and s.title_en else s.title, s.source, s.cycle.kind, s.status)
        for name, s in found.items()
    ]
    if json_output:
        as_json([dict(zip(("name", "title", "source", "cycle", "status"), row, strict=True)) for row in rows])
    else:
        table([_("名字"), _("标题"), _("来源"), _("周期"), _("状态")], rows)


@scheme.command("show")
@click.argument("name")
@click.option("--yaml", "as_yaml", is_flag=True, help="原文")
@metrics_option
def show(name: str, as_yaml: bool, metric_files: tuple[Path, ...]) -> None:
    """用平常话读一份方案。

    \b
    示例：meritdesk scheme show r4-support-center
    """
    loaded, _path = find_scheme(name)
    click.echo(loaded.text if as_yaml else describe(loaded.scheme, load_metrics(metric_files)))


@scheme.command("copy")
@click.argument("name")
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--id", "identity", help="新方案的标识；默认取自文件名")
def copy(name: str, target: Path, identity: str | None) -> None:
    """复制一份方案（连同算例）来改：换上自己的标识，版本从 1 起，并写明来自哪份方案。

    \b
    示例：meritdesk scheme copy r4-support-center 我的方案.yaml --id my_centre
    """
    loaded, path = find_scheme(name)
    chosen = identity or re.sub(r"[^a-z0-9]+", "_", target.stem.lower()).strip("_") or f"{loaded.scheme.scheme}_local"
    for file in (target, beside(target, "cases")):
        if file.exists():
            raise FileExistsError(17, "", str(file))
    text = re.sub(r"(?m)^scheme:.*$", f"scheme: {chosen}\nparent: {loaded.scheme.scheme}", loaded.text, count=1)
    text = re.sub(r"(?m)^version:.*$", "version: 1", text, count=1)
    if loaded.scheme.parent:
        text = re.sub(r"(?m)^parent: (?!" + re.escape(loaded.scheme.scheme) + r"$).*\n", "", text)
    load_document(text, name=target.name)
    target.write_text(text, encoding="utf-8")
    written = [target]
    if beside(path, "cases").exists():
        beside(target, "cases").write_text(beside(path, "cases").read_text(encoding="utf-8"), encoding="utf-8")
        written.append(beside(target, "cases"))
    for file in written:
        click.echo(f"→ {file}")


@scheme.command("needs")
@click.argument("name")
@metrics_option
@json_option
def needs(name: str, metric_files: tuple[Path, ...], json_output: bool) -> None:
    """一份方案需要哪些数据表和列：准备导出文件和映射之前先看。

    \b
    示例：meritdesk scheme needs r4-support-center
    """
    loaded, _path = find_scheme(name)
    rows = needed_columns(loaded.scheme, load_metrics(metric_files))
    if json_output:
        as_json([dict(zip(("table", "column", "for"), row, strict=True)) for row in rows])
    else:
        table([_("数据表"), _("列"), _("用于")], rows)


@scheme.command("schema")
@click.option("--out", "-o", type=click.Path(path_type=Path), help="写到文件；不给时输出到屏幕")
def schema(out: Path | None) -> None:
    """方案文件的 JSON Schema：让文本编辑器能补全和检查方案。

    \b
    示例：meritdesk scheme schema --out scheme.schema.json
    """
    if out is None:
        as_json(scheme_schema())
    else:
        out.write_text(json.dumps(scheme_schema(), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


@scheme.command("check")
@click.argument("name")
@click.option("--previous", help="上一版方案：改变计分方法须有理由、批准和告知")
@click.option("--cliff", type=int, help="数值变动一个单位，得分变动超过多少分算断崖")
@metrics_option
@json_option
def check_(
    name: str, previous: str | None, cliff: int | None, metric_files: tuple[Path, ...], json_output: bool
) -> None:
    """方案体检：找出有漏洞、不公平或无法执行的地方。有错误时退出码为 1。

    \b
    示例：meritdesk scheme check 我的方案.yaml --previous 旧方案.yaml
    """
    loaded, path = find_scheme(name)
    metrics = load_metrics(metric_files)
    outcomes = None
    if loaded.scheme.status == "ready" and beside(path, "cases").exists():
        comparisons = run_cases(loaded.scheme, metrics, load_cases(beside(path, "cases")))
        outcomes = results_of(comparisons)
    findings = check(
        loaded,
        metrics=metrics,
        previous=find_scheme(previous)[0] if previous else None,
        cases=outcomes,
        limits=Limits() if cliff is None else Limits(points=Decimal(cliff)),
    )
    if json_output:
        as_json([{**problem.__dict__, "line": loaded.line(problem.place)} for problem in findings])
    else:
        for problem in findings:
            click.echo(printed(loaded, problem))
        click.echo(_("{title}：{n} 条发现").format(title=loaded.scheme.title, n=len(findings)))
    if any(problem.severity == "error" for problem in findings):
        raise SystemExit(1)


@scheme.command("cases")
@click.argument("name")
@click.option("--cases", "case_file", type=click.Path(path_type=Path), help="算例文件；默认是方案旁的 .cases.yaml")
@metrics_option
@json_option
def cases_(name: str, case_file: Path | None, metric_files: tuple[Path, ...], json_output: bool) -> None:
    """在两个计算器上运行算例。有一个数字不符，退出码为 1。

    \b
    示例：meritdesk scheme cases r4-support-center
    """
    loaded, path = find_scheme(name)
    cases = load_cases(case_file or beside(path, "cases"))
    with progress() as step:
        step(_("运行 {n} 个算例").format(n=len(cases)))
        comparisons = run_cases(loaded.scheme, load_metrics(metric_files), cases)
    wrong = [c for c in comparisons if not c.agrees]
    if json_output:
        as_json([{**c.__dict__, "agrees": c.agrees, "difference": c.difference} for c in comparisons])
    else:
        headings = [_("算例"), _("人员"), _("数字"), _("应得"), _("计算器一"), _("计算器二")]
        if wrong:
            table(headings, [(c.case, c.person, c.what, c.expected, c.exact, c.columns) for c in wrong])
        stated = [c for c in comparisons if c.stated]
        if stated:
            headings = [_("算例"), _("数字"), _("原文"), _("计算"), _("相差")]
            table(headings, [(c.case, c.what, c.expected, c.exact, c.difference) for c in stated], numbers=(2, 3, 4))
        click.echo(
            _("{n} 个算例，{figures} 个数字，{wrong} 个不符").format(
                n=len(cases), figures=len(comparisons), wrong=len(wrong)
            )
        )
    if wrong:
        raise SystemExit(1)


@scheme.command("diff")
@click.argument("old")
@click.argument("new")
@json_option
def diff_(old: str, new: str, json_output: bool) -> None:
    """比较两份方案：两个版本，或本地方案与上级框架。有差别时退出码为 1。

    \b
    示例：meritdesk scheme diff r1-service-quality r1-local-example
    """
    differences = diff(find_scheme(old)[0].scheme, find_scheme(new)[0].scheme)
    if json_output:
        as_json([difference.__dict__ for difference in differences])
    else:
        for difference in differences:
            click.echo(difference.place)
            for sign, text in (("-", difference.old), ("+", difference.new)):
                if text:
                    click.echo(f"  {sign} {text}")
        click.echo(_("{n} 处差别").format(n=len(differences)))
    if differences:
        raise SystemExit(1)


@scheme.command("simulate")
@click.argument("before")
@click.argument("after")
@data_dir
@click.option("--period", "-p", "periods", multiple=True, required=True, help="可重复：2025-07 2025-08 …")
@mapping_option
@metrics_option
@json_option
def simulate_(
    before: str,
    after: str,
    data_dir: Path,
    periods: tuple[str, ...],
    mappings: tuple[str, ...],
    metric_files: tuple[Path, ...],
    json_output: bool,
) -> None:
    """试算：同样的人和期间换一份方案，谁得谁失，花费多少。

    \b
    示例：meritdesk scheme simulate 现行.yaml 新方案.yaml ./数据 -p 2025-07 -p 2025-08
    """
    metrics = load_metrics(metric_files)
    schemes = [find_scheme(name)[0] for name in (before, after)]
    with progress() as step:
        step(_("读取 {folder}").format(folder=data_dir))
        dataset = load_data(data_dir, mappings)
        spans = [parse_period(period) for period in periods]
        runs = [
            [appraise(s, dataset, span, metrics, step=_named(step, f"{s.scheme.title} {span}")) for span in spans]
            for s in schemes
        ]
    say_what_came_in(dataset, data_dir)
    result = compare(*runs)
    if json_output:
        as_json({**result.__dict__, "changes": [change.__dict__ for change in result.changes]})
    else:
        _print_simulation(result)


def _named(step: Step, name: str) -> Step:
    return lambda text: step(f"{name}：{text}")


def _print_simulation(result: Simulation) -> None:
    changed = [c for c in result.changes if c.direction]
    if changed:
        headings = [_("期间"), _("工号"), _("姓名"), _("总分"), _("新总分"), _("等级"), _("新等级"), _("薪酬差（元）")]
        rows = [
            (
                c.period, c.person, c.name, c.total_before, c.total_after,
                c.grade_before or None, c.grade_after or None,
                None if c.pay_difference is None else f"{c.pay_difference:+,.2f}",
            )
            for c in sorted(changed, key=lambda c: (c.direction, c.pay_difference or 0, c.period.first, c.person))
        ]  # fmt: skip
        table(headings, rows, numbers=(3, 4, 7))
    click.echo(
        _(
            "受益 {winners} 人次，受损 {losers} 人次，不变 {unchanged} 人次；薪酬合计变动 {cost} 元；"
            "{lost} 人次至少在一份方案下没有结果，不计入变动"
        ).format(
            winners=result.winners,
            losers=result.losers,
            unchanged=result.unchanged,
            cost="—" if result.cost is None else f"{result.cost:+,.2f}",
            lost=result.not_compared,
        )
    )
    for label, grades in ((_("原等级分布"), result.grades_before), (_("新等级分布"), result.grades_after)):
        listed = [f"{grade} {n}" for grade, n in grades.items()]
        without = len(result.changes) - sum(grades.values())
        click.echo(f"{label}：" + "，".join([*listed, *([_("未定级 {n}").format(n=without)] if without else [])]))
