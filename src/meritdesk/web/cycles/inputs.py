"""What people entered in the web part, as the engine's contract tables: the only way from decisions to a run.

Together with the attached files it is all a run rests on. `digest` names that state: a run made from another is stale.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
from django.conf import settings

from meritdesk.events import batches
from meritdesk.events.checks import Account, DataReport
from meritdesk.events.columnar import schema
from meritdesk.events.contracts import CONTRACTS
from meritdesk.events.ingest import Dataset, assemble
from meritdesk.language import _
from meritdesk.roster import day_number
from meritdesk.web.access.actions import canonical
from meritdesk.web.cycles.models import (
    Adjustment,
    Appraisal,
    Cycle,
    RatingForm,
    RatingItem,
    Result,
    RosterEntry,
    Target,
)

Rows = list[dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Supposed:
    """A decision that is only thought through, to see its effect: as an `Adjustment` would say it."""

    person: str
    """Staff key."""
    indicator: str
    score: int
    """Hundredths of a point."""
    day: date
    reason: str
    decided_by: str
    """Sign-in name."""


ENTERED = ("people", "ratings", "adjustments", "targets", "results")
"""Tables that are entered here; what files say of `people` is left aside, because the roster was snapshotted."""


def batch_folder(cycle: Cycle) -> Path:
    """Return where the engine keeps the batches attached to a cycle."""
    return Path(settings.HOME) / "cycles" / str(cycle.pk) / "batches"


def _in_doubt(cycle: Cycle) -> Path:
    return batch_folder(cycle).with_name("batches-in-doubt.json")


def doubtful(cycle: Cycle) -> set[str]:
    """Return the batches of which the manifest may say something else than the database: see `doubt`."""
    path = _in_doubt(cycle)
    return set(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else set()


def doubt(cycle: Cycle, identities: Iterable[str]) -> None:
    """Note batches that an act is about to list or mark in the manifest, which no rollback undoes: until they are
    `settled`, the database alone says whether they count."""
    path = _in_doubt(cycle)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(sorted(doubtful(cycle) | set(identities))), encoding="utf-8")
    part.replace(path)


def settled(cycle: Cycle) -> None:
    """Say that the manifest agrees with the database; to be called with the cycle held."""
    _in_doubt(cycle).unlink(missing_ok=True)


def batches_of(cycle: Cycle) -> list[batches.Batch]:
    """Return the batches attached to a cycle, withdrawn ones included; those of an act that broke off do not count."""
    return _sure(cycle, batches.load(batch_folder(cycle)))


def _listed(cycle: Cycle) -> list[tuple[str, bool]]:
    """Return id of each batch attached and whether it is withdrawn, as `batches_of`, without reading the batches."""
    return [(batch.id, batch.withdrawn) for batch in _sure(cycle, batches.manifest(batch_folder(cycle)))]


def _sure(cycle: Cycle, found: list[batches.Batch]) -> list[batches.Batch]:
    unsure = doubtful(cycle)
    if not unsure:
        return found
    # The manifest never lacks what the database has: it is written before an attaching commits, after a withdrawal.
    rows = dict(cycle.files.filter(batch__in=unsure).values_list("batch", "withdrawn"))
    sure = [batch for batch in found if batch.id not in unsure or batch.id in rows]
    return [replace(batch, withdrawn=rows.get(batch.id, batch.withdrawn)) for batch in sure]


def dataset_of(cycle: Cycle, *, supposed: Sequence[Supposed] = ()) -> Dataset:
    """Return the attached batches and everything entered, as one dataset of contract tables; `supposed` decisions
    count as taken. Pay is no part of it: no salary reaches a cycle's results or packages."""
    attached = [batch for batch in batches_of(cycle) if not batch.withdrawn]
    dataset = assemble(attached)
    entered = entered_tables(cycle, supposed=supposed)
    accounts = [account for account in dataset.report.accounts if account.table not in ("people", "pay_inputs")]
    dataset.tables["pay_inputs"] = dataset.tables["pay_inputs"].slice(0, 0)
    for name, rows in entered.items():
        contract = CONTRACTS[name]
        table = pa.Table.from_pylist([_complete(row, contract.names) for row in rows], schema=schema(contract))
        before = [] if name == "people" else [dataset.tables[name]]
        dataset.tables[name] = pa.concat_tables([*before, table])
        if rows:
            source = _("系统内填写")
            accounts.append(Account(source, "", name, len(rows), len(rows), records=len(rows)))
    report = DataReport(tuple(accounts), dataset.report.quarantined, dataset.report.problems)
    return Dataset(dataset.tables, report, dataset.batches, dataset.input_hash)


