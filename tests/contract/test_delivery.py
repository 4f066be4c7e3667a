"""The folder a run leaves behind: vouched for by its package, free of an earlier run's files; copies of schemes."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from meritdesk.cli import main
from meritdesk.delivery import Delivery, altered, deliver, read_run
from meritdesk.needs import needed_columns
from meritdesk.results import Results
from meritdesk.scheme.load import load_scheme, shipped
from tests.contract import company


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return company.exports(tmp_path_factory.mktemp("exports"))


@pytest.fixture(scope="module")
def results(folder: Path) -> Results:
    return company.run(folder)


def delivered(results: Results, out: Path, *, forms: str = "none", with_pay: bool = True) -> Delivery:
    return deliver(results, out, company.METRICS, forms=forms, with_pay=with_pay)


def command(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments])


def test_the_package_vouches_for_every_file_and_every_source(results: Results, folder: Path, tmp_path: Path) -> None:
    delivery = delivered(results, tmp_path, forms="one")
    assert altered(delivery.package, results=tmp_path, sources=folder) == []
    named = {entry["name"] for entry in read_run(delivery.package)["files"]}
    assert named == {p.relative_to(tmp_path).as_posix() for p in delivery.files if p != delivery.package}
    passed = command("verify", delivery.package, "--root", delivery.root, "--results", tmp_path, "--sources", folder)
    assert passed.exit_code == 0, passed.output
    table = next(path for path in delivery.data if path.name == "appraisals.csv")
    table.write_text(table.read_text(encoding="utf-8-sig").replace("graded", "grated"), encoding="utf-8-sig")
    found = command("verify", delivery.package, "--results", tmp_path)
    assert found.exit_code == 1
    assert "appraisals.csv" in found.output
    delivery.workbook.unlink()
    assert len(altered(delivery.package, results=tmp_path)) == 2
    assert command("verify", delivery.package, "--root", "0" * 64).exit_code == 1


def test_a_second_run_leaves_nothing_of_the_first_but_what_somebody_changed(results: Results, tmp_path: Path) -> None:
    first = delivered(results, tmp_path, forms="each")
    mine = tmp_path / "我的笔记.txt"
    mine.write_text("不要动", encoding="utf-8")
    changed = first.forms[0]
    changed.write_bytes(changed.read_bytes() + b"% signed")
    second = delivered(results, tmp_path, with_pay=False)
    left = {path for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {*second.files, mine, changed}
    assert not any("pay" in path.name for path in second.data), "no pay of the first run is left behind"


def test_a_copied_scheme_has_its_own_name_and_its_cases_still_hold(tmp_path: Path) -> None:
    target = tmp_path / "centre.yaml"
    assert command("scheme", "copy", "r4-support-center", target, "--id", "our_centre").exit_code == 0
    copied = load_scheme(target)
    assert (copied.scheme, copied.version, copied.parent) == ("our_centre", 1, "r4_support_center")
    assert command("scheme", "cases", target).exit_code == 0
    again = command("scheme", "copy", "r4-support-center", target)
    assert again.exit_code == 2
    local = tmp_path / "branch.yaml"
    assert command("scheme", "copy", "r1-local-example", local).exit_code == 0
    assert load_scheme(local).parent == "r1_local_example", "the parent of the parent is not the parent"


@pytest.mark.parametrize("name", shipped())
def test_what_a_scheme_needs_covers_every_source_it_names(name: str) -> None:
    rows = needed_columns(load_scheme(shipped()[name]), company.METRICS)
    tables = {table for table, _column, _purpose in rows}
    assert "people" in tables
    scheme = load_scheme(shipped()[name])
    used = {i.source.metric for _d, i in scheme.indicators() if hasattr(i.source, "metric")}
    assert {table for metric in used for table in company.METRICS[metric].tables} <= tables


def test_what_r4_needs_names_the_column_that_is_easily_forgotten() -> None:
    rows = needed_columns(load_scheme(shipped()["r4-support-center"]), company.METRICS)
    assert ("contacts", "first_reply_at") in {(table, column) for table, column, _purpose in rows}
