"""A parsed document against the grammar: every field that is unknown, missing or of the wrong form, each said once.

The grammar is read off the models' annotations. Of a choice between forms the one meant is picked by its leading field
(a method by its `method`), so that one mistake makes one problem. Values are judged one by one, never whole against
whole.
"""

from __future__ import annotations

import datetime
import difflib
import types
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from meritdesk.language import _
from meritdesk.scheme.document import Date
from meritdesk.scheme.reading import Steps, full_width
from meritdesk.scheme.values import Interval, Model, Number

LARGEST_NUMBER = 10**9
MOST_DECIMALS = 6

Fault = tuple[str, Steps, str, str]
"""code, path, what is wrong, how to mend it"""


def faults(annotation: Any, value: Any, path: Steps = ()) -> Iterator[Fault]:
    """Yield what keeps `value` from being of the form `annotation`."""
    base, metadata = _stripped(annotation)
    origin = get_origin(base)
    if isinstance(base, type) and issubclass(base, Model):
        yield from _model(base, value, path)
    elif origin in (Union, types.UnionType):
        yield from _union(get_args(base), value, path)
    elif origin is tuple:
        yield from _tuple(base, metadata, value, path)
    elif origin is dict:
        yield from _dict(base, value, path)
    elif origin is Literal:
        yield from _literal(get_args(base), value, path)
    else:
        yield from _leaf(annotation, value, path)


def _stripped(annotation: Any) -> tuple[Any, tuple[Any, ...]]:
    if get_origin(annotation) is Annotated:
        base, *metadata = get_args(annotation)
        inner, more = _stripped(base)
        return inner, (*more, *metadata)
    return annotation, ()


@cache
def _hints(model: type[Model]) -> dict[str, Any]:
    return {
        name: hint for name, hint in get_type_hints(model, include_extras=True).items() if name in model.model_fields
    }


def _close(word: str, known: list[str]) -> str:
    found = difflib.get_close_matches(word, known, n=1)
    return found[0] if found else ""


def did_you_mean(word: str, known: list[str]) -> str:
    """Return the words of `known`, led by the one closest to `word` if one is close."""
    close = _close(word, known)
    listed = _("可用的是：{known}").format(known="、".join(known))
    return _("是不是想写 {close}？{listed}").format(close=close, listed=listed) if close else listed


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return _("一组字段")
    if isinstance(value, list):
        return _("一个列表")
    if value is None:
        return _("空值")
    return str(value).lower() if isinstance(value, bool) else str(value)


def _model(model: type[Model], value: Any, path: Steps) -> Iterator[Fault]:
    if not isinstance(value, Mapping):
        first = next(iter(model.model_fields))
        yield (
            "not-a-mapping",
            path,
            _("这里要写一组字段，写成了“{value}”").format(value=_shown(value)),
            _("换行缩进，写成 {first}: …").format(first=first),
        )
        return
    hints = _hints(model)
    meant = set()
    for key in value:
        if key not in hints:
            meant.add(_close(key, list(hints)))
            yield (
                "unknown-field",
                (*path, key),
                _("没有“{key}”这个字段").format(key=key),
                full_width(key) or did_you_mean(key, list(hints)),
            )
    for name, hint in hints.items():
        if name in value:
            yield from faults(hint, value[name], (*path, name))
        elif model.model_fields[name].is_required() and name not in meant:
            yield "missing-field", path, _("缺少字段“{name}”").format(name=name), _("补上 {name}: …").format(name=name)


def _leading(model: type[Model]) -> str:
    return next(iter(model.model_fields))


