"""YAML as a scheme is written in: plain, unambiguous, and every value with its line.

Read are mappings, lists and scalars; a plain scalar is a number only if it looks like 85 or -0.5, a truth value only
if it is `true` or `false`, nothing only if it is `null`, and text otherwise (no octal, no sexagesimal, no yes/no, no
dates). What lets a reader be surprised (anchors, merge keys, tags, a key twice, a second document) is refused. Knows
nothing of schemes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import yaml

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.language import _

Steps = tuple[str | int, ...]
"""Keys and indices from the root of a document to one of its values."""
Lines = dict[Steps, tuple[int, int]]
"""Where each value (for a mapping entry: its key) stands: line and column, counted from 1."""

LARGEST_TEXT = 1_000_000
LARGEST_DEPTH = 24
LARGEST_NUMBER_OF_VALUES = 20_000

_NUMBER = re.compile(r"[+-]?(0|[1-9]\d*)(\.\d+)?")


_FULL_WIDTH = dict(zip("：，；｛｝［］“”‘’＃－", ":,;{}[]\"\"''#-", strict=True))
_QUOTED = re.compile(r""""[^"]*"|'[^']*'|(?:^|\s)#.*""")


def full_width(line: str) -> str:
    """Return what to do about full-width punctuation where `line` has its keys, lists and groups; empty if there is
    none. In a text after ``key: `` it is meant.
    """
    key, colon, value = line.partition(": ")
    line = key if colon and value.lstrip()[:1] not in ("[", "{") else line
    found = next((character for character in _QUOTED.sub("", line) if character in _FULL_WIDTH), "")
    if not found:
        return ""
    return _("有全角标点“{full}”：分隔用的标点应写半角 {half}").format(full=found, half=_FULL_WIDTH[found])


def yaml_hint(text: str, error: yaml.MarkedYAMLError) -> str:
    """Return what to do about an error of the YAML parser in `text`; the parser's own words stand beside it."""
    problem, lines = error.problem or "", text.split("\n")
    numbers = [mark.line for mark in (error.context_mark, error.problem_mark) if mark is not None]
    if "expected ':'" in problem or "not allowed here" in problem:  # noticed only on the line after
        numbers += [number - 1 for number in numbers if number]
    for number in numbers:
        if number < len(lines) and (hint := full_width(lines[number])):
            return _("第 {line} 行{hint}").format(line=number + 1, hint=hint)
    if "\\t" in problem:
        return _("缩进只用空格：把制表符换成空格")
    if "mapping values are not allowed" in problem:
        return _("文字里有冒号加空格时，给整段文字加上引号")
    if "expected ':'" in problem:
        return _("键后面要有冒号和空格，如 title: 客服")
    if "block end" in problem or "indent" in problem:
        return _("同一层的行左边要对齐；列表项以“- ”开头；引号要成对")
    if "expected ','" in problem or "end of stream" in problem or "flow" in problem or "quoted" in problem:
        return _("检查括号和引号是否成对")
    return _("检查这一行和上一行的写法")


