"""Commands of the web part: init, serve, worker, backup, restore, and the check of everything it keeps."""

from __future__ import annotations

import subprocess
import sys
import webbrowser
from pathlib import Path

import click

from meritdesk.cli.output import print_problems, progress
from meritdesk.errors import MeritdeskError, Problem
from meritdesk.language import _, current
from meritdesk.web import server

home_option = click.option(
    "--home", type=click.Path(path_type=Path), envvar="MERITDESK_HOME", default=Path("meritdesk-data"),
    show_default=True, help="数据库、文件和存档放在哪里",
)  # fmt: skip
host_option = click.option("--host", default="127.0.0.1", show_default=True, help="在哪个地址上提供页面")
port_option = click.option("--port", type=click.IntRange(0, 65535), default=8300, show_default=True, help="端口")


@click.command()
@home_option
@click.option("--admin", default="admin", show_default=True, help="第一位系统管理员的登录名")
def init(home: Path, admin: str) -> None:
    """建立数据库和第一位系统管理员；已有数据时只更新数据库结构。

    \b
    示例：meritdesk init --admin wangmin
    """
    server.prepare(home)
    with progress() as step:
        step(_("建立数据库"))
        server.migrate()
    from meritdesk.web.access.first import create_first_administrator

    password = create_first_administrator(admin)
    if password is not None:
        click.echo(_("系统管理员 {name} 的一次性密码：{password}").format(name=admin, password=password))
        click.echo(_("首次登录须修改密码。现在运行：meritdesk serve --home {home}").format(home=home))
    else:
        click.echo(_("已有账号，没有新建管理员；数据库结构已是最新。"))


@click.command()
@home_option
@host_option
@port_option
@click.option("--threads", type=click.IntRange(1, 64), default=8, show_default=True, help="同时处理多少个请求")
@click.option("--worker/--no-worker", default=True, show_default=True, help="同时运行后台任务进程")
@click.option("--open", "browser", is_flag=True, help="打开浏览器")
def serve(home: Path, host: str, port: int, threads: int, worker: bool, browser: bool) -> None:
    """提供网页，直到按下 Ctrl-C。数据库结构在启动时更新。

    \b
    示例：meritdesk serve --port 8300 --open
    """
    server.prepare(home)
    with progress() as step:
        step(_("检查数据库"))
        server.migrate()
    run_server(host, port, worker=worker, threads=threads, browser=browser)


def run_server(host: str, port: int, *, worker: bool, threads: int, browser: bool) -> None:
    """Serve until interrupted; says where, once the port is open."""
    address = f"http://{'localhost' if host in ('127.0.0.1', '0.0.0.0') else host}:{port}/"

    def ready() -> None:
        click.echo(_("网页：{address}（按 Ctrl-C 结束）").format(address=address))
        if browser:
            webbrowser.open(address)

    try:
        server.serve(host, port, worker=worker, threads=threads, ready=ready)
    except OSError as error:
        fix = _("换一个端口：--port {port}").format(port=port + 1)
        message = _("端口 {port} 用不了：{error}").format(port=port, error=error.strerror or error)
        raise MeritdeskError(Problem(code="port-not-usable", place="--port", message=message, fix=fix)) from error
    click.echo(_("已结束。"))


@click.command()
@home_option
@click.option("--alone", is_flag=True, help="没有别的后台进程：上次中断的任务立即重做")
def worker(home: Path, alone: bool) -> None:
    """执行后台任务，直到被结束；serve 已经带有一个，人多时可以另开。

    \b
    示例：meritdesk worker
    """
    server.prepare(home)
    server.work(alone=alone)


@click.command()
@home_option
@click.argument("file", type=click.Path(path_type=Path))
def backup(home: Path, file: Path) -> None:
    """把数据库、文件和密钥备份成一个文件；运行中也可以备份。请像保管原件一样保管它。

    \b
    示例：meritdesk backup 备份-2025-10-08.zip
    """
    server.prepare(home)
    from meritdesk.web.backup import back_up

    with progress() as step:
        step(_("写出备份"))
        count = back_up(file)
    click.echo(_("备份完成：{file}，数据库和 {n} 个文件").format(file=file, n=count))


@click.command()
@home_option
@click.argument("file", type=click.Path(path_type=Path))
def restore(home: Path, file: Path) -> None:
    """把备份恢复到空文件夹，然后核验全部结果和审计记录。

    \b
    示例：meritdesk restore 备份-2025-10-08.zip --home ./恢复
    """
    server.prepare(home)
    from meritdesk.web.backup import restore as put_back

    with progress() as step:
        step(_("恢复"))
        count = put_back(file)
    click.echo(_("已恢复数据库和 {n} 个文件").format(n=count))
    # In a process of its own: this one began with another secret key than the one that was put back.
    sys.stdout.flush()
    done = subprocess.run([sys.executable, "-m", "meritdesk", "-l", current(), "verify", "--home", str(home)])
    raise SystemExit(done.returncode)


def check_everything(home: Path) -> None:
    """Check the audit chain, all published results and all archives; print what was found, exit with 1 if anything."""
    server.prepare(home)
    from meritdesk.web.access.chain import verify_chain
    from meritdesk.web.access.models import AuditEntry
    from meritdesk.web.cycles.integrity import verify_cycles
    from meritdesk.web.cycles.models import Archive, Result
    from meritdesk.web.schemes.integrity import verify_schemes

    with progress() as step:
        step(_("核验审计记录"))
        found = list(verify_chain(remember=True))
        step(_("核验方案、结果与存档"))
        found += [*verify_schemes(), *verify_cycles()]
    if found:
        print_problems(found)
        raise SystemExit(1)
    counts = (AuditEntry.objects.count(), Result.objects.count(), Archive.objects.count())
    click.echo(_("核验通过：审计记录 {n} 条，结果 {m} 份，存档 {k} 个").format(n=counts[0], m=counts[1], k=counts[2]))