def _union(members: tuple[Any, ...], value: Any, path: Steps) -> Iterator[Fault]:
    if value is None and type(None) in members:
        return
    models = [m for m in members if isinstance(_stripped(m)[0], type) and issubclass(_stripped(m)[0], Model)]
    others = [m for m in members if m not in models and m is not type(None)]
    if models and all(_leading(m) == "method" for m in models):
        yield from _method(models, value, path)
    elif isinstance(value, Mapping) and models:
        yield from _choice(models, value, path) if len(models) > 1 else _model(models[0], value, path)
    elif isinstance(value, str) and Interval in others and value.startswith(("[", "(")):
        yield from _leaf(Interval, value, path)
    elif others:
        every = [list(faults(m, value, path)) for m in others]
        if all(every):
            choices = [c for m in others if get_origin(m) is Literal for c in get_args(m)]
            numeric = isinstance(value, Decimal) or not choices
            best = next(
                (e for m, e in zip(others, every, strict=True) if (get_origin(m) is Literal) != numeric), every[0]
            )
            yield from _with_fields(best, choices, models, value)
    else:
        yield from _model(models[0], value, path) if len(models) == 1 else _choice(models, value, path)


def _with_fields(best: list[Fault], choices: list[str], models: list[type[Model]], value: Any) -> Iterator[Fault]:
    """Add to a fault of a plain value that a group of fields would do as well."""
    for code, path, message, fix in best:
        more = [_("{field}: …").format(field=_leading(m)) for m in models]
        if choices and isinstance(value, str):
            fix = did_you_mean(value, choices)
        yield code, path, message, fix + (_("；也可以写 {more}").format(more=" / ".join(more)) if more else "")


def _method(models: list[type[Model]], value: Any, path: Steps) -> Iterator[Fault]:
    if not isinstance(value, Mapping) or "method" not in value:
        message = _("缺少计分方法 method") if isinstance(value, Mapping) else _("计分方法要写一组字段")
        yield "missing-method", path, message, _("例如 scoring: {{method: bands, bands: […]}}").format()
        return
    known = {choice: m for m in models for choice in get_args(m.model_fields["method"].annotation)}
    name = value["method"]
    if not isinstance(name, str) or name not in known:
        message = _("没有“{name}”这种计分方法").format(name=_shown(name))
        yield "unknown-method", (*path, "method"), message, did_you_mean(str(name), list(known))
        return
    yield from _model(known[name], value, path)


def _choice(models: list[type[Model]], value: Any, path: Steps) -> Iterator[Fault]:
    leading = {_leading(m): m for m in models}
    given = [key for key in leading if isinstance(value, Mapping) and key in value]
    if len(given) == 1:
        yield from _model(leading[given[0]], value, path)
    elif given:
        message = _("{given} 只能写其中一个").format(given="、".join(given))
        yield "one-of-many", path, message, _("只留一个；需要两个条件时写两条")
    elif isinstance(value, Mapping) and (meant := [(k, c) for k in value if (c := _close(k, list(leading)))]):
        key, close = meant[0]
        fix = _("是不是想写 {close}？").format(close=close)
        yield "unknown-field", (*path, key), _("没有“{key}”这个字段").format(key=key), fix
    else:
        message = _("这里要写 {keys} 之一").format(keys="、".join(leading))
        fix = next(filter(None, map(full_width, map(str, value))), "") if isinstance(value, Mapping) else ""
        yield "none-of-many", path, message, fix or _("例如 {key}: …").format(key=next(iter(leading)))


def _tuple(base: Any, metadata: tuple[Any, ...], value: Any, path: Steps) -> Iterator[Fault]:
    if not isinstance(value, list):
        message = _("这里要写一个列表，写成了“{value}”").format(value=_shown(value))
        yield "not-a-list", path, message, _("写成 [a, b]，或每项一行以“- ”开头")
        return
    inner = get_args(base)
    if inner[-1] is not Ellipsis:
        if len(value) != len(inner):
            message = _("这里要写 {n} 个数，写了 {m} 个").format(n=len(inner), m=len(value))
            yield "wrong-length", path, message, _("写成 [值, 分值]")
            return
        for index, (item_form, item) in enumerate(zip(inner, value, strict=True)):
            yield from faults(item_form, item, (*path, index))
        return
    least = max((m.min_length for m in _field_limits(metadata)), default=0)
    if len(value) < least:
        message = _("至少要有 {n} 项，只有 {m} 项").format(n=least, m=len(value))
        yield "too-few", path, message, _("补上，或去掉整个字段")
    for index, item in enumerate(value):
        yield from faults(inner[0], item, (*path, index))


