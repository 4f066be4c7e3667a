"""The command line as people and programs use it: every command, its exit codes, its JSON, and what it says when it
cannot go on.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from meritdesk.cli import main
from meritdesk.cli.output import progress, table
from meritdesk.sample import write_sample

SCHEME, MONTHS = "r4-support-center", ("2025-08", "2025-09")


@pytest.fixture(scope="session")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two months of a company with two teams of two, a transfer, a leaver, a joiner and two people of one name."""
    folder = tmp_path_factory.mktemp("exports")
    write_sample(folder, ((2025, 8), (2025, 9)), teams=2, size=2)
    return folder


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def done(*arguments: object, code: int = 0) -> str:
    """Return what a command prints, after looking at its exit code."""
    result = run(*arguments)
    assert result.exit_code == code, (result.output, result.exception)
    return result.stdout


def refused(*arguments: object) -> str:
    """Return what a command says when it cannot do its work: exit code 2, nothing on standard output, no traceback."""
    result = run(*arguments)
    assert result.exit_code == 2, (result.output, result.exception)
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    return result.stderr


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


COMMANDS = dict(commands(main))
JSON_COMMANDS = sorted(p for p, c in COMMANDS.items() if any("--json" in parameter.opts for parameter in c.params))


# ------------------------------------------------------------------ help and language


def test_every_command_is_there() -> None:
    assert {" ".join(path) for path in COMMANDS} >= {
        "sample", "import", "measure", "appraise", "explain", "verify",
        "scheme list", "scheme show", "scheme copy", "scheme needs", "scheme check", "scheme cases", "scheme diff",
        "scheme simulate", "scheme schema",
    }  # fmt: skip


@pytest.mark.parametrize("path", sorted(COMMANDS), ids=" ".join)
def test_help_says_what_it_does_and_gives_an_example(path: tuple[str, ...]) -> None:
    text = done(*path, "--help")
    assert f"meritdesk {' '.join(path)}" in text.split("示例：", 1)[1]
    assert done(*path, "-h") == text
    for parameter in COMMANDS[path].params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{path} {parameter.opts} has no help"


def test_the_examples_in_the_help_parse() -> None:
    lines = [line for command in (main, *COMMANDS.values()) for line in str(command.help).splitlines()]
    examples = [
        words[1:] for words in (line.replace("：", " ").split() for line in lines) if words[:1] == ["meritdesk"]
    ]
    examples += [words[1:] for words in (line.split("：", 1)[-1].split() for line in lines if "示例：mer" in line)]
    assert len(examples) >= len(COMMANDS)
    for words in examples:
        path = next(path for path in COMMANDS if tuple(words[: len(path)]) == path)
        COMMANDS[path].make_context(path[-1], words[len(path) :])


def test_language_switch() -> None:
    assert "Support centre appraisal (monthly)" in done("-l", "en", "scheme", "list")
    assert "Support centre appraisal (monthly)" not in done("scheme", "list")
    result = CliRunner().invoke(main, ["scheme", "list"], env={"MERITDESK_LANGUAGE": "en"})
    assert "Support centre appraisal (monthly)" in result.stdout
    assert "zh-Hans" in refused("-l", "fr", "scheme", "list")


def test_version() -> None:
    assert done("--version").startswith("meritdesk, version ")


# ------------------------------------------------------------------ schemes


def test_scheme_list_and_show() -> None:
    listed = json.loads(done("scheme", "list", "--json"))
    names = {row["name"]: row["status"] for row in listed}
    assert names[SCHEME] == "ready"
    assert names[f"{SCHEME}.as-printed"] == "as_printed"
    shown = done("scheme", "show", SCHEME)
    assert shown.startswith("# 客户支持服务中心绩效评价")
    assert "服务质量（40%）" in shown
    assert "scheme: r4_support_center" in done("scheme", "show", SCHEME, "--yaml")
    assert done("scheme", "show", SCHEME.replace("-", "_")) == shown


def test_scheme_check_fails_on_errors_only() -> None:
    assert "2 条发现" in done("scheme", "check", SCHEME)
    printed = done("scheme", "check", f"{SCHEME}.as-printed", code=1)
    assert "r4-support-center.as-printed.yaml:75: 错误：" in printed
    findings = json.loads(done("scheme", "check", f"{SCHEME}.as-printed", "--json", code=1))
    assert {f["severity"] for f in findings} == {"error", "warning"}
    assert all(isinstance(f["line"], int) and f["code"] and f["place"] for f in findings)


