"""The demo company in the browser."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import click

from meritdesk.cli.output import progress
from meritdesk.cli.web import host_option, port_option, run_server
from meritdesk.errors import MeritdeskError, Problem
from meritdesk.language import _
from meritdesk.web import server

BEGUN, READY = "demo-begun", "demo-ready"
"""Marks in the folder: made by this command, and made to the end."""


@click.command()
@click.option(
    "--home", type=click.Path(path_type=Path), default=Path("meritdesk-demo"), show_default=True,
    help="示例公司放在哪里；已经准备好的直接打开",
)  # fmt: skip
@host_option
@port_option
@click.option("--serve/--no-serve", "serving", default=True, show_default=True, help="准备好后打开网页，或只准备")
@click.option("--open/--no-open", "browser", default=True, show_default=True, help="打开浏览器")
@click.option("--fresh", is_flag=True, help="重新准备，丢弃在示例公司里做过的一切")
def demo(home: Path, host: str, port: int, serving: bool, browser: bool, fresh: bool) -> None:
    """示例公司：五个班组约六十人，六个已关闭的月份，五个进行到不同步骤的周期；准备好后打开网页。

    \b
    示例：
      meritdesk demo
      meritdesk demo --no-serve --home ./demo
    """
    os.environ["MERITDESK_DEMO"] = "1"
    os.environ.pop("MERITDESK_DATABASE", None)  # the demo never touches a real database
    if home.exists() and any(home.iterdir()) and not (home / BEGUN).is_file():
        message, fix = _("这个文件夹里有别的东西"), _("用 --home 换一个文件夹")
        raise MeritdeskError(Problem(code="not-a-demo", place=str(home), message=message, fix=fix))
    if fresh or not (home / READY).is_file():
        shutil.rmtree(home, ignore_errors=True)
        _build(home)
    else:
        server.prepare(home)
        server.migrate()
    if serving:
        click.echo(_("登录页列出各种角色的示例账号，点一下即可填入。"))
        run_server(host, port, worker=True, threads=8, browser=browser)
    else:
        click.echo(_("示例公司已准备好：meritdesk demo --home {home}").format(home=home))


def _build(home: Path) -> None:
    home.mkdir(parents=True)
    (home / BEGUN).touch()
    server.prepare(home)
    with progress() as step:
        step(_("建立数据库"))
        server.migrate()
        from meritdesk.web.demo.build import build_company

        build_company(step)
    (home / READY).touch()
