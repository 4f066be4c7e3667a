"""What is measured on the HTML of every page: policy, hosts, title, headings, one primary action, and its language.

Each check returns what is wrong, nothing when all is well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, cached_property
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.apps import apps
from django.db.models import CharField, TextField

import meritdesk
from meritdesk import language

ADDRESSES = {
    "src", "href", "action", "formaction", "poster", "srcset", "data", "cite", "background", "ping", "xlink:href",
    "hx-get", "hx-post", "hx-put", "hx-patch", "hx-delete", "hx-push-url",
}  # fmt: skip
SCHEMES = {"", "http", "https", "data", "mailto", "javascript"}
"""What an address may begin with as far as hosts go; code in addresses is found by the policy."""
NO_CODE = {"application/json", "application/ld+json"}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
WANTED_CSP = {
    "default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "form-action": "'self'",
    "frame-ancestors": "'none'", "base-uri": "'none'", "connect-src": "'self'",
}  # fmt: skip


class Read(HTMLParser):
    """A page, read: its elements with their attributes, what lies inside dialogs apart, and its texts."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str], bool]] = []
        """Name, attributes, and whether it lies in a dialog."""
        self.texts: list[str] = []
        self.code: list[str] = []
        """What stands in script elements that no browser runs."""
        self.title = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep an element."""
        self.elements.append((tag, {name: value or "" for name, value in attrs}, "dialog" in self._open))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Leave an element, and those inside it that were not closed."""
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        """Keep a text."""
        inside = self._open[-1] if self._open else ""
        if inside == "script":
            self.code.append(data)
        elif inside == "title" and "svg" not in self._open:
            self.title += data
        else:
            self.texts.append(data)

    @cached_property
    def whole(self) -> bool:
        """Return whether it is a whole page, not a part of one."""
        return any(tag == "html" for tag, *_rest in self.elements)


def policy_faults(headers: Mapping[str, str], page: Read) -> list[str]:
    """Return what offends against the strict content policy: header, scripts, styles, handlers."""
    policy = dict(part.strip().partition(" ")[::2] for part in headers.get("Content-Security-Policy", "").split(";"))
    faults = [
        f"policy: {name} is {policy.get(name)!r}" for name, value in WANTED_CSP.items() if policy.get(name) != value
    ]
    if "unsafe" in headers.get("Content-Security-Policy", ""):
        faults.append("policy: something unsafe is allowed")
    for tag, attributes, _dialog in page.elements:
        if tag == "script" and "src" not in attributes and attributes.get("type") not in NO_CODE:
            faults.append("script inside the page")
        if tag == "style" or "style" in attributes:
            faults.append(f"style inside the page, at {tag}")
        faults += [f"handler {name} at {tag}" for name in attributes if name.startswith("on")]
        faults += [f"{name} runs code at {tag}" for name in ("hx-on", "hx-vals", "hx-vars") if _runs(attributes, name)]
        faults += [f"{name} is code at {tag}" for name in ADDRESSES if _scheme(attributes, name) == "javascript"]
    return faults


def _runs(attributes: Mapping[str, str], name: str) -> bool:
    if name == "hx-on":
        return any(key.startswith("hx-on") for key in attributes)
    return attributes.get(name, "").startswith(("js:", "javascript:"))


def _scheme(attributes: Mapping[str, str], name: str) -> str:
    return urlsplit(attributes.get(name, "").strip().lower()).scheme


def host_faults(page: Read, *, own: Iterable[str] = ("testserver",)) -> list[str]:
    """Return the addresses of other hosts."""
    faults = []
    for tag, attributes, _dialog in page.elements:
        for name in ADDRESSES & set(attributes):
            if name == "data" and tag != "object":
                continue
            for address in attributes[name].split(",") if name == "srcset" else [attributes[name]]:
                parts = urlsplit(address.strip())
                if (parts.netloc and (parts.hostname or "") not in own) or parts.scheme not in SCHEMES:
                    faults.append(f"{tag} {name}={address[:80]}")
    return faults


