"""The home page: what each has to do in every state of a cycle, with few queries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from meritdesk.web.access.actions import action, record
from meritdesk.web.access.models import User
from meritdesk.web.access.queries import people_without_account
from meritdesk.web.access.rights import Role
from meritdesk.web.cycles.models import Cycle
from meritdesk.web.home.queries.work import todo
from meritdesk.web.home.queries.work.figures import HEIGHT, course
from meritdesk.web.people.models import Department
from tests.web.company import Company
from tests.web.conftest import Counter
from tests.web.cycle_company import advance, build_centre, build_cycle
from tests.web.results_company import earlier, published
from tests.web.schemes_company import make_draft, submit

SignIn = Callable[[User], Client]

# state of the cycle → account → how what it has to do begins
EXPECTED: Mapping[str, Mapping[str, set[str]]] = {
    "draft": {"H01": {"开始考核"}, "A0001": set(), "P01": set()},
    "open": {"H01": {"收集数据"}, "A0001": set(), "M01": set()},
    "collecting": {"A0001": {"填写自评"}, "L01": {"填写自评"}, "Q01": set()},
    "rating": {
        "A0001": {"填写自评"}, "L01": {"填写自评", "完成"}, "Q01": {"完成"}, "H01": {"完成", "催交"}, "M01": {"完成"},
    },
    "calibrating": {"A0001": set(), "Q01": set()},
    "reviewing": {"P01": {"复核结果"}, "A0001": set(), "L01": set()},
    "published": {"M01": {"和"}, "L01": {"和"}, "A0001": {"看考核结果"}, "auditor": set()},
    "closed": {"H01": {"归档"}, "A0001": set(), "L01": set()},
    "archived": {"H01": set(), "A0001": set()},
}  # fmt: skip


@pytest.mark.parametrize("state", EXPECTED)
def test_home_says_what_to_do(state: str, signed_in: SignIn, count_queries: Counter) -> None:
    """Everybody's page opens with at most 15 queries, and says what is theirs to do, with a page to do it on."""
    centre = build_cycle(state)
    for name in ("A0001", "L01", "M01", "Q01", "H01", "H02", "P01", "auditor"):
        client = signed_in(centre.users[name])
        client.get("/")
        with count_queries(15):
            answer = client.get("/")
        assert answer.status_code == 200
        todos = answer.context["todos"]
        for one in todos:
            assert one.url != "/", f"{name}: {one.title} has no page"
            assert client.get(one.url).status_code in (200, 302), (name, one.title, one.url)
        if name in EXPECTED[state]:
            missing = [start for start in EXPECTED[state][name] if not any(t.title.startswith(start) for t in todos)]
            assert not missing, (name, missing, [t.title for t in todos])
            assert len(todos) >= len(EXPECTED[state][name])
            assert EXPECTED[state][name] or not todos, (name, [t.title for t in todos])


def test_the_agent_signs_and_is_done(signed_in: SignIn) -> None:
    """While the sign-off waits it stands on the list, with its day; afterwards it is gone."""
    centre = published()
    earlier(centre, 3)
    client = signed_in(centre.users["A0001"])
    answer = client.get("/")
    (waiting,) = answer.context["todos"]
    assert waiting.title == "确认考核结果"
    assert waiting.due is not None
    figures = {str(figure.title): figure for figure in answer.context["figures"]}
    assert figures["最近总分"].course
    assert "较上期" in figures["最近总分"].note
    centre.cycle.appraisals.filter(person=centre.people["A0001"]).update(state="signed")
    assert client.get("/").context["todos"] == []


