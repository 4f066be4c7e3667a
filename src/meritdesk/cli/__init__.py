"""The command line: everything that needs no database.

Commands parse, call and print; they decide nothing. Results go to standard output, progress and problems to standard
error. Exit codes: 0 done, 1 done but something needs attention (quarantined rows, findings, differences, failed cases,
results with an error), 2 could not be done, 130 interrupted.
"""

from __future__ import annotations

import sys
from io import TextIOWrapper

import click

from meritdesk import language
from meritdesk.cli.output import report_errors


class _Group(click.Group):
    """Turns problems into readable lines and exit code 2, for every command below."""

    def invoke(self, ctx: click.Context) -> object:
        with report_errors():
            return super().invoke(ctx)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="meritdesk", prog_name="meritdesk")
@click.option(
    "--language", "-l", "chosen", type=click.Choice(language.LANGUAGES), default=language.SOURCE, show_default=True,
    envvar="MERITDESK_LANGUAGE", help="输出语言 / language of the output",
)  # fmt: skip
@click.pass_context
def main(ctx: click.Context, chosen: str) -> None:
    """客服绩效：从系统导出的数据和一份人人看得懂的方案，得到得分、等级、薪酬和说明。

    \b
    示例：
      meritdesk demo
      meritdesk appraise r4-support-center ./2025-09 --period 2025-09 --out ./结果
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a console that cannot show a character shows a question mark
            stream.reconfigure(errors="replace")
    ctx.with_resource(language.use(chosen))


def _register() -> None:
    from meritdesk.cli import data, demo, runs, sample, schemes, web

    for command in (
        demo.demo, web.init, web.serve, web.worker, web.backup, web.restore,
        sample.sample, schemes.scheme, data.import_, data.measure_, runs.appraise_, runs.explain_, runs.verify,
    ):  # fmt: skip
        main.add_command(command)


_register()
