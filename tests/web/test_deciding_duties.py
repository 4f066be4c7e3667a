"""Whose hands are tied beyond the plain cases: limited grants, own previews, decisions that wait, and who approved."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from meritdesk.web.access.delegation_actions import do_arrange_delegation
from meritdesk.web.access.models import RoleGrant, User
from meritdesk.web.access.queries import visible_delegations
from meritdesk.web.access.rights import Role
from meritdesk.web.cycles import triggers
from meritdesk.web.cycles.actions import appeals, calibration
from meritdesk.web.cycles.inputs import digest
from meritdesk.web.cycles.integrity import verify_cycles
from meritdesk.web.cycles.models import CalibrationCase, PanelReview, RatingForm, Result
from meritdesk.web.home.queries.own_data.copy import own_data
from meritdesk.web.ui.formats import score
from tests.web import cycle_company_late as late
from tests.web.cycle_company import Centre, build_cycle, fill_forms
from tests.web.test_deciding_pages import make_apart
from tests.web.test_deciding_rules import AGENT, OTHER, approve, correct, file_appeal, refused, trial

SignIn = Callable[[User], Client]
BETTER = {"csat": 500, "complaints": 500, "fcr": 500, "first_response": 500}
WORSE = {"standards": 100, "problem_solving": 100}


def grant(centre: Centre, name: str, *roles: Role, team_of: str = "") -> User:
    """Give an account roles, for a team or for all, and return it as its next request sees it."""
    user, _made = User.objects.get_or_create(username=name, defaults={"name": name})
    team = late.appraisal(centre, team_of).team if team_of else None
    for role in roles:
        RoleGrant.objects.create(user=user, role=role, team=team)
    return User.objects.get(pk=user.pk)


def test_a_grant_for_a_team_runs_no_cycle_of_the_department(signed_in: SignIn, settings: Settings) -> None:
    """HR and panel of one team see and do nothing to the other teams of a department's cycle."""
    settings.MFA_REQUIRED = False
    centre = build_cycle("reviewing")
    client = signed_in(grant(centre, "of-a-team", Role.HR, Role.PANEL, team_of=AGENT))
    base, run = f"/cycles/{centre.cycle.pk}/", late.fresh(centre).run
    assert run is not None
    for page in ("setup", "raters", "roster", "data", "publish", "close", "invitations"):
        assert client.get(f"{base}{page}/").status_code == 404, page
    sent = {"act": "approve", "run": run.pk, "once": late.once()}
    assert client.post(f"{base}review/", sent).status_code == 404
    assert not PanelReview.objects.exists()
    seen = client.get(f"{base}review/").content.decode()
    assert AGENT in seen
    assert "A0101" not in seen
    assert "A0101" not in client.get(f"{base}anomalies/").content.decode()
    everywhere = signed_in(centre.hr)
    assert everywhere.get(f"{base}roster/").status_code == 200
    assert "A0101" in everywhere.get(f"{base}review/").content.decode()


def test_nobody_sees_ones_own_preview(signed_in: SignIn) -> None:
    """A panel member in the cycle sees neither the ratings that differ about them nor their own figures."""
    centre = build_cycle("rating")
    fill_forms(centre.cycle)
    make_apart(centre)
    late.calibrate(centre)
    client, base = signed_in(grant(centre, AGENT, Role.PANEL)), f"/cycles/{centre.cycle.pk}/"
    own = CalibrationCase.objects.filter(appraisal__person__key=AGENT)
    assert own.exists(), "nothing to keep out: the test proves nothing"
    listed = client.get(f"{base}calibration/").content.decode()
    assert not any(f"/calibration/{case.pk}/" in listed for case in own)
    assert not any(str(score(case.first_total)) in listed for case in own)
    late.submit_review(centre)
    result = Result.objects.get(run=late.fresh(centre).run, appraisal__person__key=AGENT)
    reviewed = client.get(f"{base}review/").content.decode()
    assert AGENT not in reviewed
    assert str(score(result.total)) not in reviewed
    assert OTHER in reviewed


