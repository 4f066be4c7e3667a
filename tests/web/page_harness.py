"""All pages at once: which requests show every page to every role, and what is measured on the answers.

No list of pages is kept here. Addresses come from the access table, what stands behind their arguments from the word
before each argument (`OBJECTS`), and a case is what answers 200. Queries are counted on the second request of two,
everything included but savepoints: session, account, frame. A page may ask at most 15 times, and in a larger company at
most once more than in a small one (a list whose first page has nothing of a kind asks less often).
"""

from __future__ import annotations

import re
import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

from allauth.account.internal.flows.login import record_authentication
from django.db import connection
from django.test import Client, RequestFactory
from django.urls import reverse

from meritdesk.scheme.load import shipped
from meritdesk.web.access.models import Delegation, User
from meritdesk.web.access.routes import Rule, table
from meritdesk.web.cycles import engine
from meritdesk.web.cycles.models import (
    Appeal,
    Appraisal,
    Attachment,
    CalibrationCase,
    Correction,
    Invitation,
    Note,
    RatingForm,
)
from meritdesk.web.jobs.models import Job
from meritdesk.web.people.imports import uploads
from meritdesk.web.people.models import Assignment, Department, Position, Team
from meritdesk.web.schemes.forms import parts
from meritdesk.web.schemes.models import Scheme, SchemeVersion
from tests.web.access_reach import may
from tests.web.page_world import ACTORS, World

QUERIES_AT_MOST = 15
GROWTH_AT_MOST = 1
TRIES = 6
"""How many objects of one label are tried, before it is held that none of them has the page."""

Labelled = list[tuple[str, object]]
Maker = Callable[[World, "User | None"], Labelled]

WITHOUT_SUBJECT = {
    "health": "says whether a worker lives, and none does here; tests of operations",
    "mfa_deactivate_totp": "needs a second factor that is set up; tests of the sign-in",
    "mfa_authenticate": "needs a sign-in that waits for its code; tests of the sign-in",
    "mfa_view_recovery_codes": "needs a second factor that is set up; tests of the sign-in",
    "mfa_generate_recovery_codes": "needs a second factor that is set up; tests of the sign-in",
    "mfa_reauthenticate": "needs a second factor that is set up; tests of the sign-in",
    "cycle-quarantine": "a download of rows that were refused; tests of the data page",
}
"""Pages that nobody reaches here, and where they are tried instead."""


@dataclass(frozen=True)
class Case:
    """One page as one account sees it; `label` names the state of what it shows, alike in companies of any size."""

    rule: Rule
    actor: str
    label: str
    url: str

    @property
    def key(self) -> tuple[str, str, str]:
        """Return what the case is called in companies of any size."""
        return self.rule.name, self.actor, self.label

    def __str__(self) -> str:
        return " · ".join(part for part in (self.rule.name, self.actor or "anonymous", self.label) if part)


@dataclass
class Visitors:
    """Clients signed in as each role, their password just confirmed."""

    world: World
    known: dict[str, Client] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    """Page and error of every answer that broke."""
    worked: dict[str, set[str]] = field(default_factory=dict)
    """Page → addresses, numbers aside, that showed it to somebody: tried first with everybody else."""

    def __getitem__(self, actor: str) -> Client:
        if actor not in self.known:
            client = Client(raise_request_exception=False)
            if user := self.user(actor):
                client.force_login(user)
                prove(client.session, user)
            self.known[actor] = client
        return self.known[actor]

    def user(self, actor: str) -> User | None:
        """Return the account of a role; None for nobody signed in."""
        return self.world.users[ACTORS[actor]] if actor else None

    def awake(self, actor: str) -> None:
        """Note in the session that somebody is there: a request would write that once a minute."""
        if actor:
            session = self[actor].session
            session["seen"] = int(time.time())
            session.save()

    def get(self, case: Case) -> Any:
        """Answer a case; note it when it breaks."""
        response: Any = self[case.actor].get(case.url)
        if response.status_code >= 500:
            error = getattr(response, "exc_info", None)
            self.broken.setdefault(str(case), _told(error) if error else str(response.status_code))
        if response.streaming:
            response.body = b"".join(response.streaming_content)
            response.close()
        else:
            response.body = response.content
        return response


def prove(session: Any, user: User) -> None:
    """Note in a session that the account has just confirmed its password."""
    request = RequestFactory().get("/")
    request.session, request.user = session, user
    record_authentication(request, user, method="password", reauthenticated=True)
    session.save()


def _told(error: Any) -> str:
    """Return an error with the last place in the project's own code."""
    own = [frame for frame in traceback.extract_tb(error[2]) if "meritdesk" in frame.filename]
    place = f" ({Path(own[-1].filename).name}:{own[-1].lineno})" if own else ""
    return f"{type(error[1]).__name__}: {error[1]}{place}"


# ---- what stands behind arguments ------------------------------------------------------------------------------------


