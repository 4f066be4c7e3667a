"""Collects the texts for users from the source and keeps the English catalogue in step with them.

Run as a program (`python3 dev.py texts`) it merges new texts into the catalogue, drops those that are gone and compiles
it; the tests use the same functions to prove that nothing is left to do. It translates nothing by itself.
"""

from __future__ import annotations

import ast
import datetime
import io
import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "meritdesk"
CATALOGUE = Path("locale/en/LC_MESSAGES/meritdesk.po")
# No clock in the files: the same source gives the same bytes.
DATE = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
HEADER = "# English texts of Meritdesk; made by `python3 dev.py texts`, translated by hand.\n"
PLACEHOLDER = re.compile(r"(?<!\{)\{(\w*)")


def marked_texts(package: Path) -> Iterator[tuple[str, int, str | None]]:
    """Yield (file, line, text) of every call of `_`; the text is None where it is not a plain constant."""
    for path in sorted(package.rglob("*.py")):
        name = path.relative_to(package).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="_"), args=[ast.Constant(value=str() as text)]):
                    yield name, node.lineno, text
                case ast.Call(func=ast.Name(id="_")):
                    yield name, node.lineno, None


def read(package: Path) -> Catalog:
    """Return the English catalogue as it lies in the package; an empty one if there is none."""
    path = package / CATALOGUE
    if not path.is_file():
        return Catalog(locale="en", domain="meritdesk")
    with path.open("rb") as file:
        return read_po(file, locale="en", domain="meritdesk")


def merged(package: Path) -> Catalog:
    """Return the catalogue as it should be: every marked text, with the translation it has so far."""
    old = read(package)
    new = Catalog(
        locale="en",
        domain="meritdesk",
        project="Meritdesk",
        version="main",
        msgid_bugs_address="none",
        header_comment=HEADER,
        fuzzy=False,
        creation_date=DATE,
        revision_date=DATE,
        last_translator="Meritdesk",
        language_team="Meritdesk",
    )
    for name, _line, text in sorted(marked_texts(package), key=lambda found: (found[0], found[1])):
        if text:
            known = old.get(text)
            new.add(text, str(known.string) if known else "", locations=[(name, 1)])
    return new


def as_po(catalogue: Catalog) -> bytes:
    """Return the text form, with file names but no line numbers, so that moved code changes nothing."""
    file = io.BytesIO()
    write_po(file, catalogue, width=120, include_lineno=False)
    return file.getvalue()


def as_mo(catalogue: Catalog) -> bytes:
    """Return the compiled form that gettext reads."""
    file = io.BytesIO()
    write_mo(file, catalogue)
    return file.getvalue()


def faults(package: Path) -> list[str]:
    """Return what is not in order with the texts of `package`: unmarkable, untranslated, other values, out of date."""
    found = [f"{name}:{line}: _() takes one plain text" for name, line, text in marked_texts(package) if text is None]
    wanted = merged(package)
    for message in wanted:
        if not message.id:
            continue
        text, english = str(message.id), str(message.string or "")
        if not english:
            found.append(f"not translated: {text}")
        elif sorted(PLACEHOLDER.findall(text)) != sorted(PLACEHOLDER.findall(english)):
            found.append(f"the values in braces differ: {text} / {english}")
        elif re.search(r"[\u3400-\u9fff]", re.sub(r"[「“\"'(].*?[」”\"')]", "", english)):
            found.append(f"Chinese in the English text: {english}")
    path = package / CATALOGUE
    if not path.is_file() or path.read_bytes() != as_po(wanted):
        found.append(f"{CATALOGUE.as_posix()} is out of date: run python3 dev.py texts")
    compiled = path.with_suffix(".mo")
    if not compiled.is_file() or compiled.read_bytes() != as_mo(wanted):
        found.append(f"{compiled.name} is not the compiled catalogue: run python3 dev.py texts")
    return found


def update(package: Path) -> Catalog:
    """Write both forms of the merged catalogue into the package and return it."""
    catalogue = merged(package)
    path = package / CATALOGUE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(as_po(catalogue))
    path.with_suffix(".mo").write_bytes(as_mo(catalogue))
    return catalogue


def main() -> int:
    """Update the catalogue of the project; say what is left to translate. Exit code 1 if anything is."""
    catalogue = update(PACKAGE)
    left = faults(PACKAGE)
    print("\n".join([f"{len(catalogue)} texts, {len(left)} to mend", *left]))
    return 1 if left else 0


if __name__ == "__main__":
    raise SystemExit(main())