def test_a_correction_that_waits_counts_for_nothing() -> None:
    """Proposed to somebody's disfavour, it does not lower what an appeal brings; approved afterwards, it is stale."""
    centre = build_cycle("published")
    before = digest(late.fresh(centre))
    waiting = correct(centre, "H01", OTHER, WORSE)
    assert waiting.state == "proposed"
    assert digest(late.fresh(centre)) == before
    appeal = file_appeal(centre, OTHER)
    tried = trial(centre, "P01", OTHER, BETTER, "核实")
    outcome = next(o for o in tried.computed.results.appraisals if o.person == OTHER)
    points = {i.id: i.points for s in outcome.segments for d in s.dimensions for i in d.indicators}
    assert points["standards"] != 1
    appeals.do_decide_appeal(
        acting_user=centre.users["P01"], appeal=appeal, uphold=True, answer="核实", version=1, trial=tried,
        once=late.once(),
    )  # fmt: skip
    assert refused(lambda: approve(centre, "H02", waiting)) == "result-changed"
    approve(centre, "H02", waiting, agree=False)
    assert late.appraisal(centre, OTHER).state == "upheld"


def test_who_approved_a_correction_does_not_hear_the_appeal_against_it() -> None:
    """A9: neither who proposed nor who approved it; and once approved, it counts."""
    centre = build_cycle("published")
    before = digest(late.fresh(centre))
    for name in ("P01", "H01"):
        centre.users[name] = grant(centre, name, Role.HR if name == "P01" else Role.PANEL)
    approve(centre, "P01", correct(centre, "H01", OTHER, WORSE))
    assert digest(late.fresh(centre)) != before
    appeal = file_appeal(centre, OTHER)
    assert appeals.why_not(centre.users["P01"], appeal)
    assert appeals.why_not(centre.users["H01"], appeal)
    assert not appeals.why_not(centre.users["H02"], appeal)


def test_an_account_without_a_person_does_not_judge_what_it_handed_in() -> None:
    """Who stood in for a rater is no judge of the case, also with no post in the company."""
    centre = build_cycle("rating")
    fill_forms(centre.cycle)
    make_apart(centre)
    late.calibrate(centre)
    case = CalibrationCase.objects.filter(appraisal__person__key=AGENT)[0]
    outsider = grant(centre, "outsider", Role.PANEL)
    calibration.refuse_partial(outsider, case)
    RatingForm.objects.filter(pk=calibration.forms_of(case)[0].pk).update(submitted_by=outsider)
    assert refused(lambda: calibration.refuse_partial(outsider, case)) == "own-rating"


def test_the_copy_of_ones_data_does_not_tell_when_raters_wrote() -> None:
    """Time and order of others' acts would tell who an anonymous rater is; one's own acts are listed."""
    from meritdesk.web.cycles.actions.rating import do_save_rating_item
    from meritdesk.web.cycles.queries.rubric import rubric_for

    centre = build_cycle("rating")
    forms = RatingForm.objects.filter(appraisal__person__key=AGENT, rater__isnull=False).select_related(
        "appraisal__cycle__scheme_version__scheme", "rater__user", "appraisal__person"
    )
    for form in forms:
        assert form.rater is not None
        do_save_rating_item(
            form, rubric_for(form)[0].id, level=3, score=None, remark="x", version=form.version,
            acting_user=form.rater.user,
        )  # fmt: skip
    acts = [row["action"] for row in own_data(centre.users[AGENT])["access.AuditEntry"]]
    assert "appraisal.open" in acts
    assert "rating.save" not in acts
    assert "rating.save" in [row["action"] for row in own_data(centre.users["Q01"])["access.AuditEntry"]]


@pytest.mark.parametrize("path", ["/cycles/{n}/", "/cycles/{n}/indicators/csat/", "/cycles/ratings/{n}/", "/jobs/{n}/"])
def test_a_number_beyond_every_database_is_no_page(signed_in: SignIn, path: str) -> None:
    """Such an address is one that does not exist, not an error of the server."""
    centre = build_cycle("rating", data=False)
    assert signed_in(centre.hr).get(path.format(n=10**30)).status_code == 404


def test_a_strange_way_back_from_the_language_is_no_error(client: Client) -> None:
    """What is sent as the way back is an address or nothing; never the name of a view."""
    answer = client.post("/language/", {"language": "en", "next": "2025-13-45"})
    assert answer.status_code == 302