def test_scheme_check_against_the_version_before(tmp_path: Path) -> None:
    text = done("scheme", "show", SCHEME, "--yaml")
    changed = tmp_path / "changed.yaml"
    changed.write_text(text.replace('when: "[90, )", coefficient', 'when: "[92, )", coefficient'), encoding="utf-8")
    assert "method-change-not-" in done("scheme", "check", changed, "--previous", SCHEME, code=1)


def test_scheme_cases_prints_what_was_stated_and_fails_on_a_wrong_figure(tmp_path: Path) -> None:
    assert "49 个算例" in done("scheme", "cases", SCHEME)
    comparisons = json.loads(done("scheme", "cases", SCHEME, "--json"))
    stated = {c["difference"] for c in comparisons if c["stated"]}
    assert stated == {"-3.00", "-6.00"} or stated == {"-3", "-6"}
    wrong = tmp_path / "wrong.cases.yaml"
    wrong.write_text(
        "cases:\n  - title: 一分之差\n    ratings: {standards: {superior: 5}, problem_solving: {superior: 5},"
        " response: {superior: 5}}\n    expect: {total: 99}\n",
        encoding="utf-8",
    )
    text = done("scheme", "cases", SCHEME, "--cases", wrong, code=1)
    assert "一分之差" in text
    assert "1 个不符" in text


def test_scheme_diff() -> None:
    assert "0 处差别" in done("scheme", "diff", SCHEME, SCHEME)
    text = done("scheme", "diff", "r1-service-quality", "r1-local-example", code=1)
    assert "dimensions.satisfaction.weight\n  - 20\n  + 30\n" in text
    differences = json.loads(done("scheme", "diff", "r1-service-quality", "r1-local-example", "--json", code=1))
    assert {"place": "dimensions.satisfaction.weight", "old": "20", "new": "30"}.items() <= next(
        d for d in differences if d["place"] == "dimensions.satisfaction.weight"
    ).items()


def test_scheme_simulate_names_winners_losers_and_cost(exports: Path, tmp_path: Path) -> None:
    text = done("scheme", "show", SCHEME, "--yaml")
    generous = tmp_path / "generous.yaml"
    generous.write_text(text.replace("[0.2, coefficient]", "[0.3, coefficient]"), encoding="utf-8")
    arguments = ("scheme", "simulate", SCHEME, generous, exports, "-p", MONTHS[0], "-p", MONTHS[1])
    document = json.loads(done(*arguments, "--json"))
    paid = [c for c in document["changes"] if c["pay_before"] is not None and c["pay_after"] is not None]
    assert document["losers"] == 0 < document["winners"]
    assert document["grades_before"] == document["grades_after"]
    assert {c["period"].split(" ")[0] for c in paid} == {"2025-08-01", "2025-09-01"}
    printed = run(*arguments)
    assert f"受益 {document['winners']} 人次，受损 0 人次" in printed.stdout
    assert f"薪酬合计变动 +{float(document['cost']):,.2f} 元" in printed.stdout
    assert "客户支持服务中心绩效评价（月度） 2025-08-01 – 2025-08-31：" in printed.stderr


# ------------------------------------------------------------------ data


def test_import_reports_every_row(exports: Path, tmp_path: Path) -> None:
    result = run("import", exports)
    assert result.exit_code == 1, "two rows a month cannot be used"
    assert "第 " in result.stdout
    assert "not-a-time" in result.stdout
    assert "not-a-duration" in result.stdout
    assert "namesakes" in result.stderr
    assert "unknown-people" in result.stderr
    report = json.loads(done("import", exports, "--json", code=1))
    for account in report["accounts"]:
        left_out = sum(account["left_out"].values())
        assert account["rows_in"] == (
            account["accepted"] + account["quarantined"] + account["duplicates"] + left_out
        )  # fmt: skip
    assert len(report["quarantined"]) == sum(account["quarantined"] for account in report["accounts"]) == 5
    store = tmp_path / "batches"
    once = done("import", exports, "--into", store, "--json", code=1)
    twice = done("import", exports, "--into", store, "--json", code=1)
    assert once == twice, "the same files twice change nothing"