def shell_faults(page: Read, lang: str) -> list[str]:
    """Return what is missing in a whole page: title, language, one main heading, at most one primary action."""
    if not page.whole:
        return []
    faults = []
    if not page.title.partition(" · ")[0].strip():
        faults.append("no title of its own")
    langs = [attributes.get("lang") for tag, attributes, _dialog in page.elements if tag == "html"]
    if langs != [lang]:
        faults.append(f"language said to be {langs}")
    headings = sum(tag == "h1" and not dialog for tag, _attributes, dialog in page.elements)
    if headings != 1:
        faults.append(f"{headings} main headings")
    primary = sum("btn-primary" in a.get("class", "").split() and not dialog for _tag, a, dialog in page.elements)
    if primary > 1:
        faults.append(f"{primary} primary actions")
    return faults


def cache_faults(headers: Mapping[str, str], *, personal: bool) -> list[str]:
    """Return whether a page that shows what concerns people may be stored."""
    return [] if not personal or "no-store" in headers.get("Cache-Control", "") else ["may be stored (no no-store)"]


# ---- language --------------------------------------------------------------------------------------------------------

CHINESE = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]+")
SHOWN_ATTRIBUTES = ("title", "alt", "placeholder", "aria-label", "label", "value", "content")
MARK = ("⟦", "⟧")
OWN_NAMES = {"中文"}
"""A language is called by its own name in every language."""


class Marking:
    """A catalogue that translates nothing and marks every text that went through it."""

    def gettext(self, text: str) -> str:
        """Return the text between marks."""
        return f"{MARK[0]}{text}{MARK[1]}"


@contextmanager
def marked(patch: Any) -> Iterator[None]:
    """Mark every text of the catalogue while English is shown (`patch`: a MonkeyPatch)."""
    with patch.context() as inner:
        inner.setattr(language, "_catalogue", lambda name: Marking())
        yield


def unmarked(text: str) -> str:
    """Return what of a text lies outside the marks."""
    depth, kept = 0, []
    for sign in text:
        depth += (sign == MARK[0]) - (sign == MARK[1])
        kept.append(sign if depth <= 0 and sign != MARK[1] else " ")
        depth = max(depth, 0)
    return "".join(kept)


@cache
def _shipped_texts() -> frozenset[str]:
    """Return what is Chinese whoever reads it: schemes of the library, exports of the sample, headings of a roster."""
    folder = Path(meritdesk.__file__).parent
    texts = [path.read_text(encoding="utf-8") for path in sorted((folder / "library").rglob("*.yaml"))]
    texts += [
        path.read_text(encoding="utf-8") for path in (folder / "sample.py", folder / "web/people/imports/columns.py")
    ]
    return frozenset(CHINESE.findall("\n".join(texts))) | OWN_NAMES | {"新来"}


def known_texts() -> set[str]:
    """Return every run of Chinese in any text of the database, and of what is shipped: data, not words of the pages."""
    found: set[str] = set(_shipped_texts())
    for model in apps.get_models():
        fields = [
            f.name
            for f in model._meta.fields
            if isinstance(f, (CharField, TextField)) or f.get_internal_type() == "JSONField"
        ]
        if fields:
            for row in model._default_manager.values_list(*fields).distinct():
                for value in row:
                    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
                    found |= set(CHINESE.findall(text))
    return found


def language_faults(page: Read, known: set[str], ignore: Callable[[str], bool] = lambda run: False) -> list[str]:
    """Return the runs of Chinese in an English page that are neither marked as translated nor data."""
    texts = [*page.texts, page.title, *(_texts_of_code(code) for code in page.code)]
    for _tag, attributes, _dialog in page.elements:
        texts += [
            v for name, v in attributes.items() if name in SHOWN_ATTRIBUTES or name.startswith(("data-", "aria-"))
        ]
    faults = []
    for text in texts:
        for run in CHINESE.findall(unmarked(text)):
            if not _made_of(run, known) and not ignore(run):
                faults.append(run)
    return sorted(set(faults))


def _texts_of_code(code: str) -> str:
    try:
        return json.dumps(json.loads(code), ensure_ascii=False)
    except ValueError:
        return code


def _made_of(run: str, known: set[str]) -> bool:
    """Return whether a run is data, or data written one after the other."""
    if run in known:
        return True
    return any(run[:cut] in known and _made_of(run[cut:], known) for cut in range(len(run) - 1, 1, -1))


def placeholder_faults(page: Read) -> list[str]:
    """Return placeholders that were never filled in."""
    texts = [*page.texts, page.title]
    return sorted({found for text in texts for found in re.findall(r"\{[a-z_]+\}|\{\{|\{%", text)})