def _field_limits(metadata: tuple[Any, ...]) -> Iterator[Any]:
    for item in metadata:
        for limit in item.metadata if isinstance(item, FieldInfo) else (item,):
            if hasattr(limit, "min_length"):
                yield limit


def _dict(base: Any, value: Any, path: Steps) -> Iterator[Fault]:
    if not isinstance(value, Mapping):
        message = _("这里要写一组“名称: 值”，写成了“{value}”").format(value=_shown(value))
        yield "not-a-mapping", path, message, _("每个一行，写成 名称: 值")
        return
    key_form, value_form = get_args(base)
    for key, item in value.items():
        yield from _leaf(key_form, key, (*path, key))
        yield from faults(value_form, item, (*path, key))


def _literal(choices: tuple[Any, ...], value: Any, path: Steps) -> Iterator[Fault]:
    if not isinstance(value, str) or value not in choices:
        fix = did_you_mean(_shown(value), list(choices))
        yield "unknown-choice", path, _("“{value}”不是可选的值").format(value=_shown(value)), fix


@cache
def _adapter(annotation: Any) -> TypeAdapter[Any]:
    return TypeAdapter(annotation)


def _leaf(annotation: Any, value: Any, path: Steps) -> Iterator[Fault]:
    if annotation is bool:
        if not isinstance(value, bool):
            yield (
                "not-true-or-false",
                path,
                _("“{value}”不是 true 或 false").format(value=_shown(value)),
                _("写 true 或 false"),
            )
        return
    if annotation is Interval and value is not None and not isinstance(value, str):
        message = _("“{value}”不是一个区间").format(value=_shown(value))
        yield "not-an-interval", path, message, _('写成带引号的文字，如 "(30, 60]"')
        return
    if isinstance(value, Mapping | list | bool) or value is None:
        message = _("这里要写一个值，写成了“{value}”").format(value=_shown(value))
        yield "not-a-value", path, message, _("写一个数或一段文字；不需要就去掉这个字段")
        return
    if annotation is Date and not _is_date(value):
        yield "bad-date", path, _("“{value}”不是日期").format(value=_shown(value)), _("写成 2024-01-31")
        return
    try:
        read = _adapter(annotation).validate_python(value)
    except ValidationError as error:
        yield _refused(error, value, path)
        return
    if annotation is Number and (abs(read) > LARGEST_NUMBER or -read.normalize().as_tuple().exponent > MOST_DECIMALS):
        message = _("“{value}”太大或小数位太多").format(value=value)
        yield "number-too-long", path, message, _("不超过 10 亿，小数不超过 6 位")


def _is_date(value: Any) -> bool:
    try:
        return isinstance(value, str) and datetime.date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _refused(error: ValidationError, value: Any, path: Steps) -> Fault:
    detail = error.errors(include_url=False)[0]
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "string_pattern_mismatch" or kind == "string_too_long":
        message = _("“{value}”不能用作标识").format(value=value)
        return "bad-name", path, message, _("用小写字母开头，只含小写字母、数字和下划线，不超过 60 个字符")
    if kind == "greater_than_equal":
        return (
            "too-small",
            path,
            _("不能小于 {least}，写了 {value}").format(least=context["ge"], value=value),
            _("改大"),
        )
    if kind == "less_than_equal":
        return "too-large", path, _("不能大于 {most}，写了 {value}").format(most=context["le"], value=value), _("改小")
    message = str(context.get("error", detail["msg"]))
    what, _separator, fix = message.partition("；")
    return "bad-value", path, what, fix or _("改成这里要的写法")
