"""Grave acts ask again who one is; what was posted goes on afterwards, through the gate once more."""

from __future__ import annotations

import time

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from pytest_django import Settings

from meritdesk.web import urls
from meritdesk.web.access.models import RoleGrant
from meritdesk.web.access.routes import route
from meritdesk.web.access.sign_in.step_up import step_up
from tests.web.company import PASSWORD, Company

done: list[str] = []


@step_up
def publish(request: HttpRequest) -> HttpResponse:
    done.append(request.POST.get("note", ""))
    return HttpResponse("published")


urlpatterns = [*urls.urlpatterns, route("grave/", publish, name="grave", POST="results.publish")]


@pytest.fixture
def grave(settings: Settings) -> str:
    """Return the address of a grave act."""
    done.clear()
    settings.ROOT_URLCONF = __name__
    return "/grave/"


def signed_in_some_time_ago(name: str, seconds: int) -> Client:
    client = Client()
    client.post("/sign-in/", {"login": name, "password": PASSWORD})
    session = client.session
    session["account_authentication_methods"][-1]["at"] = time.time() - seconds
    session.save()
    return client


def test_fresh_sign_in_is_proof_enough(company: Company, grave: str) -> None:
    """Within five minutes nobody is asked again."""
    assert signed_in_some_time_ago("hr", 200).post(grave, {"note": "a"}).content == b"published"


def test_later_the_password_is_asked_and_the_act_goes_on(company: Company, grave: str) -> None:
    """What was typed is not lost, and a wrong password does nothing."""
    client = signed_in_some_time_ago("hr", 400)
    asked = client.post(grave, {"note": "typed before"})
    assert asked.status_code == 302
    assert asked.headers["Location"].startswith("/me/confirm/")
    assert done == []
    assert "密码不对" in client.post(asked.headers["Location"], {"password": "wrong"}).content.decode()
    assert done == []
    answer = client.post(asked.headers["Location"], {"password": PASSWORD})
    assert answer.content == b"published"
    assert done == ["typed before"]
    assert client.post(grave, {"note": "b"}).content == b"published"


def test_the_gate_is_passed_again(company: Company, grave: str) -> None:
    """Who lost the right meanwhile gets nowhere by confirming."""
    client = signed_in_some_time_ago("hr", 400)
    asked = client.post(grave, {"note": "x"})
    RoleGrant.objects.filter(user=company.users["hr"]).delete()
    assert client.post(asked.headers["Location"], {"password": PASSWORD}).status_code == 404
    assert done == []
