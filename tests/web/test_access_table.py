"""The access table: every address has its rule, every rule holds, and every check that is taken away is noticed."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import Q
from django.template.backends.django import Template
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, path
from django.urls.resolvers import RegexPattern
from django.utils.safestring import SafeString

from meritdesk.web.access import gate, queries, reach, rights
from meritdesk.web.access.models import Delegation, RoleGrant, User
from meritdesk.web.access.reach import Reach
from meritdesk.web.access.routes import Rule, rights_of, route, table
from meritdesk.web.jobs import views as job_views
from meritdesk.web.jobs.models import Job
from meritdesk.web.people import reach as people_reach
from tests.house.access_reference import access_reference
from tests.web import access_matrix
from tests.web.access_matrix import ACTORS, absent_path, differences, prepare
from tests.web.access_subjects import ABSENT_ONLY, SUBJECTS
from tests.web.company import Company

Property = Callable[[str, object], None]


@pytest.fixture
def prepared(company: Company) -> Company:
    prepare(company)
    return company


def views_of(patterns: list[Any]) -> list[Any]:
    """Return every view of the configuration, walked apart from `routes.table`."""
    found: list[Any] = []
    for entry in patterns:
        found += views_of(entry.url_patterns) if isinstance(entry, URLResolver) else [entry]
    return found


def test_every_address_has_a_rule_and_every_rule_an_address() -> None:
    """Both ways, no name twice, no regular expressions."""
    entries = views_of(get_resolver().url_patterns)
    assert len(entries) == len(table())
    assert [entry.name for entry in entries if not rights_of(entry.callback)] == []
    names = [rule.name for rule in table()]
    assert sorted(names) == sorted(set(names))
    assert not any(isinstance(entry.pattern, RegexPattern) for entry in entries)
    for rule in table():
        match = get_resolver().resolve("/" + absent_path(rule.pattern))
        assert match.view_name == rule.name


def test_an_address_without_rule_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: a plain `path` has no rights, and nobody gets through to it."""
    plain = path("plain/", lambda request: None, name="plain")  # type: ignore[arg-type,return-value]
    assert isinstance(plain, URLPattern)
    monkeypatch.setattr(get_resolver(), "url_patterns", [*get_resolver().url_patterns, plain])
    assert [rule.name for rule in table() if not rule.rights] == ["plain"]


def test_every_right_is_used_or_waits_for_its_page() -> None:
    """No rule names a right that does not exist; `route` refuses it."""
    with pytest.raises(ValueError, match="no right is called"):
        route("x/", lambda request: None, name="x", GET="people.reed")  # type: ignore[arg-type,return-value]


def without_subject() -> list[Rule]:
    """Return the addresses with arguments of which nobody said what stands behind them."""
    return [rule for rule in table() if "<" in rule.pattern and rule.name not in {*SUBJECTS, *ABSENT_ONLY}]


def test_every_address_with_arguments_has_a_subject() -> None:
    """Who adds an address says what stands behind it (tests/web/access_subjects.py)."""
    wanting = [rule.name for rule in without_subject()]
    assert not wanting, f"no subject in tests/web/access_subjects.py: {', '.join(wanting)}"
    names = {rule.name for rule in table()}
    assert {*SUBJECTS, *ABSENT_ONLY} <= names, "subjects of addresses that are gone"


