"""What lies beside a rating form: notes of the month, figures of the last run, the last result, the self-appraisal.

Against judging by the last days only: the strip of the period shows the days with notes, so that gaps are seen. Raters
of the kinds in `KNOWING_KINDS` see all of it; peers see their own notes; somebody judging themselves sees no notes
others kept (a note reaches the person only where a rater quotes it in a remark), but their own figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from django.db.models import QuerySet

from meritdesk.explain import figure
from meritdesk.language import _, current
from meritdesk.roster import to_date
from meritdesk.web.access.actions import Refused
from meritdesk.web.access.models import User
from meritdesk.web.cycles.engine import read_document, records_behind
from meritdesk.web.cycles.models import Attachment, Cycle, Note, RatingForm, Result, SelfAppraisal
from meritdesk.web.cycles.queries.doors import appraisals_in_reach
from meritdesk.web.cycles.queries.rating import Sheet
from meritdesk.web.cycles.queries.results.behind import Fact, place

MOST_RECORDS = 200


@dataclass(frozen=True)
class StripDay:
    """A day of the period in the strip; `x` is its place, one unit a day."""

    x: int
    day: date
    notes: int
    weekend: bool


@dataclass(frozen=True)
class Figure:
    """An indicator's figure in the last run, as text."""

    indicator: str
    title: str
    text: str
    note: str
    metric: str
    """Metric whose records can be opened; empty for other sources."""


@dataclass(frozen=True)
class Drawer:
    """All of it."""

    notes: Sequence[Note]
    strip: Sequence[StripDay]
    longest_gap: str
    figures: Sequence[Figure]
    figures_as_of: object
    last: Result | None
    self_appraisal: SelfAppraisal | None
    attachments: Sequence[Attachment]
    with_notes: bool


def notes_about(sheet: Sheet, user: User) -> QuerySet[Note]:
    """Return the notes the rater may read: of the period, not withdrawn; peers their own, oneself none of others'."""
    cycle = sheet.form.appraisal.cycle
    found = Note.objects.filter(
        person=sheet.form.appraisal.person_id,
        day__gte=cycle.first_day,
        day__lte=cycle.last_day,
        withdrawn_at__isnull=True,
    )
    if not sheet.knowing:
        found = found.filter(author=user).exclude(person=user.person_id)
    return found.select_related("author").prefetch_related("attachments").order_by("-day", "-pk")


def drawer_of(sheet: Sheet, user: User) -> Drawer:
    """Return what lies beside a form; at most eight queries."""
    form = sheet.form
    appraisal, cycle = form.appraisal, form.appraisal.cycle
    notes = list(notes_about(sheet, user))
    figures, as_of = _figures(form) if sheet.knowing or sheet.own else ([], None)
    filed = SelfAppraisal.objects.filter(appraisal=appraisal, submitted_at__isnull=False)
    own = filed.prefetch_related("attachments").first() if sheet.knowing else None
    return Drawer(
        notes=notes,
        strip=strip_of(cycle, notes),
        longest_gap=_gap(cycle, notes),
        figures=figures,
        figures_as_of=as_of,
        last=last_result(user, appraisal.person_id, cycle) if sheet.knowing or sheet.own else None,
        self_appraisal=own,
        attachments=list(form.attachments.select_related("uploaded_by").order_by("pk")),
        with_notes=not sheet.own,
    )


def strip_of(cycle: Cycle, notes: Sequence[Note]) -> list[StripDay]:
    """Return the days of the period with the number of notes on each."""
    counts: dict[date, int] = {}
    for note in notes:
        counts[note.day] = counts.get(note.day, 0) + 1
    days = [cycle.first_day + timedelta(days=n) for n in range((cycle.last_day - cycle.first_day).days + 1)]
    return [StripDay(x, day, counts.get(day, 0), day.weekday() >= 5) for x, day in enumerate(days)]


def _gap(cycle: Cycle, notes: Sequence[Note]) -> str:
    """Return in words how long nothing was noted, when that is ten days or more."""
    marks = [cycle.first_day - timedelta(days=1), *sorted({n.day for n in notes}), cycle.last_day + timedelta(days=1)]
    start, end = max(pairwise(marks), key=lambda pair: pair[1] - pair[0])
    if (end - start).days <= 10:
        return ""
    first, last = start + timedelta(days=1), end - timedelta(days=1)
    return _("{first} 到 {last} 没有记录").format(first=f"{first:%m-%d}", last=f"{last:%m-%d}")


