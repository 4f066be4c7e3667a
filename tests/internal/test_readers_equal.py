"""E1, short form: the readers give the same integers on more than 10^5 pairs of a random tree and a random row.

The long form (10^6 pairs on DuckDB, 2·10^5 on PostgreSQL) is `python -m benchmarks.readers`.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from functools import cache

import ibis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meritdesk.archive import verifier
from meritdesk.rules import exact
from meritdesk.rules.program import KINDS
from meritdesk.rules.readers import read_columns
from tests.internal import float_reader
from tests.internal.equality import ROWS, TREES, Tally, first_difference
from tests.internal.faults import FAULTS, Fault, planted
from tests.internal.readers import READERS, Reader, Values, on, postgres_connection
from tests.internal.trees import INPUTS, Batch, Grower, batch, program

SEEDS = range(9)
"""9 × 12 trees × 1,000 rows."""
FAULT_SEEDS = range(100, 104)


def differences(made: Batch, reader: Reader) -> str:
    """Return where a reader parts from reader 1 on a batch, or nothing."""
    expected, found = READERS["exact"](made.outputs, made.rows), reader(made.outputs, made.rows)
    parted = [name for name in made.outputs if expected[name] != found[name]]
    return "\n".join(first_difference(made, name, READERS["exact"], reader) for name in parted[:3])


@pytest.mark.parametrize("seed", SEEDS)
def test_columns_on_duckdb_equal_reader_1(seed: int) -> None:
    assert differences(batch(seed, TREES, ROWS), READERS["duckdb"]) == ""


@pytest.mark.parametrize("seed", SEEDS)
def test_the_verifier_equals_reader_1(seed: int) -> None:
    assert differences(batch(seed, TREES, ROWS), READERS["verifier"]) == ""


@pytest.fixture(scope="module")
def postgres() -> Iterator[ibis.BaseBackend]:
    with postgres_connection() as connection:
        if connection is None:
            pytest.skip("no PostgreSQL server to reach (MERITDESK_POSTGRES)")
        yield connection


@pytest.mark.postgres
@pytest.mark.parametrize("seed", range(50, 53))
def test_columns_on_postgresql_equal_reader_1(seed: int, postgres: ibis.BaseBackend) -> None:
    assert differences(batch(seed, TREES, ROWS), on(postgres)) == ""


@pytest.mark.parametrize("seed", range(200, 206))
def test_both_stages_are_equal_in_all_readers(seed: int) -> None:
    made, segments, appraisals = program(seed, appraisals=300, trees=8)
    expected = exact.run(made, segments, appraisals, keep=False)
    found = read_columns(made, segments, appraisals)
    assert (found.segments, found.appraisals) == (expected.segments, expected.appraisals)
    verified = verifier.evaluate_document(
        json.loads(made.to_json()), [dict(row) for row in segments], [dict(row) for row in appraisals]
    )
    for stage, outputs in (("segments", expected.segments), ("appraisals", expected.appraisals)):
        assert [tuple(row[name] for name in outputs) for row in verified[stage]] == list(
            zip(*outputs.values(), strict=True)
        )


def test_the_batches_hold_what_they_should() -> None:
    tally = Tally()
    for seed in SEEDS:
        tally.add(batch(seed, TREES, ROWS))
    assert tally.pairs >= 100_000
    assert min(tally.kinds.values()) >= 1_000, tally.report()
    assert tally.deep >= tally.trees / 2, tally.report()
    assert tally.missing >= tally.inputs / 10, tally.report()
    assert tally.on_bound >= tally.looked_up / 5, tally.report()


@given(seed=st.integers(1_000, 10**9))
def test_every_value_lies_in_the_span_its_node_promises(seed: int) -> None:
    made = batch(seed, trees=4, rows=40)
    for node, column in made.sheet.columns.items():
        units = [value.scaleb(node.scale) for value in column if value is not None]
        assert all(node.span[0] <= value <= node.span[1] and value == int(value) for value in units), node


# ------------------------------------------------------------------ negative controls


def test_a_float_engine_fails() -> None:
    tally = Tally()
    for seed in range(10):
        made = batch(seed, TREES, ROWS, ["Input", *float_reader.KINDS])
        tally.add(made)
        tally.compare(made, READERS["exact"](made.outputs, made.rows), float_reader.evaluate(made.outputs, made.rows))
    assert 0 < tally.differ < tally.pairs / 10, tally.report()  # a plausible engine, and wrong


def test_every_kind_has_a_grower_and_a_planted_fault() -> None:
    assert set(Grower(random.Random(0), INPUTS, []).growers) == set(KINDS)
    assert set(FAULTS) == set(KINDS)
    assert all(FAULTS.values())


@cache
def _columns(kind: str, seed: int) -> tuple[Batch, Values]:
    made = batch(seed, 10, 400, roots=[kind])
    return made, READERS["duckdb"](made.outputs, made.rows)


@pytest.mark.parametrize(("kind", "fault"), [(kind, name) for kind, faults in FAULTS.items() for name in faults])
def test_a_planted_fault_is_caught(kind: str, fault: str) -> None:
    assert caught(kind, FAULTS[kind][fault])


def caught(kind: str, fault: Fault) -> bool:
    """Say whether the comparison with the columns reader finds a fault planted in reader 1."""
    for seed in FAULT_SEEDS:
        made, found = _columns(kind, seed)
        with planted(kind, fault):
            if READERS["exact"](made.outputs, made.rows) != found:
                return True
    return False


def test_no_fault_planted_is_no_fault_found() -> None:
    assert not caught("Sum", lambda right: right)
