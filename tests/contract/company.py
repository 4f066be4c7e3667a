"""A small company for tests: its exports, the same facts as tables in contract form, and a run on either."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from meritdesk.events.ingest import Dataset, find_mappings, ingest
from meritdesk.metrics.load import load_metrics
from meritdesk.pipeline import appraise
from meritdesk.results import Results
from meritdesk.roster import parse_period
from meritdesk.sample import write_sample
from meritdesk.scheme.load import load_document, shipped

SCHEME = "r4-support-center"
MONTH = "2025-09"
METRICS = load_metrics()


def exports(folder: Path, months: tuple[tuple[int, int], ...] = ((2025, 9),)) -> Path:
    """Write the exports of two teams of four, with a transfer between them, a joiner, a leaver and namesakes."""
    write_sample(folder, months, teams=2, size=4)
    return folder


def read(folder: Path) -> Dataset:
    return ingest(folder, find_mappings(folder))


def tables(dataset: Dataset) -> dict[str, pa.Table]:
    """Return the facts as tables in contract form, without where they came from."""
    return {name: table.drop(["source"]) for name, table in dataset.tables.items() if table.num_rows}


def write(folder: Path, facts: Mapping[str, pa.Table], parts: int = 1) -> Path:
    """Write tables in contract form, each in `parts` files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in facts.items():
        size = -(-table.num_rows // parts)
        for part in range(parts):
            rows = table.slice(part * size, size)
            if rows.num_rows:
                pq.write_table(rows, folder / f"{name}.{part + 1}.parquet")
    return folder


def run(data: Path | Dataset, scheme: str | Path = SCHEME, period: str = MONTH) -> Results:
    """Return the results of a scheme (the name of a shipped one, or a file) on a folder."""
    dataset = data if isinstance(data, Dataset) else read(data)
    path = scheme if isinstance(scheme, Path) else shipped()[scheme]
    return appraise(load_document(path), dataset, parse_period(period), METRICS)


def scheme_text(name: str = SCHEME) -> str:
    return shipped()[name].read_text(encoding="utf-8")
