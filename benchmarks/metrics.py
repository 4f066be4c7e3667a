"""Metrics on 20 million contacts of 2,000 agents in three months, beside hand-written SQL, polars, pandas and a scan.

    python -m benchmarks.metrics                 the whole: a warm-up and five interleaved rounds
    python -m benchmarks.metrics --rows 20000    a small one, to see that it runs

Every run is a process of its own, so that its peak memory is its own. Figures must be equal row by row, first-contact
resolution by window and 90th percentile included. `day` adds one more day of contacts to the figures of a month; its
time is compared with measuring that month in full.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import ibis
import pyarrow as pa

from benchmarks import metrics_rivals as rivals
from benchmarks.metrics_data import MONTHS, prepared
from meritdesk.metrics.definitions import Metric
from meritdesk.metrics.load import load_metrics
from meritdesk.metrics.measure import measure
from meritdesk.metrics.partials import Partials

TARGETS = {"of SQL": 1.25, "of pandas": 1 / 3, "peak MB": 2_000, "day": 0.1}


def metrics() -> list[Metric]:
    """Return the metrics that are measured: those that the rivals compute."""
    library = load_metrics()
    return [library[name] for name in rivals.LAYOUT]


def _tables(data: Path) -> tuple[dict[str, ibis.Table], dict[str, ibis.Table], ibis.Table]:
    """Return all batches, those of the newest day and of the window before it, and the segments."""
    connection = ibis.duckdb.connect()
    batches = sorted((data / "contacts").glob("*.parquet"))
    every, recent = (connection.read_parquet(some) for some in (batches, batches[-1 - rivals.WINDOW :]))
    return {"contacts": every}, {"contacts": recent}, connection.read_parquet(data / "segments.parquet")


def ours(data: Path) -> pa.Table:
    """Measure with the product."""
    tables, _recent, segments = _tables(data)
    return measure(metrics(), tables, segments, until=rivals.UNTIL)


def one_more_day(data: Path) -> dict[str, float]:
    """Return seconds for the last month in full and for its last day alone; SystemExit if the figures differ."""
    tables, recent, segments = _tables(data)
    month = segments.filter(segments.from_day >= MONTHS[-1][0])
    whole: list[float] = []
    for _round in range(3):
        start = time.perf_counter()
        full = measure(metrics(), tables, month, until=rivals.UNTIL)
        whole.append(time.perf_counter() - start)
    before = Partials.build(metrics(), tables, month, until=rivals.UNTIL - 1)
    days: list[float] = []
    for _round in range(3):
        start = time.perf_counter()
        grown = before.grown(recent).figures()
        days.append(time.perf_counter() - start)
        if not grown.equals(full):
            raise SystemExit("one more day differs from the month in full")
    return {"month": median(whole), "day": median(days)}


CONTENDERS: dict[str, Callable[[Path], pa.Table | None]] = {
    "scan": rivals.scan,
    "SQL by hand": rivals.by_hand,
    "meritdesk": ours,
    "polars": rivals.in_polars,
    "pandas": rivals.in_pandas,
}


def digest(figures: pa.Table) -> str:
    """Return a hash of the rows, in the order of metric and segment."""
    ordered = figures.select(sorted(figures.column_names)).sort_by([("metric", "ascending"), ("segment", "ascending")])
    return hashlib.sha256(json.dumps(ordered.to_pydict()).encode()).hexdigest()


def _child(name: str, data: Path) -> None:
    """Run one contender and print seconds, peak memory and the hash of its figures."""
    start = time.perf_counter()
    if name == "day":
        result: dict[str, Any] = one_more_day(data)
    else:
        figures = CONTENDERS[name](data)
        result = {"seconds": time.perf_counter() - start}
        if figures is not None:
            result |= {"rows": figures.num_rows, "digest": digest(figures)}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(result | {"peak": peak}))


def _run(name: str, data: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.metrics", "--child", name, "--data", str(data)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[1])
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def compare(rows: int, rounds: int, names: list[str], folder: Path | None, warm_up: int = 1) -> bool:
    """Print the comparison; return whether all figures were equal."""
    data = prepared(rows, folder)
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for turn in range(-warm_up, rounds):
        for name in names:
            result = _run(name, data)
            if turn >= 0:  # the rounds before warm up
                runs[name].append(result)
    times = {name: median(run["seconds"] for run in done) for name, done in runs.items()}
    print(f"{rows:,} contacts, median of {rounds} rounds after {warm_up} to warm up")
    print(f"{'':14}{'seconds':>9}{'spread':>16}{'peak MB':>9}{'ours is':>9}")
    for name, done in runs.items():
        seconds = [run["seconds"] for run in done]
        spread = f"{min(seconds):.2f} – {max(seconds):.2f}"
        share = f"{times['meritdesk'] / times[name]:.2f} ×"
        print(f"{name:14}{times[name]:>9.2f}{spread:>16}{max(run['peak'] for run in done):>9.0f}{share:>9}")
    hashes = {run["digest"] for done in runs.values() for run in done if "digest" in run}
    print("figures equal" if len(hashes) == 1 else "FIGURES DIFFER")
    day = _run("day", data)
    print(
        f"one more day: {day['day']:.2f} s, {day['day'] / times['meritdesk']:.3f} of the whole,"
        f" {day['day'] / day['month']:.3f} of that month alone in full ({day['month']:.2f} s); figures equal"
    )
    print("targets: " + ", ".join(f"{name} ≤ {value:.3g}" for name, value in TARGETS.items()))
    return len(hashes) == 1


def main() -> None:
    """Run the benchmark, or one contender as a child of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000_000, help="number of contacts (default: 20 million)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds after the warm-up (default: 5)")
    parser.add_argument("--only", nargs="*", choices=list(CONTENDERS), help="contenders beside the product")
    parser.add_argument("--folder", type=Path, help="where the data are kept (default: the folder for temporary files)")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--data", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        _child(given.child, given.data)
        return
    names = [name for name in CONTENDERS if given.only is None or name in given.only or name == "meritdesk"]
    if not compare(given.rows, given.rounds, names, given.folder):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