@pytest.fixture
def unrendered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the pages empty: who gets one is decided before it is written, and writing is most of the time."""
    monkeypatch.setattr(Template, "render", lambda self, context=None, request=None: SafeString(""))


def check_everything(company: Company, actor: str, note: Property) -> None:
    tried, wrong = differences(company, actor)
    note("requests", tried)
    assert not wrong, f"{len(wrong)} of {tried} differ:\n" + "\n".join(map(str, wrong))


@pytest.mark.parametrize("actor", ACTORS, ids=lambda actor: actor or "anonymous")
@pytest.mark.usefixtures("unrendered")
def test_every_request_comes_out_as_the_table_says(prepared: Company, actor: str, record_property: Property) -> None:
    """Address × method × relation for one account."""
    check_everything(prepared, actor, record_property)


@pytest.mark.long
@pytest.mark.parametrize("actor", ACTORS, ids=lambda actor: actor or "anonymous")
def test_every_page_is_written_for_who_may_see_it(prepared: Company, actor: str, record_property: Property) -> None:
    """The same with the pages written."""
    check_everything(prepared, actor, record_property)


def test_forbidden_and_absent_look_the_same(prepared: Company) -> None:
    """Same status, same headers but the number of the request, same body but the address one asked for."""
    client = Client()
    client.force_login(prepared.users["lead"])
    there, gone = f"/people/{prepared.people['agent3'].pk}/", "/people/999999999/"
    account, audit, nothing = f"/accounts/{prepared.users['agent'].pk}/", "/audit/", "/no-such-page/"

    def seen(url: str) -> tuple[int, str, list[tuple[str, str]]]:
        response = client.get(url)
        body = re.sub(r'(csrfmiddlewaretoken" value=|x-csrftoken": ")[^ >]+', "", response.content.decode())
        kept = [(name, value) for name, value in response.items() if name not in ("X-Request-Id", "Content-Length")]
        return response.status_code, body.replace(url, ""), kept

    assert seen(there)[0] == 404
    assert seen(there) == seen(gone) == seen(account) == seen(audit) == seen(nothing)


# ---- checks taken away -----------------------------------------------------------------------------------------------

ALL = Reach(everybody=True)
TRIED = {
    "home", "accounts", "account", "account-close", "audit", "delegations", "delegation-end", "job", "people", "person",
    "person-edit", "people-team", "organisation", "search",
}  # fmt: skip
"""The addresses that the negative controls try: enough to notice, few enough to be quick."""


def _no_gate(patch: pytest.MonkeyPatch) -> None:
    def through(request: Any, view: Any) -> None:
        request.passed, request.right = view, view.rights.get(request.method, "")

    patch.setattr("meritdesk.web.access.middleware.refusal", through)
    patch.setattr("meritdesk.web.access.routes.refusal", through)


def _own_without_person(patch: pytest.MonkeyPatch) -> None:
    real = reach.has_right
    patch.setattr(gate, "has_right", lambda user, right: rights.RIGHTS[right].own or real(user, right))


def _any_role(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(gate, "has_right", lambda user, right: bool(reach.roles_of(user)))


def _wide_team(patch: pytest.MonkeyPatch) -> None:
    real = reach.reach

    def wide(user: User, right: str) -> Reach:
        found = real(user, right)
        departments = RoleGrant.objects.filter(team__in=found.teams).values_list("team__department", flat=True)
        return Reach(found.everybody, found.departments | frozenset(departments), found.teams, found.own)

    patch.setattr(people_reach, "reach", wide)


def _methods(patch: pytest.MonkeyPatch) -> None:
    real = gate.refusal

    def lax(request: Any, view: Any) -> Any:
        refused = real(request, view)
        return None if refused is not None and refused.status_code == 405 else refused

    patch.setattr("meritdesk.web.access.middleware.refusal", lax)


def _old_delegations(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(reach, "absent_users", lambda user: list(user.stands_in_for.values_list("absent", flat=True)))


def _lent_to_nobody(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(reach, "absent_users", lambda user: [])


def _any_door(patch: pytest.MonkeyPatch, name: str) -> None:
    from django.shortcuts import get_object_or_404

    from meritdesk.web.people import models
    from meritdesk.web.people.queries import organisation

    model = {"access_person": models.Person, "access_team": models.Team, "access_assignment": models.Assignment}[name]

    def door(user: User, right: str, pk: int) -> Any:
        return get_object_or_404(model, pk=pk)

    real = getattr(organisation, name)
    for place, module in list(sys.modules.items()):
        if place.startswith("meritdesk.web.people") and getattr(module, name, None) is real:
            patch.setattr(module, name, door)


REMOVED: dict[str, tuple[str, Callable[[pytest.MonkeyPatch], None]]] = {
    # what is taken away: (who notices, how)
    "the gate": ("agent", _no_gate),
    "sign-in": ("", _no_gate),
    "rights of roles": ("agent", lambda p: p.setattr(gate, "has_right", lambda user, right: True)),
    "which role": ("qa", _any_role),
    "own only with a person": ("nobody", _own_without_person),
    "methods": ("admin", _methods),
    "right of the method": (
        "lead", lambda p: p.setattr(gate, "_may", lambda user, right: right != "accounts.manage"),
    ),
    "end of a delegation": ("former", _old_delegations),
    "delegation at all": ("colleague", _lent_to_nobody),
    "reach of a team lead": ("lead", lambda p: p.setattr(people_reach, "reach", lambda user, right: ALL)),
    "reach of a team": ("lead", _wide_team),
    "reach of a department": (
        "supervisor", lambda p: p.setattr(people_reach, "person_filter", lambda scope, day: Q()),
    ),
    "door of accounts": (
        "admin", lambda p: p.setattr(queries, "access_account", lambda user, pk: User(pk=pk, username="x")),
    ),
    "door of delegations": (
        "agent", lambda p: p.setattr(queries, "visible_delegations", lambda user: Delegation.objects.all()),
    ),
    "door of delegations, borrowed role": (
        "colleague", lambda p: p.setattr(queries, "arranged_for", lambda user: Q(person__isnull=False)),
    ),
    "door of jobs": (
        "agent", lambda p: p.setattr(job_views, "access_job", lambda user, pk: Job.objects.get(pk=pk)),
    ),
    "door of people": ("lead", lambda p: _any_door(p, "access_person")),
    "door of teams": ("supervisor", lambda p: _any_door(p, "access_team")),
}  # fmt: skip


@pytest.mark.parametrize("removed", REMOVED)
@pytest.mark.usefixtures("unrendered")
def test_a_check_taken_away_is_noticed(prepared: Company, monkeypatch: pytest.MonkeyPatch, removed: str) -> None:
    """Negative controls: the matrix finds each of these."""
    actor, take_away = REMOVED[removed]
    rules = [rule for rule in table() if rule.name in TRIED]
    _tried, before = differences(prepared, actor, rules)
    take_away(monkeypatch)
    _tried, wrong = differences(prepared, actor, rules)
    assert not before
    assert wrong


@pytest.mark.parametrize(
    ("right", "roles"),
    [("people.write", {"hr", "team_lead"}), ("audit.read", {"auditor", "administrator"}), ("cycles.run", set())],
)
def test_a_right_changed_is_noticed(monkeypatch: pytest.MonkeyPatch, right: str, roles: set[str]) -> None:
    """Negative control: other roles under a right make the printed table out of date."""
    before = access_reference()
    changed = rights.Right(title=rights.RIGHTS[right].title, roles=frozenset(rights.Role(role) for role in roles))
    monkeypatch.setitem(rights.RIGHTS, right, changed)
    assert access_reference() != before


@pytest.mark.parametrize(
    ("name", "weaker"), [("audit", "signed-in"), ("accounts", "people.read"), ("person", "public")]
)
def test_a_rule_changed_is_noticed(monkeypatch: pytest.MonkeyPatch, name: str, weaker: str) -> None:
    """Negative control: another right on an address makes the printed table out of date."""
    before = access_reference()
    view = next(entry.callback for entry in views_of(get_resolver().url_patterns) if entry.name == name)
    monkeypatch.setitem(view.rights, "GET", weaker)
    assert access_reference() != before


def test_enough_checks_were_taken_away() -> None:
    """At least 20, and every role was tried."""
    assert len(REMOVED) + 3 + 3 >= 20
    assert access_matrix.roles_tried()
