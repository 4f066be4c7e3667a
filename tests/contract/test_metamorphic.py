"""What must not change a result (E4): the order of rows, the cut of files, the names of ids, the machine, a repetition;
and what must not lower one: a better figure.
"""

from __future__ import annotations

import hashlib
import os
import random
import re
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from meritdesk import facts
from meritdesk.compiled import Compiled, compile_scheme
from meritdesk.results import Appraisal, Results
from meritdesk.rows import AppraisalFacts, SegmentFacts, appraisal_row, metric_of_value, segment_row
from meritdesk.rules import exact
from meritdesk.scheme.document import MetricSource, RatingSource, Scheme, ViolationSource
from meritdesk.scheme.load import load_document, load_scheme, shipped
from meritdesk.scheme.methods import RatingMethod
from tests.contract import company

PEOPLE_COLUMNS = ("person", "superior", "rater", "assignee", "closer", "reviewer")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return company.exports(tmp_path_factory.mktemp("exports"))


@pytest.fixture(scope="module")
def tables(folder: Path) -> dict[str, pa.Table]:
    return company.tables(company.read(folder))


@pytest.fixture(scope="module")
def usual(folder: Path) -> Results:
    return company.run(folder)


def essence(results: Results) -> list[Appraisal]:
    """Return the results by staff key, without the row numbers that segments happen to have."""
    appraisals = [replace(a, segments=tuple(replace(s, key=0) for s in a.segments)) for a in results.appraisals]
    return sorted(appraisals, key=lambda a: a.person)


def shuffled(table: pa.Table, seed: int) -> pa.Table:
    order = list(range(table.num_rows))
    random.Random(seed).shuffle(order)
    return table.take(pa.array(order))


# ------------------------------------------------------------------ the data written another way


def test_contract_form_of_the_same_facts_gives_the_same_results(
    tables: dict[str, pa.Table], usual: Results, tmp_path: Path
) -> None:
    assert len(usual.appraisals) >= 10
    assert sum(a.total is not None for a in usual.appraisals) >= 8
    assert essence(company.run(company.write(tmp_path, tables))) == essence(usual)


@pytest.mark.parametrize("seed", range(3))
def test_order_of_rows_does_not_matter(tables: dict[str, pa.Table], usual: Results, seed: int, tmp_path: Path) -> None:
    permuted = {name: shuffled(table, seed) for name, table in tables.items()}
    assert any(not permuted[name].equals(tables[name]) for name in tables)
    assert essence(company.run(company.write(tmp_path, permuted))) == essence(usual)


@pytest.mark.parametrize("parts", [2, 7])
def test_cut_of_files_does_not_matter(tables: dict[str, pa.Table], usual: Results, parts: int, tmp_path: Path) -> None:
    assert essence(company.run(company.write(tmp_path, tables, parts))) == essence(usual)


def test_raw_exports_permuted_and_cut_in_two(folder: Path, usual: Results, tmp_path: Path) -> None:
    """The same through mapping and encoding: lines of the exports shuffled, each file cut in two."""
    for path in folder.iterdir():
        if path.suffix != ".csv":
            (tmp_path / path.name).write_bytes(path.read_bytes())
            continue
        encoding = "gb18030" if path.name.startswith("通话") else "utf-8-sig"
        head, *lines = path.read_text(encoding=encoding).splitlines(keepends=True)
        random.Random(7).shuffle(lines)
        half = len(lines) // 2
        for part, some in enumerate((lines[:half], lines[half:])):
            (tmp_path / f"{path.stem}_{part}.csv").write_text(head + "".join(some), encoding=encoding, newline="")
    assert essence(company.run(tmp_path)) == essence(usual)


