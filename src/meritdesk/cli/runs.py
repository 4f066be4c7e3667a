"""Commands that compute results: appraise, explain, verify."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path

import click

from meritdesk.archive.verifier import verify as verify_package
from meritdesk.cli.inputs import (
    data_dir,
    find_scheme,
    json_option,
    load_data,
    mapping_option,
    metrics_option,
    period_option,
    say_what_came_in,
)
from meritdesk.cli.output import MANY, as_json, print_problems, progress, table
from meritdesk.cli.web import check_everything
from meritdesk.delivery import Delivery, altered, deliver, read_run
from meritdesk.errors import MeritdeskError, Problem
from meritdesk.events.ingest import Dataset
from meritdesk.explain import Records, explain
from meritdesk.facts import Measuring
from meritdesk.language import _
from meritdesk.metrics.definitions import Metric
from meritdesk.metrics.load import load_metrics
from meritdesk.pipeline import appraise
from meritdesk.reports.wording import left_out
from meritdesk.results import Results
from meritdesk.roster import parse_period, roster

scheme_argument = click.argument("scheme")


@dataclass(frozen=True)
class Run:
    """A finished run with what it was made from."""

    results: Results
    dataset: Dataset
    metrics: Mapping[str, Metric]


def run_scheme(
    scheme: str, folder: Path, period: str, mappings: Sequence[str] = (), metric_files: Sequence[Path] = ()
) -> Run:
    """Return the results of a scheme on a data folder, saying on the way what is being done."""
    loaded, _path = find_scheme(scheme)
    span = parse_period(period)
    metrics = load_metrics(metric_files)
    with progress() as step:
        step(_("读取 {folder}").format(folder=folder))
        dataset = load_data(folder, mappings)
        results = appraise(loaded, dataset, span, metrics, step=step)
    say_what_came_in(dataset, folder)
    return Run(results, dataset, metrics)


@click.command("appraise")
@scheme_argument
@data_dir
@period_option
@click.option("--out", "-o", required=True, type=click.Path(path_type=Path), help="结果文件夹")
@mapping_option
@metrics_option
@click.option(
    "--forms", type=click.Choice(["one", "each", "none"]), default="one", show_default=True,
    help="评价表 PDF：合为一个、每人一个、不要",
)  # fmt: skip
@click.option("--with-pay/--without-pay", default=False, show_default=True, help="工作簿和数据文件中是否包含薪酬")
@json_option
def appraise_(
    scheme: str,
    data_dir: Path,
    period: str,
    out: Path,
    mappings: tuple[str, ...],
    metric_files: tuple[Path, ...],
    forms: str,
    with_pay: bool,
    json_output: bool,
) -> None:
    """一条命令出结果：工作簿、评价表、数据文件和可独立核验的存档包。有人的结果算不全时退出码为 1。

    \b
    示例：
      meritdesk appraise r4-support-center ./2025-09 --period 2025-09 --out ./结果
      meritdesk appraise 我的方案.yaml ./2025-Q3 --period 2025-Q3 --out ./结果 --with-pay
    """
    out.mkdir(parents=True, exist_ok=True)  # before the work, not after it: a wrong place is told at once
    run = run_scheme(scheme, data_dir, period, mappings, metric_files)
    with progress() as step:
        step(_("写出结果文件"))
        delivery = deliver(run.results, out, run.metrics, forms=forms, with_pay=with_pay)
    if json_output:
        problems = [problem.__dict__ for problem in (*run.results.problems, *delivery.problems)]
        files = [str(path) for path in delivery.files]
        as_json({"summary": summary(run.results), "problems": problems, "files": files, "root": delivery.root})
    else:
        print_results(run.results)
        print_delivery(delivery, pays=run.results.scheme.pay is not None)
    if any(problem.severity == "error" for problem in run.results.problems):
        raise SystemExit(1)


def summary(results: Results) -> dict[str, object]:
    """Return the head counts and the mean of a run."""
    totals = [a.total for a in results.appraisals if a.total is not None]
    mean = None if not totals else (sum(totals, Decimal(0)) / len(totals)).quantize(totals[0])
    return {
        "scheme": results.scheme.title,
        "period": str(results.run.period),
        "people": len(results.appraisals),
        "states": dict(Counter(a.state for a in results.appraisals)),
        "grades": dict(Counter(a.grade_title for a in results.appraisals if a.grade)),
        "mean": mean,
        "problems": len(results.problems),
    }


def print_results(results: Results) -> None:
    """Print the ranking and what needs attention."""
    click.echo(f"{results.scheme.title} · {results.run.period}")
    ranked = sorted(results.appraisals, key=lambda a: (a.total is None, -(a.total or 0), a.person))
    headings = [_("名次"), _("工号"), _("姓名"), _("班组"), _("总分"), _("等级"), _("系数"), _("说明")]
    rows = [
        (
            a.rank,
            a.person,
            a.name,
            a.team,
            a.total,
            a.grade_title or None,
            a.coefficient,
            _("；").join(text for text in (a.reason, *a.vetoes, left_out(a)) if text) or None,
        )
        for a in ranked
    ]
    table(headings, rows, numbers=(0, 4, 6))
    print_problems(results.problems)


def print_delivery(delivery: Delivery, *, pays: bool) -> None:
    """Print where the files lie, the important ones by name, and the root hash to be noted."""
    print_problems(delivery.problems)
    click.echo(_("工作簿　{path}").format(path=delivery.workbook))
    if len(delivery.forms) == 1:
        click.echo(_("评价表　{path}").format(path=delivery.forms[0]))
    elif delivery.forms:
        click.echo(_("评价表　{path}（{n} 个文件）").format(path=delivery.forms[0].parent, n=len(delivery.forms)))
    click.echo(_("数　据　{path}（{n} 个文件）").format(path=delivery.data[0].parent, n=len(delivery.data)))
    click.echo(_("存档包　{path}").format(path=delivery.package))
    if pays:
        click.echo(_("　　　　含每人薪酬，只交给有权查看的人"))
    click.echo(_("根哈希　{root}（请另行记下，核验时用 --root 比对）").format(root=delivery.root))


@click.command("explain")
@scheme_argument
@data_dir
@period_option
@click.option("--person", required=True, help="工号，或不重名的姓名")
@click.option("--records", "with_records", is_flag=True, help="列出每项指标背后的记录（前 5 条）")
@click.option("--without-pay", is_flag=True, help="不显示薪酬")
@mapping_option
@metrics_option
@json_option
def explain_(
    scheme: str,
    data_dir: Path,
    period: str,
    person: str,
    with_records: bool,
    without_pay: bool,
    mappings: tuple[str, ...],
    metric_files: tuple[Path, ...],
    json_output: bool,
) -> None:
    """说明一个人的结果怎样得来：工资、等级、维度、指标、数据，直到原始记录；以及怎样达到下一等级。

    \b
    示例：
      meritdesk explain r4-support-center ./2025-09 --period 2025-09 --person A001 --records
    """
    run = run_scheme(scheme, data_dir, period, mappings, metric_files)
    key = find_person(run.results, person)
    found = record_finder(run) if with_records else None
    tree = explain(run.results, key, run.metrics, records=found, include_pay=not without_pay)
    if json_output:
        as_json(asdict(tree))
    else:
        click.echo(tree.render())


def find_person(results: Results, person: str) -> str:
    """Return the staff key of a key or an unambiguous name; MeritdeskError otherwise."""
    found = [a for a in results.appraisals if a.person == person]
    found = found or [a for a in results.appraisals if a.name == person]
    if len(found) == 1:
        return found[0].person
    if found:
        message, listed, more = _("有 {n} 人叫“{person}”"), found, ""
    else:
        listed = sorted(results.appraisals, key=lambda a: a.person)[:MANY]
        message, more = _("结果中没有“{person}”"), "……" if len(results.appraisals) > MANY else ""
    people = "、".join(f"{a.person}（{a.name}，{a.team}）" for a in listed)
    raise MeritdeskError(
        Problem(
            code="namesakes" if found else "unknown-person",
            place="--person",
            message=message.format(n=len(found), person=person),
            fix=_("用工号：{people}").format(people=people + more),
        )
    )


def record_finder(run: Run) -> Records:
    """Return the function that finds the records behind a metric of a segment."""
    assignments, _problems = roster(run.dataset.tables["people"], run.results.scheme, run.results.run.period)
    used = {
        i.source.removeprefix("metric:")
        for a in run.results.appraisals
        for s in a.segments
        for d in s.dimensions
        for i in d.indicators
        if i.source.startswith("metric:")
    }
    measuring = Measuring(run.dataset.tables, assignments, [run.metrics[name] for name in sorted(used)])
    return measuring.records


@click.command("verify")
@click.argument("package", type=click.Path(path_type=Path), required=False)
@click.option(
    "--home", type=click.Path(path_type=Path), envvar="MERITDESK_HOME", default=Path("meritdesk-data"),
    show_default=True, help="没有给出存档包时：核验这里的数据库和全部存档",
)  # fmt: skip
@click.option("--root", help="另行记下的根哈希；与存档包不符即为被整体替换")
@click.option("--results", "results_dir", type=click.Path(path_type=Path), help="同时核对结果文件夹里的文件没有改动")
@click.option("--sources", "sources_dir", type=click.Path(path_type=Path), help="同时核对导出文件仍是当时的文件")
@json_option
def verify(
    package: Path | None,
    home: Path,
    root: str | None,
    results_dir: Path | None,
    sources_dir: Path | None,
    json_output: bool,
) -> None:
    """核验存档包：校验每个文件的哈希，并独立重算每个数字到最后一位。不给存档包时核验网页系统的数据库和全部存档。

    \b
    示例：
      meritdesk verify ./结果/存档包.zip
      meritdesk verify ./结果/存档包.zip --results ./结果 --sources ./2025-09 --root 9f2c…
      meritdesk verify --home ./meritdesk-data
    """
    if package is None:
        check_everything(home)
        return
    package.open("rb").close()  # a file that is not there could not be looked at; it is no altered package
    differences = verify_package(package, root)
    if not differences:
        differences = altered(package, results=results_dir, sources=sources_dir)
    if json_output:
        as_json({"verified": not differences, "differences": differences})
    elif differences:
        for line in differences:
            click.secho(f"✗ {line}", fg="red")
    else:
        run = read_run(package)
        click.echo(
            _("核验通过：{scheme} 第 {version} 版，{first} 至 {last}，{people} 人，所有数字与存档一致").format(
                scheme=run["scheme"],
                version=run["scheme_version"],
                first=run["period"][0],
                last=run["period"][1],
                people=run.get("people", "—"),
            )
        )
        if root is None:
            click.echo(_("没有给出另行记下的根哈希（--root），不能排除整个存档包被替换"))
    if differences:
        raise SystemExit(1)
