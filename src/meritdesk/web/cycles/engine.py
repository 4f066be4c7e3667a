"""The web part's only door to the engine: runs a cycle, keeps what came back, finds the records behind a figure.

Computes nothing itself. A run is computed outside of any transaction, because it takes seconds; it is kept inside one,
and refused there when an input changed meanwhile.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from meritdesk import language
from meritdesk.calibration import Apart, raters_apart
from meritdesk.compiled import compile_scheme
from meritdesk.explain import Line, explain
from meritdesk.facts import Measuring, gather
from meritdesk.language import _
from meritdesk.metrics.definitions import Metric
from meritdesk.metrics.load import load_metrics
from meritdesk.pipeline import appraise
from meritdesk.readiness import supplied_tables
from meritdesk.reports.files import appraisal_document
from meritdesk.reports.form import Typesetter
from meritdesk.reports.form import document as form_document
from meritdesk.reports.glyphs import printable
from meritdesk.results import Appraisal as Outcome
from meritdesk.results import Period, Results
from meritdesk.roster import roster, to_date
from meritdesk.scheme.load import LoadedScheme, load_document
from meritdesk.web.access.actions import Refused, canonical
from meritdesk.web.access.models import User
from meritdesk.web.cycles.inputs import Supposed, dataset_of, digest, fingerprint
from meritdesk.web.cycles.models import Appraisal, Cycle, Result, Run
from meritdesk.web.schemes.models import SchemeVersion

Step = Callable[[str], None]

OF_PAY = ("pay-not-computed", "pool-not-shared")
"""Problems about pay, which is computed elsewhere."""


@dataclass(frozen=True)
class Computed:
    """What the engine gave for a cycle, each person's document, and the state of the inputs they were made from."""

    results: Results
    documents: Mapping[str, str]
    """Staff key → canonical JSON, see `document_of`."""
    inputs_digest: str


@cache
def metrics() -> Mapping[str, Metric]:
    """Return the metrics of the library."""
    return load_metrics()


def loaded_scheme(cycle: Cycle) -> LoadedScheme:
    """Return the scheme a cycle goes by, as it was published."""
    return loaded_version(cycle.scheme_version)


def loaded_version(version: SchemeVersion) -> LoadedScheme:
    """Return a published version of a scheme; its text, which never changes, is read once."""
    return _loaded(version.text, str(version))


@cache
def _loaded(text: str, name: str) -> LoadedScheme:
    return load_document(text, name=name)


def period_of(cycle: Cycle) -> Period:
    """Return the days of a cycle."""
    return Period(cycle.first_day, cycle.last_day)


def compute(
    cycle: Cycle,
    *,
    explained: bool,
    step: Step = lambda text: None,
    supposed: Sequence[Supposed] = (),
    people: Sequence[str] = (),
) -> Computed:
    """Run the cycle through the engine; MeritdeskError as `pipeline.appraise` raises it. Writes nothing.

    `explained` adds form and explanation to the documents, as results to be published need them. With `supposed`
    decisions it is a trial: it can be kept once they have been taken. `people`: only their documents are written.
    """
    state = digest(cycle, supposed=supposed)
    step(_("读取数据"))
    dataset = dataset_of(cycle, supposed=supposed)
    results = appraise(loaded_scheme(cycle), dataset, period_of(cycle), metrics(), step=step)
    wanted = [o for o in results.appraisals if not people or o.person in people]
    step(_("写出 {n} 人的结果说明").format(n=len(wanted)))
    documents = {o.person: canonical(document_of(results, o, explained=explained)) for o in wanted}
    return Computed(results, documents, state)