def last_result(user: User, person: int, cycle: Cycle) -> Result | None:
    """Return the person's newest published result before this cycle, where the account may see it."""
    earlier = appraisals_in_reach(user, "results.read").filter(
        person=person,
        cycle__published_at__isnull=False,
        cycle__last_day__lt=cycle.first_day,
        result__isnull=False,
    )
    newest = earlier.order_by("-cycle__last_day").values("result")[:1]
    return Result.objects.filter(pk=newest).select_related("appraisal__cycle").defer("document").first()


def figure_title(sheet: Sheet, metric: str) -> str:
    """Return what the figure of a metric is called beside the form; its id where the form shows none."""
    figures = _figures(sheet.form)[0] if sheet.knowing or sheet.own else []
    return next((found.title for found in figures if found.metric == metric), metric)


def _figures(form: RatingForm) -> tuple[list[Figure], object]:
    """Return the figures of the cycle's newest run that no person judged, and when it was made."""
    found = Result.objects.filter(run=form.appraisal.cycle.run_id, appraisal=form.appraisal_id).select_related("run")
    result = found.first() if form.appraisal.cycle.run_id else None
    if result is None:
        return [], None
    return figures_of(read_document(result)["appraisal"], form.segment_from.isoformat()), result.run.made_at


def figures_of(appraisal: dict[str, Any], segment_from: str) -> list[Figure]:
    """Return the figures of one segment of an appraisal document, those judged by people left out."""
    segments = [s for s in appraisal["segments"] if s["from_day"] == segment_from] or appraisal["segments"][-1:]
    found = []
    for segment in segments:
        for dimension in segment["dimensions"]:
            for indicator in dimension["indicators"]:
                if not indicator["source"].startswith("rating"):
                    found.append(_figure(indicator))
    return found


def _figure(indicator: dict[str, Any]) -> Figure:
    english = indicator.get("title_en") if current() == "en" else ""
    kind, _colon, metric = indicator["source"].partition(":")
    value = None if indicator["value"] is None else Decimal(indicator["value"])
    parts = []
    if indicator["n"] is not None:
        parts.append(_("共 {n} 条").format(n=indicator["n"]))
    if indicator["target"]:
        parts.append(_("目标 {target}").format(target=_target(indicator["target"], indicator["unit"])))
    if indicator["target_met"] is not None:
        parts.append(_("达标") if indicator["target_met"] else _("未达标"))
    return Figure(
        indicator=indicator["id"],
        title=english or indicator["title"],
        text=figure(value, indicator["unit"]),
        note=" · ".join(parts),
        metric=metric if kind == "metric" else "",
    )


def _target(interval: str, unit: str) -> str:
    """Return an interval as people say it: at least, at most; other ones as the scheme writes them."""
    low, _comma, high = interval.strip("[]()").partition(",")
    low, high = low.strip(), high.strip()
    if low and not high:
        return f"≥ {figure(Decimal(low), unit)}" if interval[0] == "[" else f"> {figure(Decimal(low), unit)}"
    if high and (not low or Decimal(low) == 0):
        return f"≤ {figure(Decimal(high), unit)}" if interval[-1] == "]" else f"< {figure(Decimal(high), unit)}"
    return interval


@dataclass(frozen=True)
class Records:
    """The facts behind a figure: the first `MOST_RECORDS` of them, and how many there are."""

    facts: Sequence[Fact]
    total: int


def records_of(form: RatingForm, metric: str) -> Records:
    """Return the facts behind a metric of the person; Refused where there is no such figure."""
    found = records_behind(form.appraisal.cycle, form.appraisal.person.key, form.segment_from.isoformat(), metric)
    facts = [
        Fact(
            day=to_date(row["day"]),
            record=row["record"],
            status=row["status"],
            why=row["excluded"] or "",
            value=row["value"],
            source=place(row["source"]),
        )
        for row in found[:MOST_RECORDS]
    ]
    return Records(facts, len(found))


def access_records(sheet: Sheet, metric: str) -> Records:
    """Return the records behind a figure to those who may look at figures at all; Refused otherwise."""
    if not (sheet.knowing or sheet.own):
        raise Refused("no-such-figure", _("没有这个指标或任职"))
    return records_of(sheet.form, metric)


