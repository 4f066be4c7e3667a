"""The access table tried out: every address, method, role and relation, against what table and grants say."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from meritdesk.web.access.models import Delegation, User
from meritdesk.web.access.rights import Role
from meritdesk.web.access.routes import Rule, table
from meritdesk.web.people.models import Person
from tests.web.access_reach import may
from tests.web.access_subjects import ALWAYS_THERE, SUBJECTS, Sees
from tests.web.company import Company

METHODS = ("GET", "POST", "PUT")
RELATIONS = ("own", "team", "other", "outside", "absent")
ACTORS = (
    "", "agent", "lead", "lead3", "supervisor", "qa", "trainer", "panel", "hr", "finance", "auditor", "admin",
    "colleague", "former", "nobody",
)  # fmt: skip
"""Who tries: nobody signed in, an account of each role, one that stands in for personnel, one that did so until
yesterday, and one without role or person."""


ASKS_FOR_MORE = {("targets-mine", "POST")}
"""Addresses without arguments that find what they work on in what is posted: nothing posted, nothing found."""
LEADS_TO_SIGN_IN = {"account_logout", "mfa_authenticate"}
"""Signing out, and the code of somebody who has not given a password yet."""


class _Nobody:
    """Nobody sees what does not exist."""

    def __call__(self, user: User, right: str) -> bool:
        return False


@dataclass(frozen=True)
class Case:
    """One request and what must come of it: open, refused (404), method (405) or sign-in (302)."""

    rule: Rule
    method: str
    relation: str
    url: str
    sent: str
    expected: str


@dataclass(frozen=True)
class Difference:
    """A request that came out otherwise."""

    actor: str
    case: Case
    found: str

    def __str__(self) -> str:
        case = self.case
        return (
            f"{self.actor or 'anonymous'} {case.method} {case.rule.name} ({case.relation}): "
            f"expected {case.expected}, found {self.found}"
        )


def prepare(company: Company) -> None:
    """Add to the company who is needed beside its roles."""
    today = timezone.localdate()
    company.add_person("former", "傅以前", "one")
    company.add_user("former")
    company.add_user("nobody", "无角色")
    for short, last in (("colleague", today), ("former", today - timedelta(days=1))):
        Delegation.objects.create(
            absent=company.users["hr"], delegate=company.users[short], first_day=last - timedelta(days=9), last_day=last
        )


def person_of(company: Company, actor: str, relation: str) -> Person | None:
    """Return the person that stands in the relation to the acting account."""
    user = company.users.get(actor)
    own = user.person if user else None
    team = own.assignments.get().team if own else company.teams["one"]
    if relation == "own":
        return own
    for person in sorted(company.people.values(), key=lambda each: (not each.key.startswith("K-agent"), each.key)):
        theirs = person.assignments.get().team
        same = "team" if theirs == team else "other" if theirs.department == team.department else "outside"
        if person != own and same == relation:
            return person
    return None


def cases(company: Company, actor: str, rules: list[Rule] | None = None) -> Iterator[Case]:
    """Yield what the actor tries."""
    user = company.users.get(actor)
    people = {relation: person_of(company, actor, relation) for relation in RELATIONS if relation != "absent"}
    for rule in rules if rules is not None else table():
        for relation in RELATIONS if "<" in rule.pattern else ("",):
            found = _address(company, rule, people.get(relation), relation)
            if found is None:
                continue
            url, sent, sees = found
            # A method that no rule names is refused before anybody asks what stands behind: trying it once is enough.
            for method in METHODS if relation in ("", "absent") else METHODS[:2]:
                yield Case(rule, method, relation, url, sent, expected(user, rule.rights, method, sees))


def _address(company: Company, rule: Rule, person: Person | None, relation: str) -> tuple[str, str, Sees | None] | None:
    if not relation:
        return reverse(rule.name), "", None
    if relation == "absent":
        return None if rule.name in ALWAYS_THERE else ("/" + absent_path(rule.pattern), "", _Nobody())
    maker = SUBJECTS.get(rule.name)
    if maker is None or person is None or (subject := maker(company, person)) is None:
        return None
    return reverse(rule.name, kwargs=dict(subject.kwargs)), urlencode(subject.sent), subject.sees


def absent_path(pattern: str) -> str:
    """Return the address of something that does not exist."""
    parts = []
    for part in pattern.replace(">", "<").split("<"):
        kind = part.split(":")[0]
        parts.append({"int": "999999999", "str": "absent", "slug": "absent"}[kind] if ":" in part else part)
    return "".join(parts)


def expected(user: User | None, rights: Mapping[str, str], method: str, sees: Sees | None) -> str:
    """Return what must come of a request."""
    right = rights.get(method, "")
    if user is None:
        if "public" not in rights.values():
            return "sign-in"
        if right == "public":
            return "open" if sees is None or not isinstance(sees, _Nobody) else "refused"
        return "sign-in" if right else "method"
    if not any(may(user, each) for each in rights.values()):
        return "refused"
    if not right:
        return "method"
    if not may(user, right):
        return "refused"
    return "open" if sees is None or sees(user, right) else "refused"


def outcome(client: Client, case: Case) -> str:
    """Make the request, undo what it did, and return what came of it."""
    cookies = dict(client.cookies)
    with transaction.atomic():
        address = f"{case.url}?{case.sent}" if case.sent and case.method == "GET" else case.url
        response = client.generic(case.method, address, case.sent, "application/x-www-form-urlencoded")
        transaction.set_rollback(True)
    client.cookies.clear()
    client.cookies.update(cookies)
    if response.status_code == 302 and response.headers["Location"].startswith("/sign-in/"):
        # An open address may lead there too: signing out does.
        return "open" if case.rule.name in LEADS_TO_SIGN_IN and case.expected == "open" else "sign-in"
    return {404: "refused", 405: "method"}.get(response.status_code, "open" if response.status_code < 500 else "error")


def differences(company: Company, actor: str, rules: list[Rule] | None = None) -> tuple[int, list[Difference]]:
    """Try everything as one actor; return how many requests that were and which came out otherwise."""
    client = Client()
    if actor:
        client.force_login(company.users[actor])
        # As if just signed in with a password: grave acts are not asked to prove it again.
        session = client.session
        session["account_authentication_methods"] = [{"method": "password", "at": time.time()}]
        session["account_authentication_methods_user"] = str(company.users[actor].pk)
        session.save()
    tried = 0
    wrong = []
    for case in cases(company, actor, rules):
        tried += 1
        try:
            found = outcome(client, case)
        except Exception as error:  # a view that breaks is a difference, with its name
            found = f"{type(error).__name__}: {error}"[:200]
        if (case.rule.name, case.method) in ASKS_FOR_MORE and (found, case.expected) == ("refused", "open"):
            continue
        # Nothing but a missing right or object may hide a page; a refused form is an answer.
        if found != case.expected:
            wrong.append(Difference(actor, case, found))
    return tried, wrong


def roles_tried() -> set[str]:
    """Return the roles that some actor has."""
    return {str(role) for role in Role} - {"agent"}
