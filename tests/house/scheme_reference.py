"""The reference of the scheme language, made from the models: the JSON Schema for editors and a page for people.

Run as a program (`python -m tests.house.scheme_reference`) it writes both anew; a test proves that nothing is left to
do and that every example is read by the product.
"""

from __future__ import annotations

import json
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from meritdesk.rules.numbers import Bounds, format_number
from meritdesk.scheme import methods
from meritdesk.scheme.check.catalogue import kinds
from meritdesk.scheme.document import Date, Scheme
from meritdesk.scheme.labels import labels
from meritdesk.scheme.schema import scheme_schema
from meritdesk.scheme.values import Interval, Model, Name, Number, Text, Whole

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "docs" / "reference" / "scheme.schema.json"
PAGE = ROOT / "docs" / "reference" / "scheme.md"

EXAMPLES: dict[str, str] = {
    "BandsMethod": """
source: {metric: average_response}
missing: redistribute
scoring:
  method: bands
  full: 5
  bands:
    - {when: "[0, 30]", points: 5}
    - {when: "(30, 60]", points: 3}
    - {when: "(60, )", points: 1}
""",
    "CurveMethod": """
source: {metric: csat_top2}
missing: hold
scoring: {method: curve, points: [[80%, 0], [95%, 100]]}
""",
    "RangeMethod": """
source: {metric: handle_time}
missing: redistribute
scoring: {method: range, best_from: 240, best_to: 420, zero_below: 60, zero_above: 900}
""",
    "TiersMethod": """
source: {metric: total_calls}
scoring:
  method: tiers
  mode: marginal
  tiers:
    - {when: "[0, 2000]", rate: 0.4}
    - {when: "(2000, )", rate: 0.5}
""",
    "TableMethod": """
source: {metric: wrong_orders}
scoring:
  method: table
  rows: [{value: 0, points: 100}, {value: 1, points: 80}, {value: 2, points: 60}]
  otherwise: 0
""",
    "DeductMethod": """
source: {metric: wrong_orders}
scoring: {method: deduct, each: 5}
""",
    "BonusMethod": """
source: {event: praise}
scoring: {method: bonus, each: 2, cap: 10}
""",
    "AttainmentMethod": """
source: {metric: sales}
scoring: {method: attainment, target: personal, cap: 120%}
""",
    "RankMethod": """
source: {metric: handle_time}
missing: hold
scoring:
  method: rank
  by: percentile
  group: team
  bands:
    - {when: "[80%, 100%]", points: 100}
    - {when: "[30%, 80%)", points: 80}
    - {when: "(0, 30%)", points: 60}
""",
    "RatingMethod": """
source: {rating: [superior]}
scoring:
  method: rating
  full: 30
  levels:
    - {level: 1, title: 未达要求, points: "[0, 15)"}
    - {level: 2, title: 基本达到, points: "[15, 25)"}
    - {level: 3, title: 良好, points: "[25, 29]"}
    - {level: 4, title: 出色, points: 30}
""",
    "LevelsMethod": """
source: {metric: exam_level}
missing: hold
scoring:
  method: levels
  levels:
    - {level: 1, title: 初级, points: 60}
    - {level: 2, title: 中级, points: 80}
    - {level: 3, title: 高级, points: 100}
""",
    "CombineMethod": """
source: {of: [other]}
scoring: {method: min}
""",
}
"""One indicator per method, as it stands in a document under `id` and `title`."""

AROUND = """scheme: example
version: 1
title: 示例
style: weights
cycle: {kind: month}
positions: [{id: agent, title: 客服}]
raters: {roles: [{id: superior, title: 直接上级, weight: 100}]}
dimensions:
  - id: work
    title: 工作
    weight: 100
    indicators:
      - id: other
        title: 其他
        source: {event: praise}
        scoring: {method: bonus, each: 1, cap: 100}
      - id: example_indicator
        title: 示例指标
"""

PLAIN = {Number: "数", Whole: "整数", Text: "文字", Name: "标识", Interval: "区间", Date: "日期", bool: "true / false"}
INTRODUCTION = """# 方案语言 · The scheme document

一份方案是一个 YAML 文件。本页由程序生成（`python -m tests.house.scheme_reference`），有测试保证它与程序一致；
编辑器可用同目录的 [scheme.schema.json](scheme.schema.json) 补全和检查。

| 写法 | 例 | 说明 |
|---|---|---|
| 数 | `85`、`0.5`、`85%` | `85%` 就是 `0.85`；不写千分位，不用科学记数法 |
| 区间 | `"(30, 60]"`、`"[90%, )"`、`"[0, 0]"` | 方括号含端点，圆括号不含，空着表示没有界限；要加引号 |
| 标识 | `first_response` | 小写字母开头，只含小写字母、数字和下划线 |
| 真假 | `true`、`false` | `yes`、`on` 是文字 |
| 日期 | `2024-01-31` | |

不支持锚点、引用、合并键、类型标记和多份文档；同一个键写两次是错误。维度和指标的标识、`total` 共用一个名字空间。
"""


