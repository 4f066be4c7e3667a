"""Worked cases of a version: read, run on both readers, and laid out for the page (E2)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock

from meritdesk.cases import Case, CaseFile, CaseResult, Comparison, Expectation, Facts, run_cases
from meritdesk.compiled import compile_scheme
from meritdesk.errors import MeritdeskError, Problem
from meritdesk.language import _, current
from meritdesk.metrics.definitions import Metric
from meritdesk.scheme.document import Scheme
from meritdesk.scheme.methods import RatingMethod
from meritdesk.scheme.places import words
from meritdesk.scheme.reading import Steps, read_yaml
from meritdesk.scheme.shape import faults
from meritdesk.web.schemes.models import SchemeVersion
from meritdesk.web.schemes.queries.documents import loaded, metrics, read
from meritdesk.web.schemes.queries.told import judged

NAME = "cases.yaml"
_NUMBER = re.compile(r"(\d+)/")
"""How the place of a problem begins when it is about the rows of one case: the number of the case."""
KEPT = 64
"""Most runs that a process keeps, by text, cases and language."""
_RUNS: dict[tuple[str, str, str], Run] = {}
_LOCK = Lock()


@dataclass(frozen=True)
class Run:
    """What a run of the cases gave: every figure, and per case whether all agreed; or why it could not be run."""

    comparisons: Sequence[Comparison] = ()
    results: Sequence[CaseResult] = ()
    problems: Sequence[Problem] = ()

    @property
    def passed(self) -> int:
        """Return how many cases agree."""
        return sum(result.passed for result in self.results)

    def of(self, title: str) -> list[Comparison]:
        """Return the figures of one case."""
        return [c for c in self.comparisons if c.case == title]


def read_cases(text: str) -> Sequence[Case]:
    """Return the cases in a text (none for an empty one); MeritdeskError with every problem, each with its line."""
    if not text.strip():
        return ()
    document, lines = read_yaml(text, NAME)

    def line(path: Steps) -> int:
        while path and path not in lines:
            path = path[:-1]
        return lines.get(path, (1, 1))[0]

    found = sorted(faults(CaseFile, document), key=lambda fault: line(fault[1]))
    if found:
        raise MeritdeskError(
            *(
                Problem(code=code, place=f"{NAME}:{line(at)}", message=f"{words(document, at)}：{message}", fix=fix)
                for code, at, message, fix in found
            )
        )
    return CaseFile.model_validate(document).cases


def run(version: SchemeVersion) -> Run:
    """Return the outcome of all worked cases of a version; problems instead where they cannot be run."""
    key = _key(version)
    found = _RUNS.get(key)
    if found is None:
        found = _run(version.text, version.cases_text)
        with _LOCK:
            while len(_RUNS) >= KEPT:
                del _RUNS[next(iter(_RUNS))]
            _RUNS[key] = found
    return found


def ran(version: SchemeVersion) -> Run | None:
    """Return the outcome of a run that this process made already; None for one that would take a second or two."""
    return run(version) if not version.cases_text.strip() else _RUNS.get(_key(version))


def _key(version: SchemeVersion) -> tuple[str, str, str]:
    return version.text, version.cases_text, current()


def _run(text: str, cases_text: str) -> Run:
    try:
        scheme, cases = read(text).scheme, read_cases(cases_text)
        if not cases:
            return Run()
        problems = list(unknown_names(scheme, metrics(), cases))
        if problems:
            return Run(problems=problems)
        return _all_that_run(scheme, cases)
    except MeritdeskError as error:
        return Run(problems=error.problems)


def _all_that_run(scheme: Scheme, cases: Sequence[Case]) -> Run:
    """Return the outcome of every case; one whose numbers the scheme cannot take fails by itself, with the reason."""
    left, broken = list(cases), list[CaseResult]()
    while True:
        try:
            comparisons = run_cases(scheme, metrics(), left) if left else []
            break
        except MeritdeskError as error:
            problem = error.problems[0]
            number = _NUMBER.match(problem.place)
            if number is None or not 0 < int(number.group(1)) <= len(left):
                raise
            case = left.pop(int(number.group(1)) - 1)
            broken.append(CaseResult(case.title, False, f"{problem.place.partition(': ')[2]}：{problem.message}"))
    return Run(comparisons, [*broken, *judged(scheme, cases, comparisons)])


def computed(version: SchemeVersion, case: Case) -> Mapping[str, Comparison]:
    """Return every figure that the sheet of a case shows, as both readers give it, whether it was expected or not;
    nothing where the case cannot be run."""
    scheme = loaded(version).scheme
    probe = Expectation(
        total=None, grade=None, coefficient=None, pay_total=None,
        indicators={indicator.id: None for _dimension, indicator in scheme.indicators()},
    )  # fmt: skip
    asked = case.model_copy(update={"expect": probe, "stated": None, "people": ()})
    try:
        if list(unknown_names(scheme, metrics(), [asked])):
            return {}
        return {found.what: found for found in run_cases(scheme, metrics(), [asked])}
    except MeritdeskError:
        return {}


def unknown_names(scheme: Scheme, known: Mapping[str, Metric], cases: Sequence[Case]) -> Iterator[Problem]:
    """Yield what cases name that the scheme or the metric library does not have: left behind after an edit."""
    indicators = {i.id: i for _d, i in scheme.indicators()}
    roles = {role.id for role in (scheme.raters.roles if scheme.raters else ())}
    positions = {position.id for position in scheme.positions}
    for case in cases:
        found: list[str] = []
        for part in (facts for person in case.everybody() for facts in (person.segments or (person,))):
            found.extend(_unknown(part, indicators, roles, positions, known))
        for name in dict.fromkeys(found):
            yield Problem(
                code="case-names-unknown",
                place=case.title,
                message=_("算例“{case}”里的“{name}”在方案中没有").format(case=case.title, name=name),
                fix=_("改正算例，或删去这一项"),
            )
    titles = [case.title for case in cases]
    for title in sorted({title for title in titles if titles.count(title) > 1}):
        yield Problem(
            code="case-title-twice", place=title, message=_("两个算例都叫“{title}”").format(title=title),
            fix=_("换一个名称"),
        )  # fmt: skip


def _unknown(
    part: Facts, indicators: Mapping[str, object], roles: set[str], positions: set[str], known: Mapping[str, Metric]
) -> Iterator[str]:
    if part.position is not None and part.position not in positions:
        yield part.position
    yield from (name for name in part.metrics if name not in known)
    for name, given in part.ratings.items():
        method = getattr(indicators.get(name), "scoring", None)
        if not isinstance(method, RatingMethod):
            yield name
        yield from (role for role in given if role not in roles)
    for named in (part.targets, part.baselines, part.adjusted):
        yield from (name for name in named if name not in indicators)


def inputs_of(version: SchemeVersion) -> Mapping[str, Sequence[str]]:
    """Return the names of what a case can give, by kind: metric, rating, violation, event, results, target, baseline,
    pay, streak; MeritdeskError for a scheme that cannot be computed."""
    compiled = compile_scheme(loaded(version).scheme, metrics())
    kinds = ("rating", "violation", "event", "target", "baseline")
    found: dict[str, Sequence[str]] = {kind: compiled.named("segments", f"{kind}.") for kind in kinds}
    found["results"] = sorted({n.rsplit(".", 1)[0] for n in compiled.named("segments", "results.")})
    found["pay"] = compiled.named("appraisals", "pay.")
    return {"metric": compiled.metrics, **found}