def digest(cycle: Cycle, *, supposed: Sequence[Supposed] = ()) -> str:
    """Return the hash of all that a run of the cycle rests on, scheme and batches included.

    With `supposed` decisions it is the one that the cycle has once they are taken: a decision counts by what it says,
    not by the number of its row.
    """
    listed = _listed(cycle)
    tables = dict(entered_tables(cycle, supposed=supposed))
    tables["adjustments"] = [{k: v for k, v in row.items() if k != "source"} for row in tables["adjustments"]]
    content = [cycle.scheme_version.content_hash, cycle.first_day, cycle.last_day, listed, tables]
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def fingerprint(cycle: Cycle) -> str:
    """Return a hash that differs whenever `digest` does, without reading a judgement: for pages, never for acts.

    Judgements count by the version of their form, which every save takes on; results of earlier cycles by their ids,
    because the database refuses to change them; the rest as it is. It may differ where the digest does not (a roster
    entry written anew, a form handed in again unchanged): different only means that the digest is to be asked.
    """
    forms = RatingForm.objects.filter(appraisal__cycle=cycle, state=RatingForm.State.SUBMITTED).order_by("pk")
    form_fields = ("pk", "version", "appraisal_id", "role", "rater__key", "invitation_id", "day")
    roster = RosterEntry.objects.filter(cycle=cycle).order_by("pk")
    roster_fields = (
        "pk", "person__key", "name", "department", "team_name", "position", "superior", "job_grade", "skill_grade",
        "valid_from", "valid_to",
    )  # fmt: skip
    decided = Adjustment.objects.filter(appraisal__cycle=cycle, replaced=False).order_by("pk")
    decided_fields = ("pk", "appraisal_id", "indicator", "day", "score", "reason", "decided_by__username")
    agreed = Target.objects.filter(appraisal__cycle=cycle, agreed_at__isnull=False).order_by("pk")
    agreed_fields = ("pk", "appraisal_id", "indicator", "value", "baseline")
    earlier = Appraisal.objects.filter(
        cycle__published_at__isnull=False, cycle__last_day__lte=cycle.last_day, result__isnull=False,
        person__in=cycle.appraisals.values("person"),
    ).exclude(cycle=cycle.pk)  # fmt: skip
    content = [
        cycle.scheme_version.content_hash,
        cycle.first_day,
        cycle.last_day,
        _listed(cycle),
        list(forms.values_list(*form_fields)),
        list(roster.values_list(*roster_fields)),
        list(decided.values_list(*decided_fields)),
        list(agreed.values_list(*agreed_fields)),
        list(earlier.order_by("pk").values_list("result_id", flat=True)),
    ]
    return hashlib.sha256(repr(content).encode()).hexdigest()


def digest_for_page(cycle: Cycle) -> str:
    """Return the digest of today's inputs: the newest run's where the fingerprint says that nothing changed since,
    else computed. Acts ask for `digest` itself."""
    run = cycle.run
    if run is not None and run.inputs_fingerprint and run.inputs_fingerprint == fingerprint(cycle):
        return run.inputs_digest
    return digest(cycle)


def entered_tables(cycle: Cycle, *, supposed: Sequence[Supposed] = ()) -> Mapping[str, Rows]:
    """Return the rows of every table that is entered here, in a fixed order."""
    return {
        "people": _people(cycle),
        "ratings": _ratings(cycle),
        "adjustments": _adjustments(cycle, supposed),
        "targets": _targets(cycle),
        "results": _earlier_results(cycle),
    }


def _complete(row: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: row.get(name) for name in names}


def _day(value: date | None) -> int | None:
    return None if value is None else day_number(value)


