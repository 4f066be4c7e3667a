"""What the demo company's systems hand in: the sample's exports of seven months, and what is read out of them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from meritdesk.events.ingest import Dataset, find_mappings, ingest
from meritdesk.sample import write_sample

TEAMS, SIZE = 5, 10
FACTS = ("通话记录", "满意度", "投诉台账")
"""What is attached to a cycle; the roster and the ratings are entered in the web part."""


@dataclass(frozen=True)
class Exports:
    """The folder, and the roster and ratings as contract rows."""

    folder: Path
    people: list[dict[str, Any]]
    ratings: list[dict[str, Any]]

    def files_of(self, first: date) -> list[Path]:
        """Return the files of a month."""
        label = first.strftime("%Y-%m")
        return [path for name in FACTS for path in sorted(self.folder.glob(f"{name}_{label}.*"))]

    def mappings(self) -> list[Path]:
        """Return the mapping files of what is attached."""
        return [self.folder / f"{name}.mapping.yaml" for name in ("calls", "surveys", "complaints")]


def write_exports(folder: Path, months: list[date], seed: int) -> Exports:
    """Write the exports of the months and read roster and ratings back."""
    write_sample(folder, [(month.year, month.month) for month in months], seed=seed, teams=TEAMS, size=SIZE)
    aside = folder / "aside"
    aside.mkdir()
    for path in [*folder.glob("名册*"), *folder.glob("评分_*"), *folder.glob("r*.mapping.yaml")]:
        shutil.copy(path, aside)
    read: Dataset = ingest(aside, find_mappings(aside))
    return Exports(folder, read.tables["people"].to_pylist(), read.tables["ratings"].to_pylist())
