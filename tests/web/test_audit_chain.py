"""The audit chain: whole when untouched, and every tampering found, the first bad entry named."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test import Client
from pytest_django import Settings

from meritdesk.web.access import chain, triggers
from meritdesk.web.access.actions import action, record
from meritdesk.web.access.chain import verify_chain
from meritdesk.web.access.models import AuditEntry, AuditHead, User
from tests.web import tampering
from tests.web.company import Company
from tests.web.conftest import Counter
from tests.web.tampering import KINDS, Tampering

ENTRIES = 24


@pytest.fixture(autouse=True)
def _anchor(settings: Settings, tmp_path: Path) -> None:
    settings.HOME = tmp_path


@action
def do_something(*, acting_user: User, number: int) -> None:
    """Leave an entry."""
    record(acting_user, "sign-in", acting_user, old={"n": number}, new={"n": number + 1}, person=f"K-{number % 5}")


@pytest.fixture
def chained(company: Company) -> Company:
    """Return the company with a chain of entries, and without the triggers, which a tamperer would take away first."""
    for number in range(ENTRIES):
        do_something(acting_user=company.users["agent"], number=number)
    return company


def found(kind: Tampering, seed: int) -> tuple[int, int]:
    """Tamper, check, undo; return the first bad entry as it is and as it was named (-1: not)."""
    with transaction.atomic():
        triggers.remove(connection)
        bad = kind(random.Random(seed), ENTRIES)
        triggers.install(connection)
        problems = verify_chain()
        transaction.set_rollback(True)
    named = re.search(r"\d+", problems[0].place) if problems else None
    return bad, int(named.group()) if named else -1


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_tampering_is_found_and_named(
    chained: Company, kind: Tampering, record_property: Callable[[str, object], None]
) -> None:
    """Ten of each kind, the first bad entry named."""
    wrong = [(seed, *pair) for seed in range(10) if (pair := found(kind, seed))[0] != pair[1]]
    record_property("checked", f"{kind.__name__}: 10 tamperings, {len(wrong)} not found or misnamed")
    assert not wrong


@pytest.mark.long
def test_a_thousand_tamperings(chained: Company, record_property: Callable[[str, object], None]) -> None:
    """1,020 at random, over all kinds."""
    wrong = [
        (kind.__name__, seed) for kind in KINDS for seed in range(100, 270) if (pair := found(kind, seed))[0] != pair[1]
    ]
    record_property("checked", f"{len(KINDS) * 170} tamperings, {len(wrong)} not found or misnamed")
    assert not wrong


def test_untouched_chains_raise_no_alarm(chained: Company) -> None:
    """Also empty, also while it grows; 30 checks, 0 alarms."""
    assert verify_chain(remember=True) == []
    for number in range(28):
        do_something(acting_user=chained.users["agent"], number=number)
        assert verify_chain(remember=number % 3 == 0) == []


def test_empty_chain_is_whole() -> None:
    """Nothing was done yet."""
    assert verify_chain() == []


def test_without_the_key_comparison_tampering_passes(chained: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: a checker that does not compute the hashes misses edits."""
    monkeypatch.setattr(chain, "entry_hash", lambda entry: entry.hash)
    missed = sum(bad != named for bad, named in (found(tampering.edit, seed) for seed in range(20)))
    assert missed > 10


def test_missing_triggers_are_told(chained: Company) -> None:
    """The guard in the database is part of the check."""
    triggers.remove(connection)
    assert {problem.code for problem in verify_chain()} == {"audit-guard-missing"}
    triggers.install(connection)


def test_an_older_database_is_told_from_the_anchor(chained: Company) -> None:
    """A whole copy of the past, head and all, is found by the anchor beside the database."""
    old_head = AuditHead.objects.values().get()
    for number in range(3):
        do_something(acting_user=chained.users["agent"], number=number)
    assert verify_chain(remember=True) == []
    triggers.remove(connection)
    tampering.run(f"DELETE FROM {triggers.TABLE} WHERE sequence > %s", old_head["sequence"])
    AuditHead.objects.filter(pk=1).update(**old_head)
    triggers.install(connection)
    problems = verify_chain()
    assert [problem.code for problem in problems] == ["audit-set-back"]
    assert str(ENTRIES + 1) in problems[0].place


def test_page_for_auditors(chained: Company, signed_in: Callable[[User], Client], count_queries: Counter) -> None:
    """Filters, pages of 50, values before and after, and the result of the check."""
    for number in range(60):
        do_something(acting_user=chained.users["lead"], number=number)
    auditor = signed_in(chained.users["auditor"])
    with count_queries(at_most=15):
        page = auditor.get("/audit/").content.decode()
    assert "还没有核对过" in page
    assert page.count('<td class="num">') == 50
    assert auditor.get("/audit/?page=2").content.decode().count('<td class="num">') == 34
    assert auditor.get("/audit/?actor=安小明").content.decode().count('<td class="num">') == 24
    assert auditor.get("/audit/?action=grant-role").content.decode().count('<td class="num">') == 0
    assert auditor.get("/audit/?person=K-1&actor=lead").content.decode().count('<td class="num">') == 12
    assert auditor.get("/audit/?from=2999-01-01&to=oops").content.decode().count('<td class="num">') == 0
    assert auditor.post("/audit/check/").status_code == 302
    assert "已核对到第 84 条，完整无改动" in auditor.get("/audit/").content.decode()
    triggers.remove(connection)
    AuditEntry.objects.filter(sequence=7).update(actor="x")
    triggers.install(connection)
    auditor.post("/audit/check/")
    assert "审计记录第 7 条" in auditor.get("/audit/").content.decode()


@pytest.fixture(autouse=True)
def _forget_the_last_check() -> Iterator[None]:
    from django.core.cache import cache

    cache.clear()
    yield
    cache.clear()
