"""A stored result document as it is shown: texts and figures as they were published and signed, nothing computed anew.

The evaluation form in the document already leaves out the raters of anonymous roles, and says nothing of a role with
too few raters; the page is made from it, never from the single ratings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from meritdesk import language
from meritdesk.language import _
from meritdesk.web.access.actions import Refused
from meritdesk.web.cycles import engine
from meritdesk.web.cycles.models import Result

Tree = Sequence[Any]
"""[text, [children]], see `engine.document_of`."""
WAYS = "怎样达到下一等级"
"""How the branch begins that tells what the next level takes, in the language of the source."""


@dataclass(frozen=True, kw_only=True)
class Remark:
    """What stands beside a score: who (a role) and how much, the words, the sample."""

    head: str
    body: str
    note: str


@dataclass(frozen=True, kw_only=True)
class IndicatorLine:
    """One indicator as the agent reads it."""

    id: str
    title: str
    weight: str
    target: str
    met: bool | None
    actual: str
    sample: str
    score: str
    full: str
    status: str
    contribution: str
    most: str
    next_level: str
    remarks: Sequence[Remark]
    rubric: Sequence[tuple[str, str]]
    reached: int | None
    metric: str
    """Id of the metric whose records lie behind it; empty for a judgement."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """A piece of the bar from 0 to the total: place and width in hundredths of a point, for drawing."""

    title: str
    value: str
    most: str
    weight: str
    tone: int
    start: int
    width: int
    whole: int
    indicators: Sequence[IndicatorLine]


@dataclass(frozen=True, kw_only=True)
class SegmentShown:
    """The scores of one post held in the period."""

    heading: str
    from_day: str
    note: str
    """Where and how long: what the heading does not say."""
    whole: int
    """Length of the bar in hundredths of a point."""
    total: str
    parts: Sequence[Part]

    @property
    def whole_shown(self) -> str:
        """Return the most that could be reached, as text."""
        return f"{Decimal(self.whole) / 100:f}".removesuffix(".00")


@dataclass(frozen=True, kw_only=True)
class Shown:
    """Everything a page says of a result."""

    appraisal: Mapping[str, Any]
    run: Mapping[str, Any]
    form: Mapping[str, Any]
    """The form's texts: `title`, `words` and the one sheet, under `sheet`."""
    segments: Sequence[SegmentShown]
    ways: Sequence[str]
    """What the next grade takes, most first."""
    explanation: Tree
    content_hash: str

    @property
    def sheet(self) -> Mapping[str, Any]:
        """Return the texts of the person's own form."""
        sheet: Mapping[str, Any] = self.form["forms"][0]
        return sheet


def shown(result: Result) -> Shown:
    """Return a result as it is shown, in the current language; Refused for a preview or an altered document."""
    document = engine.read_document(result)
    if "form" not in document:
        raise Refused("preview-only", _("这是预览结果，还没有评价表"), _("发布后再查看"))
    chosen = language.current() if language.current() in document["form"] else language.SOURCE
    form, tree = document["form"][chosen], document["explanation"][chosen]
    source_tree = document["explanation"][language.SOURCE]
    place = next((n for n, child in enumerate(source_tree[1]) if child[0] == WAYS), None)
    ways = [] if place is None else [child[0] for child in tree[1][place][1]]
    source_ways = [] if place is None else [child[0] for child in source_tree[1][place][1]]
    appraisal = document["appraisal"]
    counted = [s for s in appraisal["segments"] if s["counted"]] if appraisal["state"] != "not_appraised" else []
    sheet = form["forms"][0]
    return Shown(
        appraisal=appraisal,
        run=document["run"],
        form=form,
        segments=[
            _segment(segment, part, dict(zip(source_ways, ways, strict=True)), alone=len(counted) == 1)
            for segment, part in zip(counted, sheet["parts"], strict=True)
        ],
        ways=ways,
        explanation=tree,
        content_hash=result.content_hash,
    )


def hundredths(value: str | None) -> int:
    """Return a figure of a document in hundredths, for drawing; 0 where there is none."""
    return 0 if value is None else int(Decimal(value) * 100)


def _segment(
    segment: Mapping[str, Any], part: Mapping[str, Any], ways: Mapping[str, str], *, alone: bool
) -> SegmentShown:
    days = _("计 {n} 天").format(n=segment["days"])
    span = f"{segment['from_day']} – {segment['to_day']}"
    dimensions = [d for d in segment["dimensions"] if d["indicators"]]
    whole = max(sum(max(hundredths(d["most"]), hundredths(d["contribution"]), 0) for d in dimensions), 1)
    return SegmentShown(
        heading=part["heading"],
        from_day=segment["from_day"],
        note=f"{span} · {days}" if alone else segment["team"],
        whole=whole,
        total=segment["total"] or "",
        parts=list(_parts(dimensions, part["dimensions"], ways, whole)),
    )


def _parts(
    dimensions: Sequence[Mapping[str, Any]], texts: Sequence[Mapping[str, Any]], ways: Mapping[str, str], whole: int
) -> Iterator[Part]:
    start = 0
    for tone, (dimension, text) in enumerate(zip(dimensions, texts, strict=True)):
        width = max(hundredths(dimension["contribution"]), 0)
        yield Part(
            title=text["title"],
            value=text["score"],
            most=text["most"].removeprefix(" / "),
            weight=text["weight"],
            tone=tone % 6,
            start=start,
            width=width,
            whole=max(hundredths(dimension["most"]), 1),
            indicators=[
                _indicator(record, row, ways)
                for record, row in zip(dimension["indicators"], text["rows"], strict=True)
            ],
        )
        start = min(start + width, whole)


def _indicator(record: Mapping[str, Any], row: Mapping[str, Any], ways: Mapping[str, str]) -> IndicatorLine:
    remarks = [Remark(**remark) for remark in row["remarks"]]
    measured = remarks[0] if remarks and record["value"] is not None else None
    # The source text of a way begins with the Chinese title of its indicator.
    way = next((told for source, told in ways.items() if source.startswith(f"{record['title']}达到")), "")
    target, _newline, _met = row["target"].partition("\n")
    source = record["source"]
    return IndicatorLine(
        id=record["id"],
        title=row["title"],
        weight=row["weight"],
        target=target,
        met=record["target_met"],
        actual=measured.head if measured else "",
        sample=measured.note if measured else "",
        score=row["score"],
        full=row["full"],
        status=row["status"],
        contribution=row["contribution"],
        most=record["most"] or "",
        next_level=way,
        remarks=remarks[1:] if measured else remarks,
        rubric=[(worth, words) for worth, words in row["rubric"]],
        reached=row["reached"],
        metric=source.removeprefix("metric:") if source.startswith("metric:") else "",
    )
