"""What must not pass in silence: an unsound scheme, a table never handed in, no data for an indicator or a period."""

from __future__ import annotations

from pathlib import Path

import pytest

from meritdesk.errors import MeritdeskError
from meritdesk.metrics.load import load_metrics
from meritdesk.pipeline import appraise
from meritdesk.roster import parse_period
from meritdesk.scheme.load import load_document
from tests.contract import company


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return company.exports(tmp_path_factory.mktemp("exports"))


def without(folder: Path, target: Path, *prefixes: str) -> Path:
    """Copy the exports without the files that begin so."""
    target.mkdir()
    for path in folder.iterdir():
        if not path.name.startswith(prefixes):
            (target / path.name).write_bytes(path.read_bytes())
    return target


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (("weight: 40\n", "weight: 39\n"), "weights-not-100"),
        (('when: "[70, 80)"', 'when: "[72, 80)"'), "gap"),
    ],
)
def test_a_scheme_with_errors_is_not_run(folder: Path, wrong: tuple[str, str], code: str) -> None:
    text = company.scheme_text()
    assert wrong[0] in text
    with pytest.raises(MeritdeskError) as caught:
        appraise(load_document(text.replace(*wrong, 1)), company.read(folder), parse_period("2025-09"), load_metrics())
    assert code in {problem.code for problem in caught.value.problems}


def test_a_table_that_was_never_handed_in_is_no_data_not_zero(folder: Path, tmp_path: Path) -> None:
    """No complaints file is not the same as no complaints: nobody gets full points for what nobody counted."""
    complete = company.run(folder)
    missing = without(folder, tmp_path / "missing", "投诉", "complaints")
    results = company.run(missing)
    rates = [i for a in results.appraisals for d in a.main.dimensions for i in d.indicators if i.id == "complaints"]
    assert {(rate.points, rate.status) for rate in rates} == {(None, "no_data")}
    found = {(p.code, p.place) for p in results.problems}
    assert {("table-not-supplied", "complaints"), ("indicator-without-data", "indicators.complaints")} <= found
    assert not {p.code for p in complete.problems} & {"table-not-supplied", "indicator-without-data"}
    (missing / "complaints.csv").write_text("complaint_id,person,day\n", encoding="utf-8")
    declared = company.run(missing)
    rates = [i for a in declared.appraisals for d in a.main.dimensions for i in d.indicators if i.id == "complaints"]
    assert {str(r.value) for r in rates if r.value is not None} == {"0.0000"}, "an empty file says: there were none"


def test_a_period_without_any_fact_is_refused_with_the_days_that_have_facts(folder: Path) -> None:
    with pytest.raises(MeritdeskError) as caught:
        company.run(folder, period="2025-11")
    problem = caught.value.problems[0]
    assert problem.code == "period-without-data"
    assert "2025-09-01" in problem.message
    assert "2025-09-30" in problem.message