def test_other_ids_for_people_give_the_same_results_under_those_ids(
    tables: dict[str, pa.Table], usual: Results, tmp_path: Path
) -> None:
    people = sorted(set(tables["people"]["person"].to_pylist()))
    # the other way round, so that every order by id is turned over
    other = {person: f"N{len(people) - number:03}" for number, person in enumerate(people)}
    renamed = {}
    for name, table in tables.items():
        for column in set(table.column_names) & set(PEOPLE_COLUMNS):
            values = [other.get(value, value) for value in table[column].to_pylist()]
            position = table.column_names.index(column)
            table = table.set_column(position, table.field(position), pa.array(values, pa.string()))
        renamed[name] = table
    results = {a.person: a for a in company.run(company.write(tmp_path, renamed)).appraisals}
    assert results.keys() == {other[a.person] for a in usual.appraisals}
    for before in usual.appraisals:
        after = results[other[before.person]]
        for name in ("name", "state", "total", "grade", "coefficient", "rank", "pay", "uses", "strengths", "gaps"):
            assert getattr(after, name) == getattr(before, name), f"{before.person}: {name}"
        assert [s.dimensions for s in after.segments] == [s.dimensions for s in before.segments]


def test_negative_control_results_that_depend_on_the_order_are_caught(
    tables: dict[str, pa.Table], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fault planted: of several raters of one role the last row wins."""

    def last_wins(self: Any) -> None:
        by_key = {f.key: f for f in self.facts.segments}
        for row in self.rows("ratings"):
            at = self.segment_at(row["person"], row["day"])
            if at is not None:
                by_key[at.key].ratings[row["indicator"], row["role"]] = Decimal(row["level"])

    monkeypatch.setattr(facts._Gatherer, "ratings", last_wins)
    twice = dict(tables)
    second = tables["ratings"].set_column(
        tables["ratings"].column_names.index("rater"), "rater", pa.array(["X"] * tables["ratings"].num_rows)
    )
    levels = pa.array([6 - value for value in tables["ratings"]["level"].to_pylist()], pa.int64())
    second = second.set_column(second.column_names.index("level"), "level", levels)
    twice["ratings"] = pa.concat_tables([tables["ratings"], second])
    first = company.run(company.write(tmp_path / "a", twice))
    other = company.run(company.write(tmp_path / "b", {name: shuffled(table, 1) for name, table in twice.items()}))
    assert essence(first) != essence(other)


# ------------------------------------------------------------------ what has no weight


def test_indicator_without_weight_changes_nothing(folder: Path, usual: Results, tmp_path: Path) -> None:
    text = company.scheme_text()
    shown = (
        "      - id: talk\n        title: 平均通话时长（参考）\n        source: {metric: talk_time}\n"
        "        part_of_total: false\n        missing: redistribute\n"
        "        scoring: {method: curve, full: 5, points: [[0, 5], [600, 0]]}\n"
    )
    marker = "  - id: feedback\n"
    assert text.count(marker) == 1
    path = tmp_path / "with_zero.yaml"
    path.write_text(text.replace(marker, shown + marker), encoding="utf-8")
    results = company.run(folder, path)
    assert any(i.id == "talk" and i.value for a in results.appraisals for d in a.main.dimensions for i in d.indicators)
    figures = ("total", "grade", "coefficient", "rank", "pay", "pay_total", "state", "uses")
    for before, after in zip(usual.appraisals, results.appraisals, strict=True):
        assert [getattr(after, name) for name in figures] == [getattr(before, name) for name in figures]


# ------------------------------------------------------------------ the machine, and once more


def appraised(folder: Path, out: Path, **environment: str) -> dict[str, str]:
    """Run the command in another process; return the hash of every file it wrote."""
    done = subprocess.run(
        [sys.executable, "-c", "from meritdesk.cli import main; main()", "appraise", company.SCHEME, folder,
         "--period", company.MONTH, "--out", out, "--with-pay"],
        env={**os.environ, "PYTHONUTF8": "1", **environment}, capture_output=True, text=True, encoding="utf-8",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    files = sorted(path for path in out.rglob("*") if path.is_file())
    return {path.relative_to(out).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_machine_does_not_matter_and_a_repetition_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    here = appraised(folder, tmp_path / "a", TZ="Asia/Shanghai", PYTHONHASHSEED="1")
    there = appraised(folder, tmp_path / "b", TZ="America/New_York", PYTHONHASHSEED="2", LC_ALL="tr_TR.UTF-8", LANG="C")
    assert {"存档包.zip", "绩效结果.xlsx", "数据/results.json", "数据/pay.parquet", "评价表/考核表_全部.pdf"} <= set(
        here
    )
    assert here == there


def test_the_same_run_twice_has_the_same_hashes(folder: Path, usual: Results) -> None:
    again = company.run(folder)
    assert again.run == usual.run
    assert again.appraisals == usual.appraisals
    assert again.segment_outputs == usual.segment_outputs
    assert again.appraisal_outputs == usual.appraisal_outputs


# ------------------------------------------------------------------ a better figure never lowers the result

EXCLUDED: dict[str, str] = {}
"""Schemes for which `check` reports a perverse incentive, and why; as printed copies are never computed."""
READY = [name for name, path in shipped().items() if load_scheme(path).status == "ready" and name not in EXCLUDED]
SPANS = {"ratio": ("0", "1"), "seconds": ("0", "600"), "count": ("0", "4000"), "yuan": ("0", "900000")}
POINT_SPANS = {"csat_mean": ("1", "5"), "ces": ("1", "7")}


def test_exclusions_are_the_schemes_with_a_perverse_incentive() -> None:
    found = {
        name
        for name, path in shipped().items()
        if "perverse-incentive" in path.with_name(f"{name}.findings.yaml").read_text(encoding="utf-8")
    }
    assert found == EXCLUDED.keys()


@cache
def compiled(name: str) -> Compiled:
    return compile_scheme(load_scheme(shipped()[name]), company.METRICS)


def monotone_metrics(of: Compiled) -> list[str]:
    return [name for name in of.metrics if company.METRICS[name].better != "range"]


@st.composite
def metric_value(draw: st.DrawFn, name: str) -> Decimal:
    """Return a value that a person may have, on the grid of the metric."""
    metric = company.METRICS[name]
    low, high = POINT_SPANS.get(name) or SPANS.get(metric.unit, ("0", "100"))
    high = "3000" if metric.unit == "yuan" and metric.can_be_empty else high  # a mean or a quotient, not a sum
    scale = metric.scale if metric.can_be_empty else metric.numerator_scale
    return draw(st.decimals(low, high, places=scale, allow_nan=False, allow_infinity=False))


@st.composite
def person(draw: st.DrawFn, of: Compiled) -> tuple[SegmentFacts, AppraisalFacts]:
    """Return somebody about whom everything is known."""
    scheme = of.scheme
    keys = dict.fromkeys(("team", "department", "position", "all"), "g")
    days = 30 if scheme.cycle.kind == "month" else 365
    segment = SegmentFacts(0, "p", draw(st.integers(0, len(scheme.positions) - 1)), days, True, keys)
    for name in of.metrics:
        segment.metrics[name] = metric_of_value(company.METRICS[name], draw(metric_value(name)))
    for indicator in (i for _d, i in scheme.indicators()):
        if isinstance(indicator.source, RatingSource):
            for role in indicator.source.rating:
                segment.ratings[indicator.id, role] = draw(rating(scheme, indicator.id))
    for code in of.named("segments", "violation."):
        segment.violations[code] = draw(st.integers(0, 4))
    for kind in of.named("segments", "event."):
        segment.events[kind] = draw(st.integers(0, 4))
    for field in of.named("segments", "results."):
        segment.results[field.split(".")[0]] = (Decimal(draw(st.integers(0, 1200))), 12)
    for name in of.named("segments", "target."):
        segment.targets[name] = Decimal(80)
    for name in of.named("segments", "baseline."):
        segment.baselines[name] = Decimal(70)
    appraisal = AppraisalFacts("p", keys, days)
    for item in of.named("appraisals", "pay."):
        node = of.appraisal_inputs[f"pay.{item}"]
        appraisal.pay[item] = min(Decimal(5000), Decimal(node.high).scaleb(-node.scale))
    return segment, appraisal


@st.composite
def rating(draw: st.DrawFn, scheme: Scheme, indicator: str) -> Decimal:
    method = next(i for _d, i in scheme.indicators() if i.id == indicator).scoring
    assert isinstance(method, RatingMethod)
    level = draw(st.sampled_from(method.levels)).points
    if isinstance(level, Decimal):
        return level
    low, high = level.inclusive(0)
    return Decimal(draw(st.integers(low or 0, high if high is not None else 100)))


def figures(of: Compiled, segment: SegmentFacts, appraisal: AppraisalFacts) -> tuple[int | None, int | None]:
    """Return the total and the pay in their units, of a person alone in the group."""
    outcome = exact.run(of.program, [segment_row(of, segment)], [appraisal_row(of, appraisal)])
    pay = outcome.appraisals["pay_total"][0] if "pay_total" in outcome.appraisals else None
    return outcome.appraisals["total"][0], pay


def improve(draw: Any, of: Compiled, segment: SegmentFacts) -> SegmentFacts:
    """Return the same person with one figure better, or as good."""
    ratings = sorted(segment.ratings)
    codes = sorted(segment.violations)
    metrics = monotone_metrics(of)
    choice = draw(st.sampled_from([*metrics, *ratings, *codes]))
    if isinstance(choice, tuple):
        better = draw(rating(of.scheme, choice[0]))
        return replace(segment, ratings={**segment.ratings, choice: max(better, segment.ratings[choice])})
    if choice in segment.violations:
        fewer = draw(st.integers(0, segment.violations[choice]))
        return replace(segment, violations={**segment.violations, choice: fewer})
    metric = company.METRICS[choice]
    values = sorted((draw(metric_value(choice)), draw(metric_value(choice))), reverse=metric.better == "lower")
    segment.metrics[choice] = metric_of_value(metric, values[0])
    return replace(segment, metrics={**segment.metrics, choice: metric_of_value(metric, values[1])})


@pytest.mark.parametrize("name", READY)
@settings(max_examples=30)
@given(data=st.data())
def test_better_figure_never_lowers_total_or_pay(name: str, data: st.DataObject) -> None:
    of = compiled(name)
    segment, appraisal = data.draw(person(of))
    assume(monotone_metrics(of) or segment.ratings or segment.violations)
    better = improve(data.draw, of, segment)
    before, after = figures(of, segment, appraisal), figures(of, better, appraisal)
    for label, old, new in zip(("total", "pay"), before, after, strict=True):
        assert (old is None) == (new is None), label
        assert old is None or new is None or new >= old, label


def test_sources_of_every_scheme_are_covered() -> None:
    """Each shipped scheme is improved in at least one figure, or says why it cannot be."""
    for name in READY:
        sources = [i.source for _d, i in compiled(name).scheme.indicators()]
        movable: list[object] = [s for s in sources if isinstance(s, RatingSource | ViolationSource)]
        movable += [s for s in sources if isinstance(s, MetricSource) and company.METRICS[s.metric].better != "range"]
        assert movable, name


def test_negative_control_a_perverse_scheme_is_caught(tmp_path: Path) -> None:
    """The fault planted: full points for a long response, few for a short one."""
    text = company.scheme_text()
    bands = re.search(r'when: "\[0, 30\]", points: 5', text)
    assert bands
    turned = text.replace('"[0, 30]", points: 5', '"[0, 30]", points: 1').replace(
        '"(60, )", points: 1', '"(60, )", points: 5'
    )
    path = tmp_path / "turned.yaml"
    path.write_text(turned, encoding="utf-8")
    of = compile_scheme(load_document(path).scheme, company.METRICS)
    keys = dict.fromkeys(("team", "department", "position", "all"), "g")
    metrics = {name: metric_of_value(company.METRICS[name], Decimal(1)) for name in of.metrics}
    segment = SegmentFacts(0, "p", 0, 30, True, keys, metrics)
    for key in of.named("segments", "rating."):
        indicator, role = key.split(".")
        segment.ratings[indicator, role] = Decimal(4)
    slow = replace(
        segment, metrics={**metrics, "first_response": metric_of_value(company.METRICS["first_response"], Decimal(90))}
    )
    appraisal = AppraisalFacts("p", keys, 30, {"base_pay": Decimal(5000)})
    fast_total, slow_total = figures(of, segment, appraisal)[0], figures(of, slow, appraisal)[0]
    assert fast_total is not None
    assert slow_total is not None
    assert fast_total < slow_total