FINDINGS = """`meritdesk scheme check` 给出每条发现的代码和位置。
位置由标识组成（`dimensions.quality.first_response.scoring.bands`），没有标识的列表项写第几项，
`@` 后面是具体的值、岗位或另一项。
方案自己不能压下任何发现；`<方案>.findings.yaml` 只是写明应有的发现，供核对：

```yaml
- {code: cliff, place: dimensions.volume.calls.scoring.tiers@2001}
- {code: gap, place: "grades@[70, 74.99]"}
```
"""


def models(model: type[Model], seen: dict[type[Model], None] | None = None) -> dict[type[Model], None]:
    """Return the models of the grammar in the order in which a reader meets them."""
    found = {} if seen is None else seen
    if model not in found:
        found[model] = None
        for hint in get_type_hints(model, include_extras=True).values():
            for part in _parts(hint):
                models(part, found)
    return found


def _parts(annotation: Any) -> Iterator[type[Model]]:
    if isinstance(annotation, type) and issubclass(annotation, Model):
        yield annotation
    else:
        for inner in get_args(annotation):
            yield from _parts(inner)


def form(annotation: Any) -> str:
    """Return how a value is written, in words, with links to the parts."""
    if annotation in PLAIN:
        return PLAIN[annotation]
    origin = get_origin(annotation)
    if origin is Annotated:
        return form(get_args(annotation)[0])
    if isinstance(annotation, type) and issubclass(annotation, Model):
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    inner = [part for part in get_args(annotation) if part not in (type(None), Ellipsis)]
    if origin in (Union, types.UnionType):
        return " 或 ".join(form(part) for part in inner)
    if origin is Literal:
        return " ".join(f"`{choice}`" for choice in inner)
    if origin is tuple:
        return f"列表：{form(inner[0])}" if Ellipsis in get_args(annotation) else f"[{'，'.join(map(form, inner))}]"
    if origin is dict:
        return f"每个{form(inner[0])}：{form(inner[1])}"
    return {int: "整数", str: "文字"}.get(annotation, str(annotation))


def default(value: Any) -> str:
    """Return a default as it would be written; nothing for what is simply absent."""
    if value is None or value == () or value == "" or value == {} or isinstance(value, Model):
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value if isinstance(value, str | int | Bounds) else format_number(value)}`"


def section(model: type[Model]) -> Iterator[str]:
    """Yield the part of the page about one model."""
    yield from (f"## {model.__name__}", "", " ".join((model.__doc__ or "").split()), "")
    yield from ("| 字段 | 含义 | 写法 | 不写时 |", "|---|---|---|---|")
    for name, hint in get_type_hints(model, include_extras=True).items():
        if name in model.model_fields:
            field = model.model_fields[name]
            absent = "**必填**" if field.is_required() else default(field.get_default(call_default_factory=True))
            yield f"| `{name}` | {labels().get(name, '')} | {form(hint)} | {absent} |"
    yield ""
    if model.__name__ in EXAMPLES:
        yield from ("```yaml", EXAMPLES[model.__name__].strip(), "```", "")


def page() -> str:
    """Return the page for people: every part of the document, every method with an example, every finding of the
    check."""
    lines = [INTRODUCTION]
    for model in models(Scheme):
        lines += section(model)
    severities = {"error": "阻止发布", "warning": "需要人确认", "info": "提示"}
    lines += [
        "## 体检 · Findings of the check",
        "",
        FINDINGS,
        "| 代码 | 程度 | 为什么要紧 | 怎么办 |",
        "|---|---|---|---|",
    ]
    lines += [f"| `{code}` | {severities[grave]} | {why} | {cure} |" for code, (grave, why, cure) in kinds().items()]
    return "\n".join(lines) + "\n"


def schema_text() -> str:
    """Return the JSON Schema as it is committed."""
    return json.dumps(scheme_schema(), ensure_ascii=False, indent=1) + "\n"


def indented(example: str) -> str:
    """Return a whole scheme around an example."""
    return AROUND + "".join(f"        {line}\n" for line in example.strip().splitlines())


def method_names() -> set[str]:
    """Return the names of the classes of the closed list of methods."""
    return {part.__name__ for part in _parts(methods.Method)}


def main() -> None:
    """Write both files."""
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
    SCHEMA.write_text(schema_text(), encoding="utf-8")


if __name__ == "__main__":
    main()
