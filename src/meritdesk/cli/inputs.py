"""What commands take: schemes by name or file, data folders with their mappings, metrics."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.events.ingest import Dataset, find_mappings, ingest, shipped_mappings
from meritdesk.events.mapping import load_mapping
from meritdesk.language import _
from meritdesk.scheme.load import LoadedScheme, load_document, shipped, shipped_as_printed

data_dir = click.argument("data_dir", type=click.Path(path_type=Path))
mapping_option = click.option(
    "--mapping", "-m", "mappings", multiple=True,
    help="字段映射：文件，或自带映射的名字；不给时用数据文件夹里的 *.mapping.yaml",
)  # fmt: skip
metrics_option = click.option(
    "--metrics", "metric_files", multiple=True, type=click.Path(path_type=Path), help="自定义运营指标的 YAML 文件"
)
period_option = click.option("--period", "-p", required=True, help="2025-09、2025-Q3、2025-H2、2025 或 起日..止日")
json_option = click.option("--json", "json_output", is_flag=True, help="输出 JSON，供程序读取")


def find_scheme(name: str) -> tuple[LoadedScheme, Path]:
    """Return a scheme by path, or by the name of a shipped one, and its file; MeritdeskError if there is none."""
    path = Path(name)
    if path.suffix in (".yaml", ".yml") or path.is_file():
        return load_document(path), path
    known = {**shipped(), **shipped_as_printed()}
    chosen = known.get(name) or known.get(name.replace("_", "-"))
    if chosen is None:
        raise MeritdeskError(
            Problem(
                code="unknown-scheme",
                place=name,
                message=_("没有名为“{name}”的方案").format(name=name),
                fix=_("给出 YAML 文件的路径，或从这些名字中选：{names}").format(names="、".join(sorted(shipped()))),
            )
        )
    return load_document(chosen), chosen


def beside(path: Path, kind: str) -> Path:
    """Return the companion of a scheme file: ``cases`` or ``findings``."""
    return path.with_name(path.name.removesuffix(path.suffix) + f".{kind}.yaml")


def load_data(folder: Path, mappings: Sequence[str], *, into: Path | None = None) -> Dataset:
    """Return the tables made from a data folder, with the mappings named or those that lie in it."""
    if not mappings:
        return ingest(folder, find_mappings(folder) if folder.is_dir() else (), into=into)
    known = shipped_mappings()
    return ingest(folder, [load_mapping(known.get(name, Path(name))) for name in mappings], into=into)


def say_what_came_in(dataset: Dataset, folder: Path) -> None:
    """Write one line to standard error: where the rows went; no row leaves in silence."""
    accounts, report = dataset.report.accounts, dataset.report
    text = _("读入 {rows} 行：采用 {accepted}，隔离 {quarantined}，重复 {duplicates}，按规则排除 {left_out}").format(
        rows=sum(a.rows_in for a in accounts),
        accepted=sum(a.accepted for a in accounts),
        quarantined=sum(a.quarantined for a in accounts),
        duplicates=sum(a.duplicates for a in accounts),
        left_out=sum(sum(a.left_out.values()) for a in accounts),
    )
    odd = bool(report.quarantined or report.problems)
    if report.problems:
        text += _("；提示 {n} 条").format(n=len(report.problems))
    click.secho(f"{'!' if odd else '·'} {text}", fg="yellow" if odd else None, err=True)
    if odd:
        click.echo("  " + _("逐条查看：meritdesk import {folder}").format(folder=folder), err=True)