@pytest.fixture
def decided() -> Centre:
    """Return a published cycle with a signature, an upheld appeal, and ratings that were handed in by the act."""
    from meritdesk.web.cycles.actions import signing
    from meritdesk.web.cycles.actions.rating import do_submit_rating_form

    centre = build_cycle("rating")
    fill_forms(centre.cycle)
    form = RatingForm.objects.filter(rater__key="Q01").select_related("rater__user", "appraisal__cycle")[0]
    RatingForm.objects.filter(pk=form.pk).update(state="open")
    do_submit_rating_form(form, version=form.version, once=late.once(), acting_user=centre.users["Q01"])
    late.advance(centre, "published")
    correct(centre, "H01", "A0101", BETTER)
    appeal = file_appeal(centre)
    appeals.do_decide_appeal(
        acting_user=centre.users["P01"], appeal=appeal, uphold=True, answer="核实", version=1,
        trial=trial(centre, "P01", AGENT, BETTER, "核实"), once=late.once(),
    )  # fmt: skip
    signing.do_witness(
        acting_user=centre.users["L01"], appraisal=late.appraisal(centre, OTHER), refused=True, remark="当面拒签",
        once=late.once(),
    )  # fmt: skip
    return centre


TAMPERINGS = (
    "UPDATE cycles_signature SET remark = 'x'",
    "UPDATE cycles_signature SET by_id = by_id + 1",
    "UPDATE cycles_appeal SET answer = 'x'",
    "UPDATE cycles_appeal SET grounds = 'x'",
    "UPDATE cycles_appeal SET state = 'rejected'",
    "UPDATE cycles_appeal SET decider_id = decider_id + 1",
    "UPDATE cycles_appraisal SET state = 'signed' WHERE state = 'unsigned'",
    "UPDATE cycles_appraisal SET state = 'appealing' WHERE state = 'interview'",
    "UPDATE cycles_correction SET reason = 'x'",
    "UPDATE cycles_correction SET total_difference = total_difference + 1",
    "UPDATE cycles_correction SET approved_by_id = (SELECT max(id) FROM access_user) WHERE approved_by_id IS NULL",
    "UPDATE cycles_adjustment SET score = score + 1",
    "UPDATE cycles_adjustment SET decided_by_id = decided_by_id + 1",
    "UPDATE cycles_ratingitem SET level = 6 - level WHERE level <> 3",
)


def test_decisions_and_ratings_changed_in_the_database_are_found(decided: Centre) -> None:
    """Behind the triggers' back: each change of a decision, a signature or a rating handed in is found."""
    assert not verify_cycles()
    triggers.remove(connection)
    with connection.cursor() as cursor:
        for statement in TAMPERINGS:
            point = transaction.savepoint()
            cursor.execute(statement)
            assert cursor.rowcount > 0, statement
            found = {problem.code for problem in verify_cycles()} - {"trigger-missing"}
            transaction.savepoint_rollback(point)
            assert found, statement
    assert {problem.code for problem in verify_cycles()} == {"trigger-missing"}


def test_a_cycle_is_opened_once(signed_in: SignIn) -> None:
    """Opened again, also with the version it has now, it says in which state it is."""
    centre = build_cycle("open", data=False)
    sent = {"version": late.fresh(centre).version, "once": late.once()}
    assert signed_in(centre.hr).post(f"/cycles/{centre.cycle.pk}/open/", sent).status_code == 422


def test_hr_of_a_team_arranges_no_absence_elsewhere() -> None:
    """A grant for a team arranges absences there: whose role reaches further is not lent by it."""
    centre = build_cycle("open", data=False)
    limited = grant(centre, "of-a-team", Role.HR, team_of=AGENT)
    today = timezone.localdate()

    def arrange(acting: User, absent: str) -> object:
        return do_arrange_delegation(
            acting_user=acting, absent=centre.users[absent], delegate=centre.users["Q01"], first_day=today,
            last_day=today,
        )  # fmt: skip

    assert refused(lambda: arrange(limited, "P01")) == "out-of-reach"
    assert refused(lambda: arrange(limited, "A0101")) == "out-of-reach"
    arrange(limited, AGENT)
    arrange(centre.hr, "P01")
    seen = {each.absent.username for each in visible_delegations(limited)}
    assert seen == {AGENT}
    assert {each.absent.username for each in visible_delegations(centre.hr)} == {AGENT, "P01"}
