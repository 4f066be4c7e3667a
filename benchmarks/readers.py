"""E1, long form: every reader on 10^6 pairs of a random tree and a random row on DuckDB, 2·10^5 on PostgreSQL.

    python -m benchmarks.readers
    python -m benchmarks.readers --duckdb 100000 --postgres 0 --verifier 20000 --first-seed 5000

Prints the pairs, the evaluations of each node kind, the share of deep trees, of missing inputs, of values on a bound,
and what differs. Ends with 1 when a reader differs, when a kind is too rare, or when a float engine is not found wrong.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from itertools import count

from tests.internal import float_reader
from tests.internal.equality import ROWS, TREES, Tally, first_difference
from tests.internal.readers import READERS, Reader, on, postgres_connection
from tests.internal.trees import batch

EACH_KIND = 1_000
"""Evaluations of every node kind that a run needs to mean something."""


def compare(title: str, reader: Reader, pairs: int, first_seed: int, kinds: Sequence[str] = ()) -> Tally:
    """Compare a reader with reader 1 on at least `pairs` pairs, and print what was found."""
    tally, started = Tally(), time.perf_counter()
    for seed in count(first_seed):
        if tally.pairs >= pairs:
            break
        made = batch(seed, TREES, ROWS, kinds) if kinds else batch(seed, TREES, ROWS)
        tally.add(made)
        found = reader(made.outputs, made.rows)
        known = tally.differ
        tally.compare(made, READERS["exact"](made.outputs, made.rows), found)
        if tally.differ and not known and not kinds:
            print(first_difference(made, tally.first_tree, READERS["exact"], reader), flush=True)
        if sys.stderr.isatty():
            print(f"\r{title}: {tally.pairs:,} of {pairs:,}", end="", file=sys.stderr, flush=True)
    print(f"\n{title}, {time.perf_counter() - started:.0f} s\n{tally.report()}", flush=True)
    return tally


def main() -> int:
    """Run all comparisons and the control; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--duckdb", type=int, default=1_000_000, help="pairs on DuckDB")
    parser.add_argument("--postgres", type=int, default=200_000, help="pairs on PostgreSQL")
    parser.add_argument("--verifier", type=int, default=200_000, help="pairs in the stand-alone verifier")
    parser.add_argument("--first-seed", type=int, default=10_000)
    options = parser.parse_args()
    seed = options.first_seed
    tallies = [compare("columns on DuckDB", READERS["duckdb"], options.duckdb, seed)] if options.duckdb else []
    if options.postgres:
        with postgres_connection() as connection:
            if connection is None:
                print("no PostgreSQL server to reach (MERITDESK_POSTGRES)", file=sys.stderr)
                return 1
            tallies.append(compare("columns on PostgreSQL", on(connection), options.postgres, seed + 1_000))
    if options.verifier:
        tallies.append(compare("stand-alone verifier", READERS["verifier"], options.verifier, seed + 2_000))
    floats = compare("control: a float engine", float_reader.evaluate, 100_000, seed, ["Input", *float_reader.KINDS])
    equal = all(tally.differ == 0 and min(tally.kinds.values()) >= EACH_KIND for tally in tallies)
    print("\n" + ("PASS" if equal and floats.differ else "FAIL"))
    return 0 if equal and floats.differ else 1


if __name__ == "__main__":
    raise SystemExit(main())