def _by_state(world: World, user: User | None) -> Labelled:
    return [(state, cycle.pk) for state, cycle in world.cycles.items()]


def _appraisals(world: World, user: User | None) -> Labelled:
    found: Labelled = []
    seen: dict[str, int] = defaultdict(int)
    own = user.person_id if user else None
    for state, cycle in world.cycles.items():
        for appraisal in Appraisal.objects.filter(cycle=cycle).order_by("person__key"):
            whose = "own" if appraisal.person_id == own else appraisal.state
            label = f"{state}/{whose}"
            if seen[label] < TRIES:
                seen[label] += 1
                found.append((label, appraisal.pk))
    return found


def _forms(world: World, user: User | None) -> Labelled:
    found: Labelled = []
    forms = RatingForm.objects.filter(rater=user.person_id if user else None).select_related("appraisal__cycle")
    for form in forms.order_by("appraisal__person__key", "pk"):
        found.append((f"{form.appraisal.cycle.state}/{form.role}/{form.state}", form.pk))
    return found


def _all(model: Any, label: str = "") -> Maker:
    def listed(world: World, user: User | None) -> Labelled:
        seen: dict[str, int] = defaultdict(int)
        found: Labelled = []
        for pk, text in model.objects.order_by("pk").values_list("pk", label or "pk"):
            shown = str(text) if label else ""
            seen[shown] += 1
            if seen[shown] <= TRIES * 5:
                found.append((shown, pk))
        return found

    return listed


def _people(world: World, user: User | None) -> Labelled:
    return [("", world.persons[key].pk) for key in ("A0001", "L01")]


def _users(world: World, user: User | None) -> Labelled:
    return [("", world.users[key].pk) for key in ("L01", "H01")]


OBJECTS: Mapping[str, Maker] = {
    "cycles": _by_state,
    "team-results": _by_state,
    "appraisals": _appraisals,
    "ratings": _forms,
    "notes": _all(Note),
    "files": _all(Attachment),
    "invitations": _all(Invitation),
    "appeals": _all(Appeal, "state"),
    "corrections": _all(Correction, "state"),
    "calibration": _all(CalibrationCase, "outcome"),
    "people": _people,
    "teams": _all(Team),
    "departments": _all(Department),
    "positions": _all(Position),
    "assignments": _all(Assignment),
    "schemes": _all(Scheme),
    "versions": _all(SchemeVersion, "state"),
    "accounts": _users,
    "delegations": _all(Delegation),
    "jobs": _all(Job),
}
"""The word before `<int:pk>` in an address → what there is of it."""


def _indicators(world: World, user: User | None) -> Labelled:
    scheme = engine.loaded_scheme(next(iter(world.cycles.values()))).scheme
    return [("", indicator.id) for _dimension, indicator in scheme.indicators()]


def _metrics(world: World, user: User | None) -> Labelled:
    return [("", name) for name in engine.metrics()]


def _tokens(world: World, user: User | None) -> Labelled:
    found: Labelled = [("", token) for token in world.tokens.values()]
    if user:
        rows = "工号,姓名,部门,班组,岗位,直接上级工号,任职起,任职止\nN1,新来,客服部,第01班组,客服代表,L01,2025-11-01,\n"
        found.append(("", uploads.keep(user, "名册.csv", [rows.encode()]).token))
    return found


ARGUMENTS: Mapping[str, Maker] = {
    "indicator": _indicators,
    "metric": _metrics,
    "token": _tokens,
    "section": lambda world, user: [(name, name) for name in parts.SECTIONS],
    "name": lambda world, user: [("", name) for name in sorted(shipped())],
}
"""Other arguments by their names. An argument that is not found here or in `OBJECTS` leaves its page without a case."""


def _parts_of_scheme(world: World, user: User | None) -> Labelled:
    scheme = engine.loaded_scheme(next(iter(world.cycles.values()))).scheme
    return [("", f"part={dimension.id}.{indicator.id}") for dimension, indicator in scheme.indicators()]


QUERIES: Mapping[str, Maker] = {"scheme-try": _parts_of_scheme}
"""Pages that show nothing without a query: name → what stands behind the question mark."""

_ARGUMENT = re.compile(r"(?:([\w-]+)/)?<\w+:(\w+)>")


def _arguments(rule: Rule, world: World, user: User | None) -> dict[str, Labelled]:
    found: dict[str, Labelled] = {}
    for word, name in _ARGUMENT.findall(rule.pattern):
        maker = ARGUMENTS.get(name) or OBJECTS.get(word)
        found[name] = maker(world, user) if maker else []
    return found


def candidates(rule: Rule, world: World, user: User | None) -> Iterator[tuple[str, str]]:
    """Yield (label, address) of what an account might see of a page, of each label the likeliest first."""
    arguments = _arguments(rule, world, user)
    for values in product(*arguments.values()):
        label = "/".join(text for text, _value in values if text)
        url = reverse(rule.name, kwargs={k: v for k, (_t, v) in zip(arguments, values, strict=True)})
        queries = QUERIES[rule.name](world, user) if rule.name in QUERIES else [("", "")]
        for _text, query in queries:
            yield label, f"{url}?{query}" if query else url


