"""Score, grade, share out and pay a million people: the column reader beside polars and the exact reader.

    python -m benchmarks.scoring [--people N] [--rounds N] [--sample N]

Each run is a process of its own (peak memory is its own), loads the people, warms up once and is timed once; the
runs of the readers are interleaved. Reader and polars must agree on every figure of every person; the exact reader
is run on a sample of whole teams and must agree there. Prints medians, spread, peak memory and ratios.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import ibis.expr.operations as ops
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import scoring_polars, scoring_program
from meritdesk.rules import columns, exact
from meritdesk.rules.engines import connect_duckdb

MILLION = 1_000_000


@dataclass(frozen=True)
class Spent:
    """Seconds on the clock, and of all cores together: the second is the fairer figure on a busy machine."""

    seconds: float
    core_seconds: float
    peak_mb: float = 0.0


class Clock:
    """Started when made."""

    def __init__(self) -> None:
        self.wall, self.cores = time.perf_counter(), time.process_time()

    def spent(self) -> Spent:
        """Return the time since the start."""
        return Spent(time.perf_counter() - self.wall, time.process_time() - self.cores)


def run_columns(people: Path, result: Path) -> Spent:
    """Run the column reader on DuckDB, write its result, return what the second run took."""
    backend = connect_duckdb(threads=4, reads=[people.parent])
    rows = backend.create_table("people", backend.read_parquet(people), temp=True)
    program = scoring_program.build()
    for table in columns.run(program, rows, rows):
        backend.drop_table(table.op().find_topmost(ops.DatabaseTable)[0].name)
    started = Clock()
    first, second = columns.run(program, rows, rows)
    spent = started.spent()
    points = first.drop("segment", "last", "total")
    pq.write_table(points.join(second, "appraisal").to_pyarrow(), result)
    return spent


def run_polars(people: Path, result: Path) -> Spent:
    """Run the hand-written polars, write its result, return what the second run took."""
    rows = pl.read_parquet(people)
    scoring_polars.run(rows)
    started = Clock()
    made = scoring_polars.run(rows)
    spent = started.spent()
    made.write_parquet(result)
    return spent


def run_exact(people: Path, result: Path) -> Spent:
    """Run the exact reader, write its result, return what the only run took."""
    rows = pq.read_table(people).to_pylist()
    program = scoring_program.build()
    started = Clock()
    outcome = exact.run(program, rows, rows, keep=False)
    spent = started.spent()
    made = {"appraisal": [row["appraisal"] for row in rows], **outcome.segments, **outcome.appraisals}
    pq.write_table(pa.table(made), result)
    return spent


RUNNERS = {"columns": run_columns, "polars": run_polars, "exact": run_exact}


def measure(runner: str, people: Path, result: Path) -> Spent:
    """Return time and peak memory of one run in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.scoring", "--run", runner, str(people), str(result)]
    root = Path(__file__).resolve().parent.parent
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=root)
    return Spent(**json.loads(done.stdout))


def differing(one: Path, other: Path) -> int:
    """Return the number of people of `other` whose figures are not the same in `one`."""
    right = pl.read_parquet(other).sort("appraisal")
    left = pl.read_parquet(one).join(right.select("appraisal"), on="appraisal", how="semi").sort("appraisal")
    left = left.select(right.columns)
    if left.height != right.height:
        return abs(left.height - right.height)
    unequal = [left[name].ne_missing(right[name]) for name in right.columns]
    return int(pl.DataFrame(unequal).select(pl.any_horizontal(pl.all()).sum()).item())


def sample_of(people: pa.Table, size: int) -> pa.Table:
    """Return whole teams of about `size` people: a person's grade depends on the team."""
    teams = pl.Series(people["team"].to_pylist()).unique().sort()
    wanted = teams.head(max(1, len(teams) * size // people.num_rows))
    frame = pl.DataFrame(people).filter(pl.col("team").is_in(wanted.implode()))
    return frame.to_arrow().cast(people.schema)


def compare(count: int, rounds: int, size: int, folder: Path) -> dict[str, float]:
    """Measure all readers on `count` people, print what came out, return the figures by name."""
    everyone = scoring_program.people(count)
    people, sample = folder / "people.parquet", folder / "sample.parquet"
    pq.write_table(everyone, people)
    sampled = sample_of(everyone, size)
    pq.write_table(sampled, sample)
    runs: dict[str, list[Spent]] = {"columns": [], "polars": []}
    for _round in range(rounds):
        for name, measured in runs.items():
            measured.append(measure(name, people, folder / f"{name}.parquet"))
    runs["exact"] = [measure("exact", sample, folder / "exact.parquet")]
    figures: dict[str, float] = {}
    print(f"{count:,} people, {rounds} interleaved runs; exact reader: {sampled.num_rows:,} people, once")
    for name, measured in runs.items():
        seconds = [run.seconds for run in measured]
        cores = statistics.median(run.core_seconds for run in measured)
        figures[name] = statistics.median(seconds)
        figures[f"{name}_peak_mb"] = max(run.peak_mb for run in measured)
        spread = f"{min(seconds):.3f}–{max(seconds):.3f}, {cores:.3f} of all cores"
        print(f"{name:8} {figures[name]:8.3f} s ({spread}), peak {figures[f'{name}_peak_mb']:,.0f} MB")
    for name, other in (("polars", people), ("exact", sample)):
        figures[f"{name}_differ"] = differing(folder / "columns.parquet", folder / f"{name}.parquet")
        print(f"columns and {name}: {figures[f'{name}_differ']:.0f} of {pq.read_metadata(other).num_rows:,} differ")
    per_person = figures["exact"] / sampled.num_rows / (figures["columns"] / count)
    print(f"columns ÷ polars {figures['columns'] / figures['polars']:.2f}; exact ÷ columns, a person, {per_person:.0f}")
    return figures


def main() -> None:
    """Read the command line; end with 1 when two readers differ."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=MILLION)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sample", type=int, default=20_000, help="people for the exact reader")
    parser.add_argument("--run", nargs=3, metavar=("READER", "PEOPLE", "RESULT"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        runner, people, result = options.run
        spent = RUNNERS[runner](Path(people), Path(result))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps(asdict(replace(spent, peak_mb=peak))))
        return
    with tempfile.TemporaryDirectory() as folder:
        figures = compare(options.people, options.rounds, options.sample, Path(folder))
    if figures["polars_differ"] or figures["exact_differ"]:
        sys.exit(1)


if __name__ == "__main__":
    main()
