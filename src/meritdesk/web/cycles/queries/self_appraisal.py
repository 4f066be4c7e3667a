"""What the self-appraisal page reads: the person's own words, and the figures of the period beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from meritdesk.language import _
from meritdesk.web.access.models import User
from meritdesk.web.cycles.engine import read_document
from meritdesk.web.cycles.models import Appraisal, Attachment, Cycle, RatingForm, Result, SelfAppraisal
from meritdesk.web.cycles.queries.doors import appraisals_in_reach
from meritdesk.web.cycles.queries.evidence import Figure, figures_of, last_result
from meritdesk.web.ui.text import lazy

PARTS: Mapping[str, object] = {
    "results": lazy("工作成果"),
    "gaps": lazy("不足与原因"),
    "support": lazy("需要的支持"),
}
HINTS: Mapping[str, object] = {
    "results": lazy("做成了什么，数字或客户反馈是什么"),
    "gaps": lazy("哪些没做到，原因是什么，打算怎么改"),
    "support": lazy("培训、工具、排班或流程上需要什么帮助"),
}


@dataclass(frozen=True)
class Part:
    """One of the three texts."""

    name: str
    title: object
    hint: object
    text: str


@dataclass(frozen=True)
class SelfPage:
    """All that the page shows."""

    appraisal: Appraisal
    parts: Sequence[Part]
    version: int
    submitted_at: object
    closed: str
    figures: Sequence[Figure]
    figures_as_of: object
    last: Result | None
    attachments: Sequence[Attachment]
    own_form: RatingForm | None
    """The form on which the scheme lets people rate themselves."""


def why_closed(cycle: Cycle, found: SelfAppraisal | None) -> str:
    """Return why nothing can be written now; nothing when it can."""
    if found is not None and found.submitted_at is not None:
        return _("自评已提交")
    if cycle.state not in (Cycle.State.COLLECTING, Cycle.State.RATING):
        return _("考核现在是“{state}”").format(state=cycle.get_state_display())
    return ""


def self_page(appraisal: Appraisal, user: User, typed: Mapping[str, str] | None = None) -> SelfPage:
    """Return the page; `typed` keeps what was sent and refused. At most eight queries."""
    found = SelfAppraisal.objects.filter(appraisal=appraisal).first()
    texts = {part: getattr(found, part) if found else "" for part in PARTS}
    texts.update(typed or {})
    figures, as_of = _figures(appraisal)
    own_form = RatingForm.objects.filter(appraisal=appraisal, rater=appraisal.person_id).first()
    return SelfPage(
        appraisal=appraisal,
        parts=[Part(part, PARTS[part], HINTS[part], texts[part]) for part in PARTS],
        version=found.version if found else 0,
        submitted_at=found.submitted_at if found else None,
        closed=why_closed(appraisal.cycle, found),
        figures=figures,
        figures_as_of=as_of,
        last=last_result(user, appraisal.person_id, appraisal.cycle),
        attachments=list(found.attachments.all()) if found else [],
        own_form=own_form,
    )


def self_list(cycle: Cycle, user: User) -> QuerySet[Appraisal]:
    """Return the appraisals of a cycle with their self-appraisals, for HR: whether they are in, not what they say."""
    found = appraisals_in_reach(user, "cycles.run").filter(cycle=cycle)
    return found.select_related("person", "team", "self_appraisal").order_by("team__name", "person__key")


def _figures(appraisal: Appraisal) -> tuple[Sequence[Figure], object]:
    run = appraisal.cycle.run_id
    result = Result.objects.filter(run=run, appraisal=appraisal).select_related("run").first() if run else None
    if result is None:
        return [], None
    return figures_of(read_document(result)["appraisal"], ""), result.run.made_at
