"""The library: what ships as templates, and the schemes of the company, each on a card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from meritdesk.language import _, current
from meritdesk.scheme.check import check
from meritdesk.scheme.describe import cycle_in_words
from meritdesk.scheme.load import LoadedScheme, shipped, shipped_as_printed
from meritdesk.scheme.phrases import title_of
from meritdesk.web.access.models import User
from meritdesk.web.schemes.models import Scheme, SchemeVersion
from meritdesk.web.schemes.queries.documents import metrics, template
from meritdesk.web.schemes.queries.versions import visible_versions
from meritdesk.web.ui.text import listed


@dataclass(frozen=True)
class Card:
    """A template at a glance."""

    name: str
    title: str
    description: str
    source: str
    positions: str
    cycle: str
    style: str
    dimensions: tuple[tuple[str, str], ...]
    """Title and share of each dimension."""
    indicators: int
    errors: int
    remarks: int
    """Findings of the check: errors, and everything else."""
    as_printed: bool


def cards() -> tuple[Card, ...]:
    """Return every shipped scheme, those ready for use first, in the current language."""
    return _cards(current())


@lru_cache(maxsize=4)
def _cards(language: str) -> tuple[Card, ...]:
    del language  # it keys the cache
    return tuple(_card(name) for name in (*sorted(shipped(), key=_place), *shipped_as_printed()))


LENGTHS = ("month", "quarter", "half_year", "year")
"""Of the templates of one source the most used come first."""


def _place(name: str) -> tuple[str, int, str]:
    found = template(name)
    assert found is not None
    kind = found.scheme.cycle.kind
    return found.scheme.source, LENGTHS.index(kind) if kind in LENGTHS else len(LENGTHS), name


def named_like(found: Sequence[Card], text: str) -> list[Card]:
    """Return the cards in whose title, description, positions or cycle every word of `text` stands."""
    words = text.casefold().split()

    def told(card: Card) -> str:
        return " ".join((card.title, card.description, card.positions, card.cycle)).casefold()

    return [card for card in found if all(word in told(card) for word in words)]


def _card(name: str) -> Card:
    found = template(name)
    assert found is not None
    scheme = found.scheme
    findings = check(found, metrics=metrics())
    errors = sum(problem.severity == "error" for problem in findings)
    return Card(
        name=name,
        title=title_of(scheme),
        description=scheme.description,
        source=scheme.source,
        positions=listed(title_of(p) for p in scheme.positions),
        cycle=cycle_in_words(scheme.cycle.kind),
        style=_("权重制") if scheme.style == "weights" else _("积分制"),
        dimensions=tuple((title_of(d), _share(found, number)) for number, d in enumerate(scheme.dimensions)),
        indicators=sum(1 for _pair in scheme.indicators()),
        errors=errors,
        remarks=len(findings) - errors,
        as_printed=scheme.status == "as_printed",
    )


def _share(found: LoadedScheme, number: int) -> str:
    dimension = found.scheme.dimensions[number]
    if dimension.weight is not None:
        return f"{dimension.weight:f}%"
    return "" if dimension.points is None else _("{n} 分").format(n=f"{dimension.points:f}")


@dataclass
class Row:
    """A scheme of the company: its newest published version, and the one being worked on."""

    scheme: Scheme
    published: SchemeVersion | None = None
    open: SchemeVersion | None = None
    retired: SchemeVersion | None = None

    @property
    def shown(self) -> SchemeVersion | None:
        """Return the version that the title leads to."""
        return self.published or self.open or self.retired


def company_schemes(user: User) -> list[Row]:
    """Return the schemes that the account may read something of, by title."""
    rows: dict[int, Row] = {}
    versions = visible_versions(user).order_by("scheme__title", "scheme_id", "number")
    for version in versions.defer("text", "cases_text"):
        row = rows.setdefault(version.scheme_id, Row(version.scheme))
        if version.state == SchemeVersion.State.PUBLISHED:
            row.published = version
        elif version.state == SchemeVersion.State.RETIRED:
            row.retired = version
        else:
            row.open = version
    return list(rows.values())
