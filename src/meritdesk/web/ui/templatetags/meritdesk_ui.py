"""Tags and filters of all templates; loaded by the settings as builtins, so that no template loads them.

Tags: `t` (a text in the reader's language), `once_key`, `asset`, `icon`, `current_language`, `other_language`, `here`
(the present address with other parameters). Filters: `score`, `difference`, `coefficient`, `share`, `share_of`,
`number`, `day`, `moment`, `duration`, `grade_badge`, `control`, `lookup`,
`listed` (甲、乙 or A, B). How each is used stands at the function.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django import template
from django.forms import BoundField
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from meritdesk import language
from meritdesk.web.ui import assets, formats, icons, text
from meritdesk.web.ui.tables import Table

register = template.Library()

for _format in (
    formats.score,
    formats.difference,
    formats.coefficient,
    formats.share,
    formats.share_of,
    formats.number,
    formats.day,
    formats.moment,
    formats.duration,
):
    register.filter(_format.__name__, _format)
register.filter("listed", text.listed)


@register.simple_tag(name="t")
def translated(text: str, **values: object) -> SafeString:
    """Write a text in the reader's language: {% t "共 {n} 人" n=count %} or {% t "…" as name %}; values are escaped."""
    found = str(escape(language._(str(text))))
    if values:
        found = found.format(
            **{name: value if isinstance(value, SafeString) else escape(str(value)) for name, value in values.items()}
        )
    return SafeString(found)


@register.simple_tag
def once_key() -> SafeString:
    """Write the hidden field by which a form that is sent twice has one effect (`claim_once`)."""
    return format_html('<input type="hidden" name="once" value="{}">', uuid.uuid4())


@register.simple_tag
def asset(path: str) -> str:
    """Write the address of a static file with the hash of its content."""
    return assets.address(path)


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """Draw an icon: {% icon "home" %}; with a label where it stands alone, else it is hidden from screen readers."""
    role = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg class="icon" viewBox="0 0 24 24" width="20" height="20" fill="none" stroke="currentColor" '
        'stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round" {}><path d="{}"/></svg>',
        role,
        icons.strokes(name),
    )


@register.simple_tag
def current_language() -> str:
    """Return the language of the page, `zh-Hans` or `en`."""
    return language.current()


@register.simple_tag
def other_language() -> tuple[str, str]:
    """Return code and own name of the language to switch to; a language's own name is not translated."""
    return (language.SOURCE, "中文") if language.current() == "en" else ("en", "English")


@register.simple_tag(takes_context=True)
def here(context: template.Context, **changes: object) -> str:
    """Return the query of the present address with `changes` made (an empty value takes one out): ?sort=name&page=2."""
    query = context["request"].GET.copy()
    for name, value in changes.items():
        if value in (None, ""):
            query.pop(name, None)
        else:
            query[name] = str(value)
    return f"?{query.urlencode()}"


# Grades that are known by name; a scheme's own grade gets its tone from its rank. Each tone has a mark as well, so that
# nobody has to tell colours apart.
_TONES = ("best", "good", "fair", "low", "fail")
_MARKS = ("★", "▲", "●", "▽", "✕")
_KNOWN = {"优秀": 0, "良好": 1, "合格": 2, "待改进": 3, "不合格": 4}


@register.filter
def grade_badge(name: object, rank: object = "") -> SafeString:
    """Show a grade as text, colour and mark: {{ grade|grade_badge }}, or :rank with 0 for the best of its scheme."""
    if not name:
        return mark_safe(f'<span class="muted">{formats.NOTHING}</span>')
    place = _KNOWN.get(str(name)) if rank in ("", None) else min(int(str(rank)), len(_TONES) - 1)
    if place is None:
        return format_html('<span class="grade">{}</span>', name)
    return format_html(
        '<span class="grade grade-{}"><span class="grade-mark" aria-hidden="true">{}</span>{}</span>',
        _TONES[place],
        _MARKS[place],
        name,
    )


@register.filter
def control(field: BoundField) -> SafeString:
    """Write the input of a form field in the style of the kit, marked where it is refused."""
    kind = getattr(field.field.widget, "input_type", "")
    style = {"checkbox": "form-check-input", "radio": "form-check-input", "select": "form-select"}.get(
        kind, "form-control"
    )
    if (kind == "checkbox" and hasattr(field.field, "choices")) or kind == "radio":
        style = "choices"
    own = field.field.widget.attrs.get("class", "")
    refused = " is-invalid" if field.errors else ""
    return SafeString(field.as_widget(attrs={"class": f"{style}{refused} {own}".strip()}))


@register.filter
def lookup(mapping: Mapping[Any, Any] | None, key: object) -> object:
    """Return what `mapping` holds under `key`, or None: {{ marks|lookup:step.key }}."""
    return mapping.get(key) if mapping else None


@register.filter
def table_prefix(name: str) -> str:
    """Return what precedes the parameters of a table in the address; nothing for the one named `rows`."""
    return "" if name == "rows" else f"{name}_"


@register.simple_tag(takes_context=True)
def page_link(context: template.Context, table: Table, number: int) -> str:
    """Return the address of a page of a table, with its order and filters kept."""
    query = context["request"].GET.copy()
    query[f"{table_prefix(table.name)}page"] = str(number)
    return f"?{query.urlencode()}"


@register.simple_tag(takes_context=True)
def other_parameters(context: template.Context, table: Table) -> SafeString:
    """Write the parameters that a table's filter form must keep: all but its own order, page and filters."""
    prefix = table_prefix(table.name)
    own = {f"{prefix}sort", f"{prefix}page", *(f"{prefix}f_{heading.column.key}" for heading in table.headings)}
    return format_html_join(
        "",
        '<input type="hidden" name="{}" value="{}">',
        ((name, value) for name, values in context["request"].GET.lists() if name not in own for value in values),
    )
