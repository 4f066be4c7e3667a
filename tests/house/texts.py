"""Collects the texts for users from the source and keeps the English catalogue in step with them.

Texts are marked in three ways: `_("…")` and `lazy("…")` in Python, `{% t "…" %}` in the templates of the pages. Run as
a program (`python3 dev.py texts`) it merges new texts into the catalogue, drops those that are gone and compiles it;
the tests use the same functions to prove that nothing is left to do. It translates nothing by itself.
"""

from __future__ import annotations

import ast
import datetime
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
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
CHINESE = re.compile(r"[\u3400-\u9fff]")
# In templates: what is not shown, the tag `t`, and its text where it is a plain one.
COMMENT = re.compile(r"\{#.*?#\}|\{%-?\s*comment\b.*?endcomment\s*%\}", re.DOTALL)
TAG = re.compile(r"\{%[ \t]*t[ \t]+(.*?)[ \t]*%\}")  # on one line, as Django reads tags
TAG_TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"(?=\s|$)|\'((?:[^\'\\]|\\.)*)\'(?=\s|$)')


@dataclass(frozen=True)
class Mark:
    """A text for users where it stands; `text` is None where it is not one plain text and cannot be collected."""

    file: str
    line: int
    way: str
    text: str | None


def marked_texts(package: Path) -> Iterator[Mark]:
    """Yield every marked text of the Python files, then of the templates, file by file."""
    for path in sorted(package.rglob("*.py")):
        name = path.relative_to(package).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id=("_" | "lazy") as way), args=[ast.Constant(value=str() as text)]):
                    yield Mark(name, node.lineno, f"{way}()", text)
                case ast.Call(func=ast.Name(id=("_" | "lazy") as way)):
                    yield Mark(name, node.lineno, f"{way}()", None)
    for name, source in templates(package):
        for tag in TAG.finditer(source):
            plain = TAG_TEXT.match(tag[1])
            found = re.sub(r"\\(.)", r"\1", plain[1] or plain[2] or "") if plain else None
            yield Mark(name, source.count("\n", 0, tag.start()) + 1, "{% t %}", found)


def templates(package: Path) -> Iterator[tuple[str, str]]:
    """Yield (file, source) of every template, with its comments blanked and its lines kept."""
    for path in sorted(package.glob("web/**/templates/**/*")):
        if path.is_file():
            source = path.read_text(encoding="utf-8")
            yield path.relative_to(package).as_posix(), COMMENT.sub(lambda found: "\n" * found[0].count("\n"), source)


def unmarked(package: Path) -> Iterator[str]:
    """Yield Chinese that no switch of the language would change: in templates outside the tag, and in scripts."""
    for name, source in templates(package):
        rest = TAG.sub(lambda found: "\n" * found[0].count("\n"), source)
        for number, line in enumerate(rest.splitlines(), 1):
            if CHINESE.search(line):
                yield f"{name}:{number}: Chinese outside {{% t %}}: {line.strip()[:60]}"
    for path in sorted(package.glob("web/**/static/**/*.js")):
        if "vendor" in path.parts:
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if CHINESE.search(line):
                name = path.relative_to(package).as_posix()
                yield f"{name}:{number}: Chinese in a script (hand it over in a data attribute): {line.strip()[:60]}"


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
    for mark in sorted(marked_texts(package), key=lambda mark: (mark.file, mark.line)):
        if mark.text:
            known = old.get(mark.text)
            new.add(mark.text, str(known.string) if known else "", locations=[(mark.file, 1)])
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
    """Return what is not in order with the texts: unmarked, unmarkable, untranslated, other values, out of date."""
    marks = marked_texts(package)
    found = [f"{mark.file}:{mark.line}: {mark.way} takes one plain text" for mark in marks if mark.text is None]
    found += unmarked(package)
    wanted = merged(package)
    for message in wanted:
        if not message.id:
            continue
        text, english = str(message.id), str(message.string or "")
        if not english:
            found.append(f"not translated: {text}")
        elif sorted(PLACEHOLDER.findall(text)) != sorted(PLACEHOLDER.findall(english)):
            found.append(f"the values in braces differ: {text} / {english}")
        elif CHINESE.search(re.sub(r"[「“\"'(].*?[」”\"')]", "", english)):
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
