"""Every scheme that ships: it loads, its worked cases fit the schema that editors use and agree to the last digit.

The figures of the sources (R0–R4) are the expectations of the cases; here they are run on both readers.
"""

from __future__ import annotations

import json
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from meritdesk.cases import Case, CaseFile, Comparison, load_cases, run_cases
from meritdesk.compiled import compile_scheme
from meritdesk.errors import MeritdeskError
from meritdesk.metrics.load import load_metrics
from meritdesk.rows import rating_score
from meritdesk.scheme.diff import diff
from meritdesk.scheme.document import Scheme
from meritdesk.scheme.load import SCHEMES, load_document, load_scheme, shipped, shipped_as_printed

READY, PRINTED = sorted(shipped()), sorted(shipped_as_printed())
EVERY = [*READY, *PRINTED]
FEWEST_CASES = 10


@cache
def scheme_of(name: str) -> Scheme:
    return load_scheme(SCHEMES / f"{name}.yaml")


@cache
def cases_of(name: str) -> tuple[Case, ...]:
    return tuple(load_cases(SCHEMES / f"{name}.cases.yaml"))


def plain(name: str) -> Any:
    """Return a YAML file as an editor sees it: JSON values only."""
    return json.loads(json.dumps(yaml.safe_load((SCHEMES / name).read_text(encoding="utf-8")), default=str))


def misfits(document: Any, schema: Any) -> list[str]:
    """Return where a document does not fit a JSON Schema."""
    return [f"{error.json_path}: {error.message}" for error in Draft202012Validator(schema).iter_errors(document)]


def disagreements(compared: list[Comparison]) -> list[str]:
    return [
        f"{c.case} / {c.person} / {c.what}: expected {c.expected}, exact {c.exact}, columns {c.columns}"
        for c in compared
        if not c.agrees
    ]


@pytest.mark.parametrize("name", EVERY)
def test_it_is_named_after_its_file_and_speaks_both_languages(name: str) -> None:
    scheme = scheme_of(name)
    assert scheme.scheme == name.removesuffix(".as-printed").replace("-", "_")
    assert scheme.title
    assert scheme.title_en
    assert scheme.source
    assert scheme.status == ("as_printed" if name in PRINTED else "ready")


@pytest.mark.parametrize("name", READY)
def test_its_cases_fit_the_schema_that_editors_use(name: str) -> None:
    assert misfits(plain(f"{name}.cases.yaml"), CaseFile.model_json_schema()) == []


@pytest.mark.parametrize("name", READY)
def test_its_worked_cases_agree_on_both_readers(name: str) -> None:
    cases = cases_of(name)
    assert len(cases) >= FEWEST_CASES
    assert len({case.title for case in cases}) == len(cases)
    compared = run_cases(scheme_of(name), load_metrics(), cases)
    silent = {case.title for case in cases} - {c.case for c in compared if not c.stated}
    assert not silent, f"cases without a figure: {silent}"
    assert disagreements(compared) == []


@pytest.mark.parametrize("name", PRINTED)
def test_a_literal_copy_is_never_computed(name: str) -> None:
    with pytest.raises(MeritdeskError) as caught:
        compile_scheme(scheme_of(name), load_metrics())
    assert [problem.code for problem in caught.value.problems] == ["as-printed"]
    assert name.removesuffix(".as-printed") in READY


@pytest.mark.parametrize("name", READY)
def test_a_local_scheme_names_a_parent_that_ships(name: str) -> None:
    parent = scheme_of(name).parent
    assert not parent or parent in {scheme_of(other).scheme for other in READY if other != name}


def test_a_misspelled_field_does_not_fit_the_schema() -> None:
    """Negative control of the schema of cases."""
    assert misfits({"cases": [{"title": "…", "expct": {}}]}, CaseFile.model_json_schema())


def test_a_wrong_expectation_is_caught() -> None:
    """Negative control: the same case with one figure off by 0.01 disagrees in that figure alone."""
    name = "r2c-contact-centre-310"
    case = next(case for case in cases_of(name) if case.expect.pay_total is not None)
    pay_total = case.expect.pay_total
    assert pay_total is not None
    wrong = case.model_copy(
        update={"expect": case.expect.model_copy(update={"pay_total": pay_total + Decimal("0.01")})}
    )
    compared = run_cases(scheme_of(name), load_metrics(), [wrong])
    assert [c.what for c in compared if not c.agrees] == ["pay_total"]


def test_a_wrong_scheme_is_caught() -> None:
    """Negative control: one tier moved by one call, and the case on its boundary disagrees (R2d)."""
    name = "r2d-contact-centre-2013"
    text = (SCHEMES / f"{name}.yaml").read_text(encoding="utf-8")
    moved = text.replace("[0, 2000]", "[0, 1999]").replace("(2000, 2300]", "(1999, 2300]")
    assert moved != text
    compared = run_cases(load_document(moved).scheme, load_metrics(), cases_of(name))
    assert {c.case for c in compared if not c.agrees} == {"话务量 2000 次得 800 分"}


def test_a_factor_above_its_limit_is_refused() -> None:
    """R0.6: 技能系数 is bounded, so that the product of three pay inputs stays exact."""
    name = "r0-appraisal-standard"
    case = next(case for case in cases_of(name) if "skill_factor" in case.pay)
    wrong = case.model_copy(update={"pay": {**case.pay, "skill_factor": case.pay["skill_factor"] + 10}})
    with pytest.raises(MeritdeskError) as caught:
        run_cases(scheme_of(name), load_metrics(), [wrong])
    assert [problem.code for problem in caught.value.problems] == ["value-out-of-range"]


# R2e: card, level, score that does not lie in it (or is not whole)
MISFITS = [
    ("performance_card", 3, "24"),
    ("performance_card", 2, "25"),
    ("performance_card", 4, "29"),
    ("performance_card", 3, "26.5"),
    ("cost_card", 3, "7"),
    ("discipline_card", 2, "4"),
    ("discipline_card", 6, "7"),
    ("ethics_card", None, "6"),
]


@pytest.mark.parametrize(("card", "level", "score"), MISFITS)
def test_a_score_must_lie_in_the_range_of_its_level(card: str, level: int | None, score: str) -> None:
    scheme = scheme_of("r2e-presales-forms")
    indicator = next(i for _dimension, i in scheme.indicators() if i.id == card)
    with pytest.raises(MeritdeskError) as caught:
        rating_score(indicator, level, Decimal(score))
    assert [problem.code for problem in caught.value.problems] == ["rating-refused"]


def test_a_local_scheme_shows_its_differences_from_its_parent() -> None:
    """R1.8: weights and indicators that the local rules change, and nothing of what they keep."""
    parent, local = scheme_of("r1-service-quality"), scheme_of("r1-local-example")
    found = {d.place: d for d in diff(parent, local)}
    weight = found["dimensions.satisfaction.weight"]
    assert (weight.kind, weight.old, weight.new) == ("changed", "20", "30")
    assert found["dimensions.satisfaction.complaint_rate"].kind == "removed"
    assert found["dimensions.communication.recording_qa"].kind == "added"
    assert not [place for place in found if place.startswith(("grades", "dimensions.problem_solving.resolution."))]