@dataclass
class _Reader:
    """Builds the document from parser events, collecting problems that do not stop it."""

    name: str
    events: Iterator[Any]
    lines: Lines = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    values: int = 0

    def problem(self, code: str, mark: Any, message: str, fix: str) -> None:
        place = f"{self.name}:{mark.line + 1}"
        self.problems.append(Problem(code=code, place=place, message=message, fix=fix))

    def node(self, event: Any, path: Steps) -> Any:
        """Return the value that begins with `event`."""
        mark = event.start_mark
        self.lines.setdefault(path, (mark.line + 1, mark.column + 1))
        self.values += 1
        if len(path) > LARGEST_DEPTH or self.values > LARGEST_NUMBER_OF_VALUES:
            self.problem("yaml-too-deep", mark, _("嵌套太深或内容太多"), _("考核方案不需要这么大的文件；检查缩进"))
            raise MeritdeskError(*self.problems)
        if isinstance(event, yaml.AliasEvent):
            self.problem(
                "yaml-anchor", mark, _("不支持引用（*{name}）").format(name=event.anchor), _("把内容直接写出来")
            )
            return None
        if event.anchor is not None:
            self.problem(
                "yaml-anchor",
                mark,
                _("不支持锚点（&{name}）").format(name=event.anchor),
                _("去掉锚点，把内容直接写出来"),
            )
        if event.tag is not None:
            self.problem("yaml-tag", mark, _("不支持类型标记（{tag}）").format(tag=event.tag), _("去掉叹号开头的标记"))
        if isinstance(event, yaml.SequenceStartEvent):
            return self.sequence(path)
        if isinstance(event, yaml.MappingStartEvent):
            return self.mapping(path)
        return event.value if event.style is not None else _plain(event.value)

    def sequence(self, path: Steps) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self.node(event, (*path, len(items))))
        return items

    def mapping(self, path: Steps) -> dict[str, Any]:
        entries: dict[str, Any] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            mark = event.start_mark
            if not isinstance(event, yaml.ScalarEvent):
                self.problem("yaml-key", mark, _("键必须是一个词"), _("写成 键: 值"))
                self.node(event, (*path, "?"))
                self.node(next(self.events), (*path, "?", "?"))
                continue
            key = event.value
            if key == "<<" and event.style is None:
                self.problem("yaml-merge-key", mark, _("不支持合并键（<<）"), _("把内容直接写出来"))
            elif key in entries:
                first = self.lines[(*path, key)][0]
                self.problem(
                    "yaml-key-twice",
                    mark,
                    _("“{key}”写了两次，第一次在第 {line} 行").format(key=key, line=first),
                    _("只留一个"),
                )
                self.node(next(self.events), (*path, key, "?"))
                continue
            self.lines[(*path, key)] = (mark.line + 1, mark.column + 1)
            entries[key] = self.node(next(self.events), (*path, key))
        return entries


def _plain(text: str) -> Any:
    if _NUMBER.fullmatch(text):
        return Decimal(text)
    return {"true": True, "false": False, "null": None, "": None}.get(text, text)


def read_yaml(text: str, name: str) -> tuple[Any, Lines]:
    """Return the value of the one document in `text` and the line of each part; `name` is how problems call the file.

    Numbers are Decimal. MeritdeskError, with every problem that could be seen, for anything that is not plain YAML.
    """
    if len(text) > LARGEST_TEXT:
        raise MeritdeskError(
            Problem(
                code="yaml-too-large", place=name, message=_("文件超过 1 MB"), fix=_("这不像一份考核方案，检查选的文件")
            )
        )
    reader = _Reader(name, iter(()))
    document: Any = None
    try:
        reader.events = iter(yaml.parse(text.removeprefix("\ufeff"), Loader=yaml.SafeLoader))
        documents = 0
        for event in reader.events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    reader.problem(
                        "yaml-documents", event.start_mark, _("文件里有第二份文档（---）"), _("一个文件只写一份方案")
                    )
                    break
                document = reader.node(next(reader.events), ())
        if document is None and not reader.problems:
            reader.problems.append(
                Problem(code="yaml-empty", place=f"{name}:1", message=_("文件是空的"), fix=_("从一份内置方案复制开始"))
            )
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark is not None else 1
        detail = error.problem or str(error)
        code = "yaml-tab" if "\\t" in detail else "yaml-syntax"
        message = _("这一行不符合 YAML 写法（{detail}）").format(detail=detail)
        fix = yaml_hint(text, error)
        reader.problems.append(Problem(code=code, place=f"{name}:{line}", message=message, fix=fix))
    except yaml.YAMLError as error:  # the parser's refusal of control characters has a position only
        position = getattr(error, "position", 0)
        line = text.count("\n", 0, position) + 1
        message = _("这一行有不能显示的控制字符")
        reader.problems.append(
            Problem(code="yaml-character", place=f"{name}:{line}", message=message, fix=_("删掉它，或重新输入这一行"))
        )
    if reader.problems:
        raise MeritdeskError(*reader.problems)
    return document, reader.lines
