"""Documents that lie beside a scheme (worked cases, findings), read with the same care as the scheme itself."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.language import _
from meritdesk.scheme.places import words
from meritdesk.scheme.reading import Lines, Steps, read_yaml
from meritdesk.scheme.shape import faults
from meritdesk.scheme.values import Model

M = TypeVar("M", bound=Model)


def read_companion(model: type[M], path: Path) -> M:
    """Return the document in `path` as a `model`; MeritdeskError with every problem of it, each with its line."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise MeritdeskError(
            Problem(
                code="file-unreadable",
                place=path.name,
                message=_("读不到文件：{error}").format(error=error),
                fix=_("检查路径、权限，并用 UTF-8 编码保存"),
            )
        ) from error
    document, lines = read_yaml(text, path.name)
    found = sorted(faults(model, document), key=lambda fault: _line(lines, fault[1]))
    if found:
        raise MeritdeskError(
            *(
                Problem(
                    code=code,
                    place=f"{path.name}:{_line(lines, at)}",
                    message=f"{words(document, at)}：{message}",
                    fix=fix,
                )
                for code, at, message, fix in found
            )
        )
    return model.model_validate(document)


def _line(lines: Lines, path: Steps) -> int:
    while path not in lines and path:
        path = path[:-1]
    return lines[path][0] if path in lines else 1
