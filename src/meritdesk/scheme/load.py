"""A scheme document read from YAML: the model, and where each part stands.

All problems of a file are reported at once, each with file, line, the field in words, what is wrong and how to mend it.
Whether the scheme is wise is not judged here: that is `check`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from meritdesk import library
from meritdesk.errors import MeritdeskError, Problem
from meritdesk.language import _
from meritdesk.rules.numbers import format_number
from meritdesk.scheme.document import Scheme
from meritdesk.scheme.places import path_of, words
from meritdesk.scheme.reading import Lines, Steps, read_yaml
from meritdesk.scheme.references import reference_faults
from meritdesk.scheme.shape import faults

SCHEMES = Path(library.__file__).parent / "schemes"


@dataclass(frozen=True)
class LoadedScheme:
    """A scheme with the text it was read from, its content hash, and the line and column of each part."""

    scheme: Scheme
    name: str
    text: str
    content_hash: str
    document: Mapping[str, Any]
    lines: Lines

    def line(self, place: str) -> int:
        """Return the line of a stable place (``dimensions.quality.csat``), or of the nearest part around it."""
        return _line(self.lines, path_of(self.document, place))


def load_scheme(source: Path | str, *, name: str = "") -> Scheme:
    """Return the scheme in a file (Path) or text (str); see `load_document`."""
    return load_document(source, name=name).scheme


def load_document(source: Path | str, *, name: str = "") -> LoadedScheme:
    """Return the scheme in a file (Path) or in a text (str) with everything known about where it stands.

    `name` is how problems call the file (default: the file's name). MeritdeskError carries all problems found.
    """
    name = name or (source.name if isinstance(source, Path) else _("方案"))
    text = read_text(source, name) if isinstance(source, Path) else source
    document, lines = read_yaml(text, name)
    found = list(faults(Scheme, document))
    scheme = None
    if not found:
        scheme = Scheme.model_validate(document)
        found = list(reference_faults(scheme))
    if scheme is None or found:
        raise MeritdeskError(
            *(
                Problem(
                    code=code,
                    place=f"{name}:{_line(lines, path)}",
                    message=f"{words(document, path)}：{message}",
                    fix=fix,
                )
                for code, path, message, fix in sorted(found, key=lambda fault: _line(lines, fault[1]))
            )
        )
    return LoadedScheme(scheme, name, text, content_hash(document), document, lines)


def content_hash(document: Any) -> str:
    """Return the SHA-256 of the document's canonical form: comments, layout and the order of keys do not matter."""
    return hashlib.sha256(_canonical(document).encode()).hexdigest()


def shipped() -> dict[str, Path]:
    """Return name → file of every scheme that ships and is ready to use."""
    return {name: path for name, path in _schemes().items() if not name.endswith(".as-printed")}


def shipped_as_printed() -> dict[str, Path]:
    """Return name → file of every source that ships as printed: literal, flawed, never published."""
    return {name: path for name, path in _schemes().items() if name.endswith(".as-printed")}


def _schemes() -> dict[str, Path]:
    files = {path.name.removesuffix(".yaml"): path for path in sorted(SCHEMES.glob("*.yaml"))}
    return {name: path for name, path in files.items() if not name.endswith((".cases", ".findings"))}


def read_text(path: Path, name: str) -> str:
    """Return the text of a UTF-8 file; MeritdeskError if it cannot be read or is in another encoding."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        problem = ("file-encoding", _("文件不是 UTF-8 编码"), _("用 UTF-8 另存一次"))
    except OSError as error:
        problem = ("file-unreadable", _("读不到文件：{error}").format(error=error.strerror), _("检查路径和权限"))
    code, message, fix = problem
    raise MeritdeskError(Problem(code=code, place=name, message=message, fix=fix))


def _line(lines: Lines, path: Steps) -> int:
    while path not in lines and path:
        path = path[:-1]
    return lines[path][0] if path in lines else 1


def _canonical(value: Any) -> str:
    if isinstance(value, Mapping):
        entries = (f"{json.dumps(key, ensure_ascii=False)}:{_canonical(value[key])}" for key in sorted(value))
        return "{" + ",".join(entries) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_canonical(item) for item in value) + "]"
    return format_number(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)
