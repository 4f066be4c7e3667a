"""Whether everything published still is what it was: results, runs, packages and archives held against one another.

Reads only. What the database cannot refuse (a file replaced, a trigger dropped, a row changed by an administrator of
the machine) is found here, because hashes also lie in the audit chain and in the packages.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.language import _
from meritdesk.web.access.models import AuditEntry, User
from meritdesk.web.cycles import packages, triggers
from meritdesk.web.cycles.archiving import recomputed
from meritdesk.web.cycles.models import (
    Adjustment,
    Appeal,
    Appraisal,
    Archive,
    Correction,
    Cycle,
    RatingForm,
    RatingItem,
    Result,
    Run,
    Signature,
)

_NOTED = ("purpose", "number", "people", "results_hash", "package", "package_root")


def verify_cycles() -> list[Problem]:
    """Return every way in which published results, signatures, packages or archives are not what was recorded."""
    found = [_problem("trigger-missing", name, _("数据库的保护没有了")) for name in triggers.missing()]
    runs = Run.objects.exclude(purpose=Run.Purpose.PREVIEW).select_related("cycle").order_by("cycle", "number")
    noted = _audited("cycles.run", "run.keep")
    for run in runs:
        found += _audit_of_run(run, noted.pop(str(run.pk), None)) + recomputed(run)
    found += [_problem("run-missing", f"Run {pk}", _("审计记录里有这次运算，数据库里没有")) for pk in sorted(noted)]
    found += _standing() + _signatures() + _decisions() + _states() + _archives()
    return found


def _problem(code: str, place: str, message: str) -> Problem:
    return Problem(code=code, place=place, message=message, fix=_("请审计员核查，必要时从备份恢复"))


def _audited(target_type: str, *actions: str) -> dict[str, Mapping[str, Any]]:
    """Return id → what the last entry about it says, with its `actor`."""
    entries = AuditEntry.objects.filter(target_type=target_type, action__in=actions).order_by("sequence")
    return {pk: {**json.loads(new), "actor": actor} for pk, new, actor in entries.values_list(
        "target_id", "new", "actor")}  # fmt: skip


def _audit_of_run(run: Run, noted: Mapping[str, Any] | None) -> list[Problem]:
    place = _("{cycle}，第 {n} 次运算").format(cycle=run.cycle, n=run.number)
    if noted is None:
        return [_problem("run-not-audited", place, _("审计记录里没有这次运算"))]
    wrong = [name for name in _NOTED if noted.get(name) != getattr(run, name)]
    return [_problem("run-altered", f"{place}，{name}", _("与审计记录不符")) for name in wrong]


def _standing() -> list[Problem]:
    """Check that each appraisal shows the published result, or the one of its last posted correction."""
    found = []
    last: dict[int, int] = {}
    for correction in Correction.objects.filter(state=Correction.State.POSTED).order_by("posted_at", "pk"):
        last[correction.appraisal_id] = correction.after_id
    published = dict(Result.objects.filter(run__purpose=Run.Purpose.PUBLISHED).values_list("appraisal", "pk"))
    for cycle in Cycle.objects.filter(published_at__isnull=False):
        for pk, result, key in cycle.appraisals.values_list("pk", "result", "person__key"):
            if result != last.get(pk, published.get(pk)):
                found.append(_problem("other-result-stands", f"{cycle}，{key}", _("显示的不是发布或更正的结果")))
    return found


def _signatures() -> list[Problem]:
    found = []
    noted = _audited("cycles.signature", "result.sign", "result.witness")
    signatures = Signature.objects.select_related("result", "appraisal__person", "appraisal__cycle", "by")
    for signature in signatures.defer("result__document"):
        said = noted.pop(str(signature.pk), None)
        place = f"{signature.appraisal}"
        shown = (signature.content_hash, signature.outcome, signature.remark, signature.by and signature.by.username)
        if said is None or (said["hash"], said["outcome"], said["remark"], said["actor"]) != shown:
            found.append(_problem("signature-altered", place, _("签字与审计记录不符")))
        elif signature.content_hash != signature.result.content_hash:
            found.append(_problem("signature-of-another", place, _("签的不是这份结果")))
    found += [_problem("signature-missing", pk, _("审计记录里有这个签字，数据库里没有")) for pk in sorted(noted)]
    return found


def _decisions() -> list[Problem]:
    """Check that appeals, corrections, points set by decision and ratings handed in say what the audit says."""
    found = []
    fixed: tuple[tuple[Any, tuple[str, ...], tuple[str, ...]], ...] = (
        (Appeal.objects.all(), ("appeal.file",), ("grounds", "indicators")),
        (Appeal.objects.filter(state__in=("upheld", "rejected")), ("appeal.uphold", "appeal.reject"),
         ("state", "answer", "decider")),
        (Correction.objects.filter(state=Correction.State.POSTED), ("correction.post",),
         ("total_difference", "coefficient_difference", "above_quota", "reason", "approver")),
        (Adjustment.objects.all(), ("adjustment.set",), ("indicator", "score", "kind", "reason", "decided_by")),
    )  # fmt: skip
    for rows, actions, names in fixed:
        noted = _audited(rows.model._meta.label_lower, *actions)
        for row in rows.select_related("appraisal__person", "appraisal__cycle"):
            said = noted.get(str(row.pk))
            if said is None or any(_shown(row, name) != _said(said, name) for name in names):
                found.append(_problem("decision-altered", f"{row.appraisal}", _("裁定或申诉与审计记录不符")))
    handed_in = _audited("cycles.ratingform", "rating.submit")
    items: dict[str, dict[str, Any]] = defaultdict(dict)
    given = RatingItem.objects.filter(form__state=RatingForm.State.SUBMITTED)
    for pk, name, level, score, remark in given.values_list("form", "indicator", "level", "score", "remark"):
        items[str(pk)][name] = {"level": level, "score": score, "remark": remark}
    for key, judged in items.items():
        if key in handed_in and handed_in[key]["items"] != judged:
            form = RatingForm.objects.select_related("appraisal__person", "appraisal__cycle").get(pk=key)
            found.append(_problem("rating-altered", str(form.appraisal), _("评分与提交时的审计记录不符")))
    return found


def _shown(row: Any, name: str) -> object:
    value = (row.approved_by or row.proposed_by) if name == "approver" else getattr(row, name)
    return value.username if isinstance(value, User) else value


def _said(said: Mapping[str, Any], name: str) -> object:
    return said["actor"] if name in ("decider", "decided_by", "approver") else said.get(name)


_ENDED = {"signed": ("signed",), "unsigned": ("refused", "silent")}
_APPEALED = {"appealing": "open", "upheld": "upheld", "rejected": "rejected", "withdrawn": "withdrawn"}


def _states() -> list[Problem]:
    """Check that who is shown as signed, unsigned or appealing has the signature or appeal that says so."""
    signed = set(Signature.objects.values_list("appraisal", "result", "outcome"))
    appealed = set(Appeal.objects.values_list("appraisal", "state"))
    found = []
    for appraisal in Appraisal.objects.filter(state__in=[*_ENDED, *_APPEALED]).select_related("person", "cycle"):
        pk, state = appraisal.pk, appraisal.state
        wanted = _ENDED.get(state, ())
        right = (pk, _APPEALED.get(state)) in appealed
        if not right and not any((pk, appraisal.result_id, outcome) in signed for outcome in wanted):
            found.append(_problem("state-altered", f"{appraisal}", _("显示的状态没有签字或申诉为据")))
    return found


def _archives() -> list[Problem]:
    found = []
    noted = _audited("cycles.archive", "cycle.archive")
    by_cycle: dict[int, Archive] = {}
    for archive in Archive.objects.select_related("cycle"):
        by_cycle[archive.cycle_id] = archive
        said = noted.pop(str(archive.pk), defaultdict(str))
        if any(said[name] != getattr(archive, name) for name in ("file", "sha256", "root")):
            found.append(_problem("archive-altered", archive.file, _("与审计记录不符")))
        found += _file_of(archive)
    found += [_problem("archive-missing", pk, _("审计记录里有这份存档，数据库里没有")) for pk in sorted(noted)]
    lacking = Cycle.objects.filter(state=Cycle.State.ARCHIVED).exclude(pk__in=by_cycle)
    return [*found, *(_problem("archive-missing", str(cycle), _("已归档，但没有存档")) for cycle in lacking)]


def _file_of(archive: Archive) -> list[Problem]:
    try:
        data = packages.path_of(archive.file).read_bytes()
        if hashlib.sha256(data).hexdigest() != archive.sha256:
            return [_problem("archive-altered", archive.file, _("文件内容与归档时不符"))]
        return [_problem("archive-altered", archive.file, text) for text in packages.flaws(archive.file, archive.root)]
    except (OSError, MeritdeskError) as error:
        return [_problem("archive-missing", archive.file, str(error))]