# ---- cases -----------------------------------------------------------------------------------------------------------


def pages(wanted: Callable[[Rule], bool] = lambda rule: True) -> list[Rule]:
    """Return the rules of all pages that are measured here."""
    return [rule for rule in table() if "GET" in rule.rights and rule.name not in WITHOUT_SUBJECT and wanted(rule)]


def find_cases(visitors: Visitors, actor: str, rules: list[Rule], *, labels: int = 0) -> list[Case]:
    """Return the pages as a role sees them, once for each label; each was answered once, and so is warm.

    `labels`: only so many of each page, others for each role, so that all roles together see nearly all.
    """
    found: list[Case] = []
    user = visitors.user(actor)
    for rule in rules:
        right = rule.rights["GET"]
        if (right == "public") if user is None else (right != "public" and may(user, right)):
            found += _cases(visitors, rule, actor, labels)
    return found


def _cases(visitors: Visitors, rule: Rule, actor: str, labels: int) -> Iterator[Case]:
    worked = visitors.worked.setdefault(rule.name, set())
    by_label: dict[str, list[tuple[bool, str, str]]] = defaultdict(list)
    for label, url in candidates(rule, visitors.world, visitors.user(actor)):
        ending = re.sub(r"/\d+(?=/|$)", "/-", url)
        by_label[label].append((ending not in worked, url, ending))
    names = list(by_label)
    if labels and names:
        place = ["", *ACTORS].index(actor) % len(names)
        names = names[place:] + names[:place]
    shown = 0
    for label in names:
        tries = sorted(by_label[label], key=lambda each: each[0])
        for _new, url, ending in tries[: TRIES if worked else TRIES * 8]:
            case = Case(rule, actor, label, url)
            if visitors.get(case).status_code == 200:
                worked.add(ending)
                shown += 1
                yield case
                break
        if labels and shown >= labels:
            return


def without_case(visitors: Visitors) -> list[str]:
    """Return the names of the pages that nobody is shown."""
    wanting = pages()
    for actor in ("hr", "lead", "agent", "", *ACTORS):
        shown = {case.rule.name for case in find_cases(visitors, actor, wanting, labels=1)}
        wanting = [rule for rule in wanting if rule.name not in shown]
    return [rule.name for rule in wanting]


# ---- queries ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Counted:
    """The queries of one request."""

    number: int
    statements: tuple[str, ...]

    def repeated(self) -> str:
        """Return the statement that was made most often, its values aside, if it was made more than twice."""
        shapes: dict[str, int] = defaultdict(int)
        for statement in self.statements:
            shapes[re.sub(r"\d+|'[^']*'", "?", statement)] += 1
        shape, number = max(shapes.items(), key=lambda entry: entry[1], default=("", 0))
        return f"{number} × {shape[:300]}" if number > 2 else ""


def count(visitors: Visitors, case: Case) -> tuple[Counted, Any]:
    """Answer a case that was answered before; return its queries and the answer."""
    statements: list[str] = []

    def watch(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        statements.append(sql)
        return execute(sql, params, many, context)

    visitors.awake(case.actor)
    with connection.execute_wrapper(watch):
        response = visitors.get(case)
    kept = tuple(s for s in statements if not s.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")))
    return Counted(len(kept), kept), response


def too_many(counts: Mapping[tuple[str, str, str], Counted]) -> list[str]:
    """Return the cases with more queries than allowed, with what they repeat."""
    return [
        f"{' · '.join(key)}: {counted.number} queries; {counted.repeated()}"
        for key, counted in counts.items()
        if counted.number > QUERIES_AT_MOST
    ]


def growing(small: Mapping[tuple[str, str, str], Counted], large: Mapping[tuple[str, str, str], Counted]) -> list[str]:
    """Return the cases whose queries grow with the company."""
    return [
        f"{' · '.join(key)}: {small[key].number} → {counted.number} queries; {counted.repeated()}"
        for key, counted in large.items()
        if key in small and counted.number - small[key].number > GROWTH_AT_MOST
    ]


def as_table(small: Mapping[tuple[str, str, str], Counted], large: Mapping[tuple[str, str, str], Counted]) -> str:
    """Return a table: each page with the most queries that any role and state of it costs."""
    names = sorted({key[0] for key in [*small, *large]})
    lines = ["page                            cases  small  large"]
    for name in names:
        here = [key for key in [*small, *large] if key[0] == name]
        most = [max((c.number for key, c in counts.items() if key[0] == name), default=0) for counts in (small, large)]
        lines.append(f"{name:30} {len(set(here)):6} {most[0]:6} {most[1]:6}")
    return "\n".join(lines)
