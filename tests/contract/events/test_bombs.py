"""B3: files made to exhaust a reader are refused in two seconds and little memory, before any parser sees them."""

from __future__ import annotations

import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from meritdesk.errors import MeritdeskError
from meritdesk.events import bounds
from meritdesk.events.readers import read
from tests.contract.events import files

SECONDS = 2.0
MEBIBYTES = 256

WORKBOOK = (
    '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
    '<sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>'
)
RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Type="worksheet" Target="worksheets/sheet1.xml"/></Relationships>'
)
SHEET = "<worksheet><sheetData>{rows}</sheetData></worksheet>"


def _workbook(path: Path, sheet: str, strings: str = "<sst></sst>", extra: bytes = b"") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("xl/workbook.xml", WORKBOOK)
        package.writestr("xl/_rels/workbook.xml.rels", RELATIONS)
        package.writestr("xl/worksheets/sheet1.xml", sheet)
        package.writestr("xl/sharedStrings.xml", strings)
        if extra:
            package.writestr("xl/media/image1.bin", extra)
    return path


def zip_ratio(folder: Path) -> Path:
    return _workbook(folder / "ratio.xlsx", SHEET.format(rows=""), extra=bytes(300 * 1024**2))


def zip_lies(folder: Path) -> Path:
    """A sheet that unpacks to more than the directory of the archive says."""
    path = _workbook(folder / "lies.xlsx", SHEET.format(rows=" " * 20_000_000))
    data = bytearray(path.read_bytes())
    true_size = (20_000_000 + len(SHEET.format(rows=""))).to_bytes(4, "little")
    assert data.count(true_size) >= 2
    path.write_bytes(bytes(data).replace(true_size, (1000).to_bytes(4, "little")))
    return path


def far_cell(folder: Path) -> Path:
    cells = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    return _workbook(folder / "far.xlsx", SHEET.format(rows=cells))


def far_cell_ods(folder: Path) -> Path:
    rows = (
        '<table:table-row table:number-rows-repeated="1048575">'
        '<table:table-cell table:number-columns-repeated="16384" office:value-type="float" office:value="1"/>'
        "</table:table-row>"
    )
    return files.write_ods_content(folder / "far.ods", files.ods_with_rows(rows))


def far_cell_xls(folder: Path) -> Path:
    return files.write_xls(folder / "far.xls", [["a"], ["b"]], far=(65535, 255))


def million_strings(folder: Path) -> Path:
    return _workbook(
        folder / "strings.xlsx", SHEET.format(rows=""), "<sst>" + "<si><t>a</t></si>" * 1_100_000 + "</sst>"
    )


def entity_expansion(folder: Path) -> Path:
    entities = '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    return _workbook(folder / "entities.xlsx", entities + SHEET.format(rows="<row><c><v>&b;</v></c></row>"))


def entity_expansion_ods(folder: Path) -> Path:
    content = files.ods_with_rows("").replace("?>", '?><!DOCTYPE a [<!ENTITY a "ha">]>', 1)
    return files.write_ods_content(folder / "entities.ods", content)


def huge_field(folder: Path) -> Path:
    path = folder / "field.csv"
    path.write_text('a,b\n1,"' + "x" * 30_000_000, encoding="ascii")
    return path


def binary(folder: Path) -> Path:
    path = folder / "binary.csv"
    path.write_bytes(bytes(range(256)) * 40_000)
    return path


BOMBS: list[tuple[Callable[[Path], Path], set[str]]] = [
    (zip_ratio, {"unpacks-too-far"}),
    (zip_lies, {"unpacks-too-far"}),
    (far_cell, {"far-cell"}),
    (far_cell_ods, {"far-cell"}),
    (far_cell_xls, {"far-cell"}),
    (million_strings, {"too-many-strings"}),
    (entity_expansion, {"entity-expansion"}),
    (entity_expansion_ods, {"entity-expansion"}),
    (huge_field, {"huge-field", "broken-csv"}),
    (binary, {"encoding-unclear", "not-text", "bad-encoding"}),
]


@pytest.mark.parametrize(("bomb", "codes"), BOMBS, ids=[bomb.__name__ for bomb, _codes in BOMBS])
def test_bomb_is_refused_in_time(bomb: Callable[[Path], Path], codes: set[str], tmp_path: Path) -> None:
    path = bomb(tmp_path)
    started = time.perf_counter()
    with pytest.raises(MeritdeskError) as caught:
        list(read(path).rows)
    assert time.perf_counter() - started <= SECONDS
    assert caught.value.problems[0].code in codes
    assert caught.value.problems[0].fix


_PROBE = """
import resource, sys
from pathlib import Path
from meritdesk.errors import MeritdeskError
from meritdesk.events import bounds
from meritdesk.events.readers import read
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    list(read(Path(sys.argv[1])).rows)
except MeritdeskError:
    print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.parametrize("bomb", [bomb for bomb, _codes in BOMBS], ids=[bomb.__name__ for bomb, _codes in BOMBS])
def test_bomb_takes_little_memory(bomb: Callable[[Path], Path], tmp_path: Path) -> None:
    path = bomb(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", _PROBE, str(path)], capture_output=True, text=True, timeout=60, check=True
    )
    assert int(done.stdout) <= MEBIBYTES


def test_the_checks_let_ordinary_workbooks_pass(tmp_path: Path) -> None:
    """Negative control of the refusals: a plain workbook of the same kinds is read."""
    rows: files.Rows = [["a", "b"], *([f"text {n}", n] for n in range(2000))]
    assert len(list(read(files.write_xlsx(tmp_path / "plain.xlsx", rows)).rows)) == 2000
    assert len(list(read(files.write_ods(tmp_path / "plain.ods", rows)).rows)) == 2000
    assert len(list(read(files.write_xls(tmp_path / "plain.xls", rows)).rows)) == 2000
    assert len(list(read(files.write_csv(tmp_path / "plain.csv", rows)).rows)) == 2000


def test_without_its_check_the_far_cell_gets_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control of the harness: the refusal comes from the check of the grid, and from nothing else."""
    path = far_cell(tmp_path)
    monkeypatch.setattr(bounds, "MAX_CELLS", 10**12)
    assert bounds.check_workbook(path, "far.xlsx").keys() == {"S"}
