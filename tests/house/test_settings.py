"""Every environment variable that the product reads is in the administrator's guide, and none that it does not read."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "guide" / "administrator.md"
NAME = re.compile(r"\bMERITDESK_[A-Z]+(?:_[A-Z]+)*\b")


def read_by_the_code(root: Path) -> set[str]:
    """Return the variables named beside `environ` or `envvar` in the source, by any quoted text."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted((root / "src").rglob("*.py")))
    return {name for name in NAME.findall(text) if f'"{name}"' in text}


def documented(guide: Path) -> set[str]:
    """Return the variables in the first column of the guide's table."""
    return set(re.findall(r"^\| `(MERITDESK_\w+)` \|", guide.read_text(encoding="utf-8"), flags=re.MULTILINE))


def test_settings_and_guide_name_the_same() -> None:
    assert read_by_the_code(ROOT) == documented(GUIDE)


def test_a_setting_that_nobody_documented_is_found(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.py").write_text('os.environ["MERITDESK_SECRET_DOOR"]', encoding="utf-8")
    assert read_by_the_code(tmp_path) - documented(GUIDE) == {"MERITDESK_SECRET_DOOR"}
