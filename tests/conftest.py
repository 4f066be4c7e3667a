"""What every test may use: repeatable random trees, and the real data from outside where it is present.

The outside data is not part of the project and never copied into it: tests that read it are skipped where it is absent.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]

# The same examples on every machine and in every run; HYPOTHESIS_PROFILE=search looks for new ones.
settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
settings.register_profile("search", max_examples=10_000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long forms out unless they are asked for with ``-m long``."""
    if "long" in str(config.getoption("markexpr")):
        return
    long = [item for item in items if item.get_closest_marker("long")]
    if long:
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if not item.get_closest_marker("long")]


@pytest.fixture(scope="session")
def outside_data() -> Path:
    """Return the folder of the real data, from MERITDESK_OUTSIDE_DATA or beside the project; skip if there is none."""
    folder = Path(os.environ.get("MERITDESK_OUTSIDE_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("the outside data is not on this machine (MERITDESK_OUTSIDE_DATA)")
    return folder
