"""Commands that compute results: appraise, explain, verify."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path

import click

from meritdesk.archive.seal import seal
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
from meritdesk.errors import MeritdeskError, Problem
from meritdesk.events.ingest import Dataset
from meritdesk.explain import Records, explain
from meritdesk.facts import Measuring
from meritdesk.language import _, current
from meritdesk.metrics.definitions import Metric
from meritdesk.metrics.load import load_metrics
from meritdesk.pipeline import appraise
from meritdesk.published import write_published
from meritdesk.reports.files import write_files
from meritdesk.reports.form import missing_glyphs, write_forms
from meritdesk.reports.workbook import write_workbook
from meritdesk.results import Results
from meritdesk.roster import parse_period, roster
from meritdesk.scheme.describe import describe

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
        files = write_all(run, out, forms=forms, with_pay=with_pay)
    if json_output:
        problems = [problem.__dict__ for problem in run.results.problems]
        as_json({"summary": summary(run.results), "problems": problems, "files": [str(path) for path in files]})
    else:
        print_results(run.results, files)
    if any(problem.severity == "error" for problem in run.results.problems):
        raise SystemExit(1)


def write_all(run: Run, out: Path, *, forms: str, with_pay: bool) -> list[Path]:
    """Write workbook, forms, data files and the sealed package of a run to `out`; return what was written."""
    results = run.results
    out.mkdir(parents=True, exist_ok=True)
    workbook = out / _("绩效结果.xlsx")
    write_workbook(results, workbook, include_pay=with_pay, scheme_text=describe(results.scheme, run.metrics))
    files = [workbook]
    if forms != "none":
        print_problems(missing_glyphs(results, language=current()))
        files += write_forms(results, out / _("评价表"), one_file=forms == "one", language=current())
    files += [*write_files(results, out / _("数据"), include_pay=with_pay), write_published(results, out / _("数据"))]
    package = out / _("存档包.zip")
    seal(
        package,
        program=results.program,
        segments=results.segment_rows,
        appraisals=results.appraisal_rows,
        outcome_segments=results.segment_outputs,
        outcome_appraisals=results.appraisal_outputs,
        scheme_text=results.scheme_text,
        run=run_document(results),
    )
    return [*files, package]


def run_document(results: Results) -> dict[str, object]:
    """Return what a package says of its run."""
    run = results.run
    return {
        "scheme": run.scheme,
        "scheme_version": run.scheme_version,
        "scheme_hash": run.scheme_hash,
        "program_hash": run.program_hash,
        "input_hash": run.input_hash,
        "engine": run.engine,
        "code_version": run.code_version,
        "period": [run.period.first.isoformat(), run.period.last.isoformat()],
        "batches": [{"name": b.name, "sha256": b.sha256, "rows": b.rows} for b in run.batches],
    }


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


def print_results(results: Results, files: Sequence[Path]) -> None:
    """Print the ranking, what needs attention, and where the files are."""
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
            "；".join([a.reason, *a.vetoes]),
        )
        for a in ranked
    ]
    table(headings, [(*row[:-1], row[-1].strip("；")) for row in rows], numbers=(0, 4, 6))
    print_problems(results.problems)
    for path in files[:10]:
        click.echo(f"→ {path}")
    if len(files) > 10:
        click.echo(_("… 另有 {n} 个文件").format(n=len(files) - 10))


@click.command("explain")
@scheme_argument
@data_dir
@period_option
@click.option("--person", required=True, help="工号，或不重名的姓名")
@click.option("--records", "with_records", is_flag=True, help="列出每项指标背后的记录（前 5 条）")
@mapping_option
@metrics_option
@json_option
def explain_(
    scheme: str,
    data_dir: Path,
    period: str,
    person: str,
    with_records: bool,
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
    tree = explain(run.results, key, run.metrics, records=found)
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
@click.argument("package", type=click.Path(path_type=Path))
@click.option("--root", help="另行记下的根哈希；与存档包不符即为被整体替换")
@json_option
def verify(package: Path, root: str | None, json_output: bool) -> None:
    """核验存档包：校验每个文件的哈希，并独立重算每个数字到最后一位。

    \b
    示例：
      meritdesk verify ./结果/存档包.zip
    """
    package.open("rb").close()  # a file that is not there could not be looked at; it is no altered package
    differences = verify_package(package, root)
    if json_output:
        as_json({"verified": not differences, "differences": differences})
    elif differences:
        for line in differences:
            click.secho(f"✗ {line}", fg="red")
    else:
        click.echo(_("核验通过：所有数字与存档一致"))
    if differences:
        raise SystemExit(1)
