"""The tour of the command line: the sample company's exports, and the main job run on them."""

from __future__ import annotations

from pathlib import Path

import click

from meritdesk.cli.output import progress
from meritdesk.cli.runs import find_person, print_delivery, print_results, record_finder, run_scheme
from meritdesk.delivery import deliver
from meritdesk.explain import explain
from meritdesk.language import _
from meritdesk.sample import write_sample

SCHEME, PERIOD = "r4-support-center", "2025-09"


@click.command()
@click.option(
    "--out", "-o", type=click.Path(path_type=Path), default=Path("meritdesk-sample"), show_default=True,
    help="示例公司的数据与结果放在哪里",
)  # fmt: skip
def sample(out: Path) -> None:
    """命令行示例：生成一个月的导出文件，考核全员，写出工作簿、评价表和一份说明。不需要数据库。

    \b
    示例：meritdesk sample --out ./sample
    """
    folder = out / _("导出数据")
    with progress() as step:
        step(_("生成示例公司的导出文件"))
        write_sample(folder)
    run = run_scheme(SCHEME, folder, PERIOD)
    with progress() as step:
        step(_("写出结果文件"))
        delivery = deliver(run.results, out / _("结果"), run.metrics, forms="one", with_pay=True)
    middling = next(a for a in run.results.appraisals if len(a.segments) > 1)
    person = find_person(run.results, middling.person)
    text = explain(run.results, person, run.metrics, records=record_finder(run)).render()
    explanation = out / _("结果") / _("说明_{name}.txt").format(name=middling.name)
    explanation.write_text(text + "\n", encoding="utf-8")
    print_results(run.results)
    print_delivery(delivery, pays=True)
    click.echo(_("说　明　{path}").format(path=explanation))
    click.echo()
    click.echo(_("同样的结果可以这样得到："))
    click.echo(f"  meritdesk appraise {SCHEME} {folder} --period {PERIOD} --out {out / _('结果')} --with-pay")
    click.echo(f"  meritdesk explain {SCHEME} {folder} --period {PERIOD} --person {person} --records")
