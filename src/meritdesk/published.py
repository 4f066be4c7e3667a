"""A run's results in the form the next run reads: for years made of months and for grades in a row."""

from __future__ import annotations

import csv
from pathlib import Path

from meritdesk.results import Results

HEADINGS = ("person", "kind", "first_day", "last_day", "scheme", "scheme_hash", "total", "grade", "days")


def write_published(results: Results, folder: Path) -> Path:
    """Write ``results.<scheme>.<first day>.csv`` in contract form (table `results`) to `folder`; return the file.

    Put into the data folder of a later run, it is what an annual scheme averages and what streaks are counted from.
    """
    period = results.run.period
    path = folder / f"results.{results.scheme.scheme}.{period.first.isoformat()}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADINGS)
        for appraisal in results.appraisals:
            days = sum(segment.days for segment in appraisal.segments if segment.counted)
            writer.writerow(
                [
                    appraisal.person,
                    results.scheme.cycle.kind,
                    period.first.isoformat(),
                    period.last.isoformat(),
                    results.scheme.scheme,
                    results.run.scheme_hash,
                    "" if appraisal.total is None else f"{appraisal.total:f}",
                    appraisal.grade or "",
                    days,
                ]
            )
    return path