def test_measure(exports: Path) -> None:
    listed = {row["id"] for row in json.loads(done("measure", "--list", "--json"))}
    assert {"csat_top2", "handle_time", "fcr_7_days"} <= listed
    assert "客户满意度" in done("measure", "--list")
    lines = json.loads(done("measure", exports, "-p", MONTHS[0], "--metric", "contacts_handled", "--json"))
    total = json.loads(done("measure", exports, "-p", MONTHS[0], "--metric", "contacts_handled", "--total", "--json"))
    assert sum(line["n"] for line in lines) == total[0]["n"] > 0
    moved = [line for line in lines if line["person"] == "A0102"]
    assert [(line["from_day"], line["to_day"]) for line in moved] == [
        ("2025-08-01", "2025-08-14"),
        ("2025-08-15", "2025-08-31"),
    ]
    text = done("measure", exports, "-p", MONTHS[0], "--metric", "csat_top2")
    assert "A0102" in text
    assert "08-15–08-31" in text
    assert "%" in text
    everything = run("measure", exports, "-p", MONTHS[0], "--total")
    assert "全体" in everything.stdout
    assert "nps" in everything.stderr, "what has no data at all is only named"
    assert "nps" not in everything.stdout


# ------------------------------------------------------------------ results


@dataclass(frozen=True)
class Appraised:
    """One run of `appraise` and where it wrote."""

    out: Path
    result: Result


@pytest.fixture(scope="session")
def appraised(exports: Path, tmp_path_factory: pytest.TempPathFactory) -> Appraised:
    out = tmp_path_factory.mktemp("appraised") / "深" / "结果"
    return Appraised(out, run("appraise", SCHEME, exports, "-p", MONTHS[1], "-o", out, "--forms", "each"))


def test_appraise_writes_everything_and_says_where(appraised: Appraised) -> None:
    result = appraised.result
    assert result.exit_code == 0, result.output
    names = {path.relative_to(appraised.out).as_posix() for path in appraised.out.rglob("*") if path.is_file()}
    assert {"绩效结果.xlsx", "存档包.zip", "数据/results.json", "数据/appraisals.csv"} <= names
    assert not any("pay" in name for name in names), "no pay unless it is asked for"
    ranked = [line for line in result.stdout.splitlines() if " A0" in line or " L0" in line]
    assert sum(name.startswith("评价表/") for name in names) == len(ranked)
    assert str(appraised.out / "绩效结果.xlsx") in result.stdout
    assert str(appraised.out / "存档包.zip") in result.stdout
    assert "隔离 5" in result.stderr
    assert "meritdesk import" in result.stderr


