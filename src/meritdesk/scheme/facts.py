"""What the check needs to know of things defined elsewhere: metrics, and the outcome of worked cases.

These are forms, not values: the metric library and the runner of cases fit them without importing this module.
"""

from __future__ import annotations

from typing import Literal, Protocol


class MetricFacts(Protocol):
    """What a metric declares about itself."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def unit(self) -> str:
        """One of ratio, seconds, count, points, yuan, level."""
        ...

    @property
    def scale(self) -> int:
        """Decimals of the value."""
        ...

    @property
    def better(self) -> Literal["higher", "lower", "range"]: ...
    @property
    def influence(self) -> Literal["person", "team", "system"]: ...
    @property
    def rests_on(self) -> tuple[str, ...]:
        """Ids of what the figure counts: two metrics that share one measure the same thing twice."""
        ...

    @property
    def can_be_empty(self) -> bool:
        """True if a person without facts has no value."""
        ...


class CaseOutcome(Protocol):
    """One worked case after it was run."""

    @property
    def name(self) -> str: ...
    @property
    def passed(self) -> bool: ...
    @property
    def detail(self) -> str:
        """What differs, in words; empty when it passed."""
        ...