def test_what_is_late_comes_first(signed_in: SignIn) -> None:
    """By deadline; what has none comes last."""
    centre = build_cycle("rating")
    today = timezone.localdate()
    Cycle.objects.filter(pk=centre.cycle.pk).update(rating_due=today - timedelta(days=1), self_due=today)
    todos = signed_in(centre.users["L01"]).get("/").context["todos"]
    assert [one.late for one in todos] == sorted((one.late for one in todos), reverse=True)
    assert todos[0].late
    assert any(one.soon for one in todos)
    plain = todo.Todo(title="", why="", act="", url="/")
    assert todo.in_order([plain, todos[0]]) == [todos[0], plain]


def test_the_first_steps_of_a_new_company(signed_in: SignIn, count_queries: Counter) -> None:
    """HR is led to the first cycle step by step; once one is opened, the steps are gone."""
    hr = User.objects.create(username="hr1", name="何人事")
    hr.grants.create(role=Role.HR)
    client = signed_in(hr)

    def states() -> list[str]:
        return [step.state for step in client.get("/").context["steps"]]

    assert states() == ["now", "open", "open", "open"]
    page = client.get("/").content.decode()
    assert "/people/import/" in page
    assert "都办完了" not in page
    centre = build_centre()
    assert states() == ["done", "done", "done", "done"]
    User.objects.filter(username="A0001").update(person=None)
    assert states() == ["done", "done", "done", "now"]
    with count_queries(15):
        client.get("/")
    centre.cycle.refresh_from_db()
    advance(centre, "open", data=False)
    assert states() == []
    assert signed_in(centre.users["L01"]).get("/").context["steps"] == []


def test_the_administrator_opens_accounts_for_people(company: Company, signed_in: SignIn) -> None:
    """People on post without an account are counted for who manages accounts."""
    todos = signed_in(company.users["admin"]).get("/").context["todos"]
    bare = people_without_account().count()
    assert [one.url for one in todos if one.title == f"{bare} 人还没有账号"] == ["/accounts/for-people/"] * bool(bare)
    User.objects.filter(person__isnull=False).exclude(pk=company.users["admin"].pk).update(person=None)
    todos = signed_in(company.users["admin"]).get("/").context["todos"]
    assert f"{people_without_account().count()} 人还没有账号" in [one.title for one in todos]


def test_the_administrator_sees_accounts_without_second_factor(company: Company, signed_in: SignIn) -> None:
    """As many as there are; only for who manages accounts."""
    bare = User.objects.filter(grants__role__in=[Role.HR, Role.FINANCE, Role.AUDITOR, Role.ADMINISTRATOR]).distinct()
    todos = signed_in(company.users["admin"]).get("/").context["todos"]
    assert f"{bare.count()} 个账号还没有两步验证" in [one.title for one in todos]
    assert signed_in(company.users["agent"]).get("/").context["todos"] == []


def test_schemes_wait_for_who_may_publish_them(company: Company, signed_in: SignIn) -> None:
    """Neither for who wrote in the version, nor for who may publish only schemes of another department."""
    hr, other = company.users["hr"], company.users["hr2"]
    version = submit(make_draft(company), hr)

    def waits(user: User) -> bool:
        return any(one.title.startswith("审核方案") for one in signed_in(user).get("/").context["todos"])

    @action
    def write(user: User) -> None:
        record(user, "scheme-edit", version)

    other.grants.filter(role=Role.HR).update(department=None, team=None)
    assert waits(other)
    other.grants.filter(role=Role.HR).update(department=Department.objects.create(name="别的部门"))
    assert not waits(other)
    other.grants.filter(role=Role.HR).update(department=None)
    write(other)
    assert not waits(other)
    assert not waits(hr)


def test_the_course_of_a_figure_fits_its_field() -> None:
    """Between 0 and 100, from the bottom to the top; no course for fewer than three."""
    points = [tuple(map(int, pair.split(","))) for pair in course([100, 300, 200]).split()]
    assert points == [(0, HEIGHT - 2), (50, 2), (100, HEIGHT - 2 - (HEIGHT - 4) // 2)]
    assert course([1, 2]) == ""
    assert len(course([5, 5, 5]).split()) == 3