def test_appraise_tells_by_its_exit_code_that_somebody_lacks_a_result(exports: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(exports, data)
    (data / "评分_2025-09.xlsx").unlink()
    result = run("appraise", SCHEME, data, "-p", MONTHS[1], "-o", tmp_path / "out", "--forms", "none", "--json")
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert document["summary"]["states"]["held"] == document["summary"]["people"]
    assert "pay-not-computed" in {problem["code"] for problem in document["problems"]}
    assert all(Path(name).is_file() for name in document["files"])


def test_appraise_again_into_the_same_folder(exports: Path, tmp_path: Path) -> None:
    arguments = ("appraise", SCHEME, exports, "-p", MONTHS[1], "-o", tmp_path, "--forms", "none", "--with-pay")
    done(*arguments)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    done(*arguments)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    assert any(path.name == "pay.csv" for path in before)


def test_explain(exports: Path) -> None:
    arguments = ("explain", SCHEME, exports, "-p", MONTHS[0], "--person")
    text = done(*arguments, "A0102", "--records")
    assert text.startswith("赵") or "（A0102）" in text.splitlines()[0]
    assert "2025-08-15 至 2025-08-31" in text
    assert "怎样达到下一等级" in text
    assert "计入分子" in text
    assert "通话记录_2025-08.csv#" in text
    assert "客户代表：" in text, "a role that rates through a metric is listed with its share"
    tree = json.loads(done(*arguments, "A0102", "--json"))
    assert tree["text"] in text.splitlines()[0]
    lead = json.loads(done(*arguments, "L01", "--json"))["text"].split("（")[0]
    assert done(*arguments, lead).splitlines()[0].startswith(f"{lead}（L01）"), "a name will do where there is one"


def test_explain_refuses_to_guess(exports: Path) -> None:
    arguments = ("explain", SCHEME, exports, "-p", MONTHS[0], "--person")
    unknown = refused(*arguments, "无此人")
    assert "结果中没有“无此人”" in unknown
    assert "A0001（" in unknown
    name = json.loads(done(*arguments, "A0001", "--json"))["text"].split("（")[0]
    both = refused(*arguments, name)
    assert f"有 2 人叫“{name}”" in both
    assert "A0001（" in both
    assert "A0102（" in both


def test_verify(appraised: Appraised, tmp_path: Path) -> None:
    package = appraised.out / "存档包.zip"
    assert "核验通过" in done("verify", package)
    assert json.loads(done("verify", package, "--json")) == {"verified": True, "differences": []}
    altered = tmp_path / "altered.zip"
    with zipfile.ZipFile(package) as old, zipfile.ZipFile(altered, "w") as new:
        for member in old.infolist():
            content = old.read(member)
            if member.filename == "results.json":
                position = next(k for k in range(len(content) // 2, len(content)) if content[k : k + 1].isdigit())
                digit = b"1" if content[position : position + 1] != b"1" else b"2"
                content = content[:position] + digit + content[position + 1 :]
            new.writestr(member, content)
    assert "results.json" in done("verify", altered, code=1)
    assert json.loads(done("verify", altered, "--json", code=1))["verified"] is False
    assert "--root" in done("verify", package, "--root", "0" * 64, code=1)
    assert "无法核验" in done("verify", appraised.out / "数据" / "results.json", code=1)


def test_sample(tmp_path: Path) -> None:
    out = tmp_path / "sample"
    text = done("sample", "--out", out)
    assert list((out / "结果").glob("说明_*.txt"))
    assert (out / "结果" / "绩效结果.xlsx").is_file()
    repeated = [line.split()[1:] for line in text.splitlines() if line.startswith("  meritdesk ")]
    assert [words[0] for words in repeated] == ["appraise", "explain"]
    explained = done(*repeated[1])
    assert explained == next((out / "结果").glob("说明_*.txt")).read_text(encoding="utf-8")


# ------------------------------------------------------------------ what cannot be done


def test_unknown_scheme_lists_those_there_are() -> None:
    text = refused("scheme", "show", "r4")
    assert "没有名为“r4”的方案" in text
    assert SCHEME in text
    assert "[unknown-scheme]" in text


@pytest.mark.parametrize("command", ["import", "measure", "appraise"])
def test_missing_folder(command: str, tmp_path: Path) -> None:
    nowhere = tmp_path / "无"
    more = {
        "import": (nowhere,),
        "measure": (nowhere, "-p", "2025-09"),
        "appraise": (SCHEME, nowhere, "-p", "2025-09", "-o", tmp_path / "out"),
    }
    text = refused(command, *more[command])
    assert str(nowhere) in text
    assert "[no-folder]" in text


@pytest.mark.parametrize("period", ["2025-9", "2025-13", "九月", "2025-09-30..2025-09-01", "2025-Q5"])
def test_bad_period(period: str, exports: Path, tmp_path: Path) -> None:
    text = refused("appraise", SCHEME, exports, "-p", period, "-o", tmp_path)
    assert f"“{period}”不是期间" in text
    assert "2024-Q1" in text


def test_period_before_anybody_was_there(exports: Path, tmp_path: Path) -> None:
    assert "[nobody-to-appraise]" in refused("appraise", SCHEME, exports, "-p", "2019-01", "-o", tmp_path)


def test_broken_yaml_names_file_and_line(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("scheme: x\nversion: 1\ntitle: [未完\n", encoding="utf-8")
    for command in (("show", broken), ("check", broken), ("cases", broken), ("diff", SCHEME, broken)):
        text = refused("scheme", *command)
        assert "broken.yaml:" in text
        assert "[yaml-syntax]" in text
    incomplete = tmp_path / "incomplete.yaml"
    incomplete.write_text("scheme: x\nversion: 1\ntitle: 缺\nstile: weights\n", encoding="utf-8")
    text = refused("scheme", "show", incomplete)
    assert "incomplete.yaml:4" in text
    assert "stile" in text


def test_scheme_as_printed_is_not_computed(exports: Path, tmp_path: Path) -> None:
    text = refused("appraise", f"{SCHEME}.as-printed", exports, "-p", MONTHS[1], "-o", tmp_path)
    assert "[as-printed]" in text
    assert "修订版" in text


def test_broken_mapping_names_file_line_and_choice(exports: Path, tmp_path: Path) -> None:
    shutil.copy(exports / "名册.xlsx", tmp_path)
    mapping = tmp_path / "roster.mapping.yaml"
    mapping.write_text('mapping: r\nfiles: ["名册*"]\ntables:\n  - table: peopl\n    columns: {}\n', encoding="utf-8")
    text = refused("import", tmp_path)
    assert "roster.mapping.yaml:4" in text
    assert "people" in text
    assert "mapping-unreadable" in refused("import", tmp_path, "-m", "无此映射")


def test_unknown_metric_and_missing_files(exports: Path, tmp_path: Path) -> None:
    assert "[unknown-metric]" in refused("measure", exports, "-p", MONTHS[0], "--metric", "csat")
    assert "没有这个文件" in refused("measure", exports, "-p", MONTHS[0], "--metrics", tmp_path / "none.yaml")
    assert "--list" in refused("measure")
    assert "[file-unreadable]" in refused("scheme", "cases", f"{SCHEME}.as-printed")
    assert "none.zip" in refused("verify", tmp_path / "none.zip")


def test_tables_and_their_columns_are_listed() -> None:
    assert "pay_inputs" in done("import", "--tables")
    assert "rater" in done("import", "--table", "ratings")
    assert "ratings" in refused("import", "--table", "rating")
    assert run("import").exit_code == 2


def test_output_place_that_is_a_file_is_told_before_the_work(exports: Path, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("", encoding="utf-8")
    text = refused("appraise", SCHEME, exports, "-p", MONTHS[1], "-o", taken)
    assert "已有一个同名的文件" in text
    assert str(taken) in text
    assert "读取" not in text, "nothing was read yet"
    assert "已有一个同名的文件" in refused("import", exports, "--into", taken)
    assert "已有一个同名的文件" in refused("sample", "--out", taken)


def test_no_permission_to_write(exports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(self: Path, *_arguments: object, **_options: object) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "mkdir", forbidden)
    text = refused("appraise", SCHEME, exports, "-p", MONTHS[1], "-o", tmp_path / "out")
    assert "没有权限" in text
    assert str(tmp_path / "out") in text


def test_what_a_program_would_read_comes_as_json() -> None:
    assert {" ".join(path) for path in JSON_COMMANDS} >= {
        "import", "measure", "appraise", "explain", "verify",
        "scheme list", "scheme needs", "scheme check", "scheme cases", "scheme diff", "scheme simulate",
    }  # fmt: skip


# ------------------------------------------------------------------ as a process


def start(*arguments: object, **environment: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", "from meritdesk.cli import main; main()", *map(str, arguments)]
    environment = {**os.environ, **environment}
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8", env=environment
    )


def test_interrupt_leaves_quietly(exports: Path, tmp_path: Path) -> None:
    process = start("appraise", SCHEME, exports, "-p", MONTHS[1], "-o", tmp_path, PYTHONUTF8="1")
    assert process.stderr is not None
    first = process.stderr.readline()
    assert "读取" in first, "progress goes to standard error, line by line, when it is no terminal"
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _out, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "已中断" in error
    assert "Traceback" not in error


def test_a_stream_that_cannot_show_chinese_does_not_stop_the_work() -> None:
    process = start("scheme", "list", PYTHONIOENCODING="cp1252", PYTHONUTF8="0")
    out, error = process.communicate(timeout=60)
    assert process.returncode == 0, error
    assert SCHEME in out
    assert "?" in out


def test_long_names_are_never_cut(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    long = "阿卜杜热合曼·买买提艾力" * 20
    table(["姓名", "总分"], [(long, None)], numbers=(1,))
    assert long in capsys.readouterr().out, "off a terminal a row is one line"
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    table(["姓名", "总分"], [(long, 95)], numbers=(1,))
    printed = capsys.readouterr().out
    assert len(printed.splitlines()) > 2, "on a terminal a long name goes over several lines"
    assert all(printed.count(character) >= long.count(character) for character in set(long))


def test_progress_off_a_terminal_is_lines_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    with progress() as step:
        step("读取 [名册]")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "· 读取 [名册]\n"
