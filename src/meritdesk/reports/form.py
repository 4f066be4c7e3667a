"""The evaluation form on paper (R4.10): one PDF per person, or all in one.

This module puts a person's result into words and hands them to the typesetter as data; the layout lies in
`form.typ`. No text ever becomes part of the template, and nothing is computed here.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import typst

from meritdesk.errors import Problem
from meritdesk.language import SOURCE, _, use
from meritdesk.reports import form_text, glyphs
from meritdesk.results import Appraisal, Results

TEMPLATE = Path(__file__).with_name("form.typ")
VOLUME = 100
"""People in one file: a document of some thousand pages would need gigabytes to typeset."""

Document = dict[str, Any]


def missing_glyphs(results: Results, *, language: str = SOURCE) -> list[Problem]:
    """Return a problem for each person and character that the form's font cannot draw; the form prints its code."""
    with use(language):
        found = glyphs.problems([results.scheme.title], results.scheme.scheme)
        for appraisal in results.appraisals:
            place = f"{appraisal.name}（{appraisal.person}）"
            found += glyphs.problems(texts(form_text.sheet(results, appraisal)), place)
    return found


def write_forms(
    results: Results, out_dir: Path, *, one_file: bool, language: str = SOURCE, threads: int | None = None
) -> list[Path]:
    """Write the evaluation forms as PDF into `out_dir` and return the files, in the order of the appraisals.

    One file per person, or with `one_file` all people in one (from `VOLUME` people on in several numbered volumes).
    The same results give the same bytes. Characters that the font lacks are printed as their code point;
    `missing_glyphs` reports them. `threads` defaults to the cores of the machine. MeritdeskError if the fonts are not
    installed.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    if one_file:
        volumes = [results.appraisals[at : at + VOLUME] for at in range(0, len(results.appraisals), VOLUME)]
        with use(language):
            names = [_volume_name(number, len(volumes)) for number in range(1, len(volumes) + 1)]
        jobs = dict(zip(names, volumes, strict=True))
    else:
        jobs = dict(zip(file_names(results.appraisals), ((a,) for a in results.appraisals), strict=True))
    paths = [out_dir / f"{name}.pdf" for name in jobs]
    threads = max(1, min(threads or os.cpu_count() or 1, len(paths)))
    # The typesetter works outside the interpreter lock; each thread keeps one compiler for its share of the files.
    shares = [list(zip(paths, jobs.values(), strict=True))[first::threads] for first in range(threads)]
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(partial(_write_share, results, language), shares))
    return paths


def _volume_name(number: int, volumes: int) -> str:
    return _("考核表_全部") if volumes == 1 else _("考核表_全部_{number}").format(number=f"{number:03d}")


def _write_share(results: Results, language: str, share: Sequence[tuple[Path, Sequence[Appraisal]]]) -> None:
    with use(language), tempfile.TemporaryDirectory(prefix="meritdesk-forms-") as folder:
        typesetter = Typesetter(Path(folder))
        for path, appraisals in share:
            path.write_bytes(typesetter.pdf(document(results, appraisals, language)))


class Typesetter:
    """Makes forms one after the other, in one thread; it sees no font but the form's own, and no file but its folder.

    The data reaches the template as a file: given as inputs of the program they would make the typesetter forget all
    that it has laid out before, and every form would take twice the time.
    """

    def __init__(self, folder: Path) -> None:
        self._data = folder / "data.json"
        template = folder / TEMPLATE.name
        template.write_bytes(TEMPLATE.read_bytes())
        paths = [str(glyphs.font_folder())]
        fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=paths)
        self._compiler = typst.Compiler(str(template), root=str(folder), font_paths=fonts, ignore_system_fonts=True)

    def pdf(self, content: Document) -> bytes:
        """Return the PDF of `content`, which `document` made."""
        self._data.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        made = self._compiler.compile(format="pdf", timestamp=0)
        assert isinstance(made, bytes), "a PDF is one file"
        return made


def document(results: Results, appraisals: Sequence[Appraisal], language: str) -> Document:
    """Return what the template prints for `appraisals`: texts only, all of them drawable; in the current language."""
    return {
        "font": glyphs.FAMILY,
        "lang": language.partition("-")[0],
        "region": "CN" if language == SOURCE else None,
        "title": glyphs.printable(form_text.form_title(results)),
        "words": form_text.words(results),
        "forms": [_printable(_with_note(form_text.sheet(results, appraisal))) for appraisal in appraisals],
    }


def _with_note(sheet: Document) -> Document:
    """Say on the form itself which characters have to be written in by hand."""
    absent = dict.fromkeys(character for text in texts(sheet) for character in glyphs.missing(text))
    if not absent:
        return sheet
    codes = _("、").join(f"〔U+{ord(character):04X}〕" for character in absent)
    return sheet | {"notes": [*sheet["notes"], _("{codes}：字体中没有此字，请手写补上。").format(codes=codes)]}


def texts(value: object) -> Iterator[str]:
    """Yield every text inside what goes on a form, in order."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from texts(part)
    elif isinstance(value, Sequence):
        for part in value:
            yield from texts(part)


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return glyphs.printable(value)
    if isinstance(value, Mapping):
        return {key: _printable(part) for key, part in value.items()}
    if isinstance(value, Sequence):
        return [_printable(part) for part in value]
    return value


def file_names(appraisals: Sequence[Appraisal]) -> list[str]:
    """Return a file name without ending for each person, safe on every system and never twice."""
    names: list[str] = []
    taken: set[str] = set()
    for appraisal in appraisals:
        plain = re.sub(r"[\x00-\x1f\x7f<>:\"/\\|?*]+", "_", f"{appraisal.person}_{appraisal.name}").strip(" .")
        # Most systems allow 255 bytes a name.
        wanted = plain.encode()[:200].decode(errors="ignore") or "_"
        name, number = wanted, 2
        while name.casefold() in taken:
            name, number = f"{wanted}-{number}", number + 1
        taken.add(name.casefold())
        names.append(name)
    return names