def _people(cycle: Cycle) -> Rows:
    entries = RosterEntry.objects.filter(cycle=cycle).select_related("person").order_by("person__key", "valid_from")
    return [
        {
            "person": entry.person.key,
            "name": entry.name,
            "department": entry.department,
            "team": entry.team_name,
            "position": entry.position,
            "superior": entry.superior or None,
            "job_grade": entry.job_grade or None,
            "skill_grade": entry.skill_grade or None,
            "valid_from": _day(entry.valid_from),
            "valid_to": _day(entry.valid_to),
            "source": f"roster#{entry.pk}",
        }
        for entry in entries
    ]


def _ratings(cycle: Cycle) -> Rows:
    """Return the judgements of forms handed in; an item without level and score is none."""
    items = (
        RatingItem.objects.filter(form__appraisal__cycle=cycle, form__state=RatingForm.State.SUBMITTED)
        .exclude(level__isnull=True, score__isnull=True)
        .order_by("form__appraisal__person__key", "form_id", "indicator")
    )
    # Plain values: there are tens of thousands in a large cycle, and pages ask whether they are still the same.
    rows = items.values_list(
        "pk", "form__appraisal__person__key", "indicator", "form__role", "form__rater__key", "form__invitation_id",
        "level", "score", "remark", "form__day",
    )  # fmt: skip
    return [
        {
            "person": person,
            "indicator": indicator,
            "role": role,
            "rater": rater or f"guest-{invitation}",
            "level": level,
            "score": score,
            "remark": remark or None,
            "day": _day(day),
            "source": f"rating#{pk}",
        }
        for pk, person, indicator, role, rater, invitation, level, score, remark, day in rows
    ]


def _adjustments(cycle: Cycle, supposed: Sequence[Supposed]) -> Rows:
    standing = (
        Adjustment.objects.filter(appraisal__cycle=cycle, replaced=False)
        .select_related("appraisal__person", "decided_by")
        .order_by("appraisal__person__key", "indicator", "day")
    )
    rows = {
        (adjustment.appraisal.person.key, adjustment.indicator, adjustment.day): {
            "person": adjustment.appraisal.person.key,
            "indicator": adjustment.indicator,
            "score": adjustment.score,
            "reason": adjustment.reason,
            "decided_by": adjustment.decided_by.username,
            "day": _day(adjustment.day),
            "source": f"decision#{adjustment.pk}",
        }
        for adjustment in standing
    }
    for decision in supposed:
        rows[decision.person, decision.indicator, decision.day] = {
            "person": decision.person,
            "indicator": decision.indicator,
            "score": decision.score,
            "reason": decision.reason,
            "decided_by": decision.decided_by,
            "day": _day(decision.day),
            "source": "trial",
        }
    return [rows[key] for key in sorted(rows)]


def _targets(cycle: Cycle) -> Rows:
    agreed = (
        Target.objects.filter(appraisal__cycle=cycle, agreed_at__isnull=False)
        .select_related("appraisal__person")
        .order_by("appraisal__person__key", "indicator")
    )
    return [
        {
            "person": target.appraisal.person.key,
            "indicator": target.indicator,
            "value": target.value,
            "baseline": target.baseline,
            "valid_from": _day(cycle.first_day),
            "valid_to": None,
            "source": f"target#{target.pk}",
        }
        for target in agreed
    ]


def _earlier_results(cycle: Cycle) -> Rows:
    """Return the results that stand in earlier published cycles of the people in this one."""
    standing = (
        Result.objects.filter(
            pk__in=Cycle.objects.filter(published_at__isnull=False, last_day__lte=cycle.last_day)
            .exclude(pk=cycle.pk)
            .values("appraisals__result"),
            appraisal__person__in=cycle.appraisals.values("person"),
        )
        .order_by("appraisal__person__key", "appraisal__cycle__first_day", "pk")
        .values_list(
            "pk", "appraisal__person__key", "appraisal__cycle__kind", "appraisal__cycle__first_day",
            "appraisal__cycle__last_day", "appraisal__cycle__scheme_version__scheme__name", "run__scheme_hash", "total",
            "grade", "days",
        )
    )  # fmt: skip
    return [
        {
            "person": person,
            "kind": kind,
            "first_day": _day(first),
            "last_day": _day(last),
            "scheme": scheme,
            "scheme_hash": scheme_hash,
            "total": total,
            "grade": grade or None,
            "days": days,
            "source": f"result#{pk}",
        }
        for pk, person, kind, first, last, scheme, scheme_hash, total, grade, days in standing
    ]