def keep(
    cycle: Cycle, computed: Computed, *, purpose: Run.Purpose, acting_user: User | None, people: Sequence[str] = ()
) -> Run:
    """Store a run and its results, all of them or those of `people`; to be called inside an action.

    Refused (`inputs-changed`) when an input changed since it was computed. An earlier preview makes room.
    """
    # Before the digest: what changes between the two makes it differ from then on.
    seen = fingerprint(cycle)
    if digest(cycle) != computed.inputs_digest:
        raise Refused("inputs-changed", _("计算期间有人修改了评分或数据"), _("重新计算"))
    results = computed.results
    appraisals = {a.person.key: a for a in cycle.appraisals.select_related("person")}
    kept = [o for o in results.appraisals if o.person in appraisals and (not people or o.person in people)]
    outcomes = sorted(kept, key=lambda o: o.person)
    if purpose is Run.Purpose.PREVIEW:
        Cycle.objects.filter(pk=cycle.pk, run__purpose=Run.Purpose.PREVIEW).update(run=None)
        cycle.runs.filter(purpose=Run.Purpose.PREVIEW, reviews__isnull=True).delete()
    last = cycle.runs.order_by("-number").values_list("number", flat=True).first() or 0
    rows = [_result(appraisals[o.person], o, computed.documents[o.person]) for o in outcomes]
    run = Run.objects.create(
        cycle=cycle,
        number=last + 1,
        purpose=purpose,
        scheme_hash=results.run.scheme_hash,
        program_hash=results.run.program_hash,
        input_hash=results.run.input_hash,
        inputs_digest=computed.inputs_digest,
        inputs_fingerprint=seen,
        results_hash=hash_of([row.content_hash for row in rows]),
        code_version=results.run.code_version,
        people=len(rows),
        problems=[asdict(problem) for problem in results.problems if problem.code not in OF_PAY],
        made_by=acting_user,
    )
    for row in rows:
        row.run = run
    Result.objects.bulk_create(rows, batch_size=200)
    return run


def content_hashes(computed: Computed, people: Sequence[str] = ()) -> dict[str, str]:
    """Return staff key → content hash of the documents, all or those of `people`: what `keep` will store."""
    wanted = {person: text for person, text in computed.documents.items() if not people or person in people}
    return {person: hashlib.sha256(text.encode()).hexdigest() for person, text in sorted(wanted.items())}


def hash_of(content_hashes: Sequence[str]) -> str:
    """Return the hash of a whole run, from the hashes of its results in order of staff key."""
    return hashlib.sha256("\n".join(content_hashes).encode()).hexdigest()


def _result(appraisal: Appraisal, outcome: Outcome, text: str) -> Result:
    return Result(
        appraisal=appraisal,
        document=text,
        content_hash=hashlib.sha256(text.encode()).hexdigest(),
        state=outcome.state,
        total=scaled(outcome.total, 100),
        grade=outcome.grade or "",
        grade_title=outcome.grade_title,
        coefficient=scaled(outcome.coefficient, 10_000),
        days=sum(segment.days for segment in outcome.segments if segment.counted),
        rank=outcome.rank,
        rank_of=outcome.rank_of,
    )


def scaled(value: Decimal | None, scale: int) -> int | None:
    """Return an exact decimal as an integer of 1/scale; AssertionError if it is finer than that."""
    if value is None:
        return None
    scaled = value * scale
    assert scaled == int(scaled), f"{value} is finer than 1/{scale}"
    return int(scaled)


