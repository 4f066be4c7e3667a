"""The engines every metric must agree on: one body of tests, one row per engine."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import ibis
import pyarrow as pa
import pytest

from tests.contract.metrics.world import some_segments, world

Loaded = tuple[Mapping[str, ibis.Table], ibis.Table]

POSTGRES = os.environ.get("MERITDESK_POSTGRES", "postgresql://root@127.0.0.1:5432/test")


class Engine:
    """A database that holds the tables of a test."""

    def __init__(self, name: str, connection: Any) -> None:
        self.name, self.connection = name, connection
        self.made: list[str] = []

    def load(self, tables: Mapping[str, pa.Table]) -> Mapping[str, ibis.Table]:
        """Copy tables into the database; return them as ibis tables by the same names."""
        loaded = {}
        for name, table in tables.items():
            stored = f"t{os.getpid()}_{len(self.made)}_{name}"
            self.made.append(stored)
            loaded[name] = self.connection.create_table(stored, table, temp=self.name == "postgres")
        return loaded


def connect(name: str) -> Engine:
    """Return an engine; skip the test if its server is not there."""
    if name == "duckdb":
        return Engine(name, ibis.duckdb.connect())
    psycopg = pytest.importorskip("psycopg")
    try:
        return Engine(name, ibis.connect(POSTGRES))
    except psycopg.OperationalError:
        pytest.skip("no PostgreSQL server")


ENGINES = [pytest.param("duckdb"), pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(scope="session", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """Return each engine in turn."""
    found = connect(request.param)
    yield found
    with suppress(AttributeError):
        found.connection.disconnect()


@pytest.fixture(scope="session")
def made_up() -> Mapping[str, pa.Table]:
    """Return the fact tables of the made-up centre."""
    return world()


@pytest.fixture(scope="session")
def centre(engine: Engine, made_up: Mapping[str, pa.Table]) -> Loaded:
    """Return the made-up centre and its segments on the engine."""
    loaded = dict(engine.load({**made_up, "segments": some_segments()}))
    return loaded, loaded.pop("segments")
