"""YAML documents as people write them, and the mistakes in one: file, line, field, what is wrong and how to mend it.

The models say what a document may hold; here their refusals are put into words and led back to the line. Knows
nothing of what a document means.
"""

from __future__ import annotations

import re
import types
from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Annotated, Any, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.language import _
from meritdesk.scheme.reading import full_width, yaml_hint


class Misplaced(ValueError):
    """A mistake that a model finds somewhere below itself: what is wrong, the path to it, and how to mend it."""

    def __init__(self, message: str, *path: str, fix: str = "") -> None:
        super().__init__(message)
        self.path = path
        self.fix = fix


class _Loader(yaml.SafeLoader):
    """YAML without the surprises: yes/no/on/off stay text, only true/false are truth values; times stay text."""


_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if tag not in ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool", "tag:yaml.org,2002:int")
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_BOOL = yaml.resolver.re.compile(r"^(?:true|false)$")  # type: ignore[attr-defined]
_INT = yaml.resolver.re.compile(r"^[-+]?(?:0|[1-9][0-9]*)$")  # type: ignore[attr-defined]
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", _BOOL, list("tf"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", _INT, list("-+0123456789"))


@dataclass(frozen=True)
class Document:
    """What a text holds, and the line of each of its parts."""

    place: str
    texts: tuple[str, ...]
    data: Any
    lines: dict[tuple[str, ...], int] = field(default_factory=dict)

    def problems(self, error: ValidationError, model: type[BaseModel]) -> Iterator[Problem]:
        """Yield every refusal of `model` as a problem with its line."""
        for detail in error.errors():
            path = tuple(str(part) for part in detail["loc"])
            cause = detail.get("ctx", {}).get("error")
            below = cause.path if isinstance(cause, Misplaced) else ()
            line = self._line((*path, *below))
            message, fix = _worded(dict(detail), model)
            fix = (cause.fix if isinstance(cause, Misplaced) else "") or fix
            hint = full_width(self.texts[line - 1]) if line <= len(self.texts) else ""
            shown = ".".join(path)
            yield Problem(
                code="mapping-invalid",
                place=f"{self.place}:{line}",
                message=f"{shown}: {message}" if shown else message,
                fix=hint or fix,
            )

    def _line(self, path: tuple[str, ...]) -> int:
        """Return the line of the part nearest to `path`; a rule written without a list is checked as a list of one."""
        found: tuple[str, ...] = ()
        for part in path:
            if (*found, part) in self.lines:
                found = (*found, part)
            elif part != "0":
                break
        return self.lines.get(found, 1)


def read_document(text: str, place: str) -> Document:
    """Return the document in `text`; raises MeritdeskError (`mapping-yaml`) for what is not YAML."""
    texts = tuple(text.split("\n"))
    try:
        node = yaml.compose(text, Loader=_Loader)
        data = yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        marked = error if isinstance(error, yaml.MarkedYAMLError) else yaml.MarkedYAMLError(problem=str(error))
        mark = marked.problem_mark or marked.context_mark
        message = _("不是有效的 YAML：{error}").format(error=marked.problem)
        at, fix = f"{place}:{mark.line + 1}" if mark else place, yaml_hint(text, marked)
        raise MeritdeskError(Problem(code="mapping-yaml", place=at, message=message, fix=fix)) from error
    lines: dict[tuple[str, ...], int] = {}
    if node is not None:
        _note_lines(node, (), lines)
    return Document(place, texts, data, lines)


def _note_lines(node: yaml.Node, path: tuple[str, ...], lines: dict[tuple[str, ...], int]) -> None:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            lines[*path, str(key.value)] = key.start_mark.line + 1
            _note_lines(value, (*path, str(key.value)), lines)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _note_lines(value, (*path, str(index)), lines)


def _worded(detail: dict[str, Any], model: type[BaseModel]) -> tuple[str, str]:
    """Return what is wrong and how to mend it, for one refusal of the models."""
    kind, path = str(detail["type"]), tuple(str(part) for part in detail["loc"])
    guide = _("请对照数据指南中的映射说明改正。")
    if kind == "value_error":
        return str(detail["msg"]).removeprefix("Value error, "), guide
    if kind == "extra_forbidden":
        known = _fields(model, path[:-1])
        near = [name for name in known if sorted(name) == sorted(path[-1])] or get_close_matches(path[-1], known, n=1)
        message = _("没有“{key}”，是不是 {near}？") if near else _("没有“{key}”这个字段")
        fix = _("可用的字段：{known}。").format(known="、".join(known)) if known else guide
        return message.format(key=path[-1], near="".join(near[:1])), fix
    if kind == "missing":
        return _("缺少字段 {key}").format(key=path[-1]), _("请补上这个字段。")
    if kind == "literal_error":
        known = re.findall(r"'([^']*)'", str(detail.get("ctx", {}).get("expected", "")))
        message = _("“{value}”不是可选的值").format(value=detail["input"])
        return message, _("可用的是：{known}。").format(known="、".join(filter(None, known))) if known else guide
    wanted = {
        "string": _("文字"), "int": _("整数"), "bool": "true / false", "date": _("日期，如 2024-01-31"),
        "tuple": _("列表"), "model": _("一组字段"), "dict": _("一组字段"),
    }  # fmt: skip
    form = wanted.get(kind.split("_")[0])
    return (_("这里应写{form}").format(form=form) if form else _("这里的写法不对")), guide


def _fields(model: Any, path: tuple[str, ...]) -> list[str]:
    """Return the fields that may stand at `path` of a document of `model`, as they are written."""
    here = [model]
    for part in path:
        here = [inner for form in here for base in _bases(form) for inner in _inside(base, part)]
    models = [base for form in here for base in _bases(form) if isinstance(base, type) and issubclass(base, BaseModel)]
    return [info.alias or name for one in models for name, info in one.model_fields.items()]


def _bases(form: Any) -> Iterator[Any]:
    if get_origin(form) is Annotated:
        yield from _bases(get_args(form)[0])
    elif get_origin(form) in (Union, types.UnionType):
        for each in get_args(form):
            yield from _bases(each)
    else:
        yield form


def _inside(base: Any, part: str) -> list[Any]:
    if isinstance(base, type) and issubclass(base, BaseModel):
        return [info.annotation for name, info in base.model_fields.items() if part in (name, info.alias)]
    if get_origin(base) is dict:
        return [get_args(base)[1]]
    return [get_args(base)[0]] if get_origin(base) is tuple else []