def document_of(results: Results, outcome: Outcome, *, explained: bool) -> dict[str, Any]:
    """Return what is shown of one result and signed: no pay, no raters of anonymous roles.

    ``appraisal``: the engine's record as JSON; ``form``: the texts of the evaluation form (R4.10) and ``explanation``:
    the tree of sentences, both by language; ``run``: what it rests on. A preview has no form and no explanation.
    """
    scheme = results.scheme
    hidden = scheme.raters.anonymous if scheme.raters else ()
    document: dict[str, Any] = {
        "format": 1,
        "appraisal": appraisal_document(_without_pay(outcome), hidden, include_pay=False),
        "run": {
            "scheme": scheme.scheme,
            "scheme_title": scheme.title,
            "scheme_version": scheme.version,
            "scheme_hash": results.run.scheme_hash,
            "input_hash": results.run.input_hash,
            "program_hash": results.run.program_hash,
            "code_version": results.run.code_version,
            "period": [results.run.period.first.isoformat(), results.run.period.last.isoformat()],
        },
    }
    if explained:
        document["form"], document["explanation"] = {}, {}
        for name in language.LANGUAGES:
            with language.use(name):
                document["form"][name] = form_document(results, [outcome], name)
                tree = explain(results, outcome.person, metrics(), include_pay=False)
                document["explanation"][name] = _tree(tree)
    return document


def _without_pay(outcome: Outcome) -> Outcome:
    """Return an outcome that does not complain of the pay data, which a cycle never has."""
    return replace(outcome, problems=tuple(p for p in outcome.problems if p.code not in OF_PAY))


def _tree(line: Line) -> list[Any]:
    """Return a line as [text, [children]]."""
    return [line.text, [_tree(child) for child in line.children]]


def read_document(result: Result) -> dict[str, Any]:
    """Return the document of a result; Refused (`result-altered`) if it is not the one that was kept."""
    if hashlib.sha256(result.document.encode()).hexdigest() != result.content_hash:
        raise Refused("result-altered", _("这份结果的内容与存入时不符"), _("请联系审计员核查"))
    document: dict[str, Any] = json.loads(result.document)
    return document


def paper(result: Result, notes: Sequence[str] = ()) -> bytes:
    """Return the printed evaluation form (PDF, R4.10) of a result, in the current language.

    `notes` are printed below it: what is no part of the document, such as how its signatures stand.
    """
    form = read_document(result).get("form")
    if not form:
        raise Refused("preview-only", _("预览结果没有评价表"), _("发布后再打印"))
    content = form[language.current()]
    added = [printable(note) for note in notes]
    sheets = [sheet | {"notes": [*sheet["notes"], *added]} for sheet in content["forms"]]
    with tempfile.TemporaryDirectory(prefix="meritdesk-form-") as folder:
        return Typesetter(Path(folder)).pdf(content | {"forms": sheets})


def apart(cycle: Cycle) -> list[Apart]:
    """Return the pairs of raters that the scheme sends to calibration, from the forms handed in so far."""
    return [pair for _day, pair in pairs_apart(cycle)]


def pairs_apart(cycle: Cycle) -> list[tuple[date, Apart]]:
    """Return the pairs of `apart`, each with the first day, inside the period, of the assignment it is about."""
    scheme, dataset, period = loaded_scheme(cycle).scheme, dataset_of(cycle), period_of(cycle)
    assignments, _problems = roster(dataset.tables["people"], scheme, period)
    compiled = compile_scheme(scheme, metrics())
    facts = gather(compiled, assignments, dataset.tables, metrics(), period, supplied=supplied_tables(dataset))
    days = {a.key: to_date(a.from_day) for a in assignments}
    return [(days[pair.segment], pair) for pair in raters_apart(scheme, facts.ratings, assignments)]


def records_behind(cycle: Cycle, person: str, segment_from: str, metric: str) -> list[dict[str, Any]]:
    """Return the facts behind a metric of one person's segment (`segment_from`: ISO day), as `metrics.records` does."""
    scheme, dataset = loaded_scheme(cycle).scheme, dataset_of(cycle)
    assignments, _problems = roster(dataset.tables["people"], scheme, period_of(cycle))
    wanted = metrics().get(metric)
    starts = {(a.person, to_date(a.from_day).isoformat()): a for a in assignments}
    segment = starts.get((person, segment_from))
    if wanted is None or segment is None:
        raise Refused("no-such-figure", _("没有这个指标或任职"))
    return Measuring(dataset.tables, [segment], [wanted]).records(metric, segment.key)
