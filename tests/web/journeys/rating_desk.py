"""How raters work: one form of one person, or one indicator down the whole team."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from playwright.sync_api import expect

from meritdesk.web.cycles.models import Cycle, RatingForm, RatingItem
from tests.web.journeys.office import Visitor, wait_until

REMARK = "9月12日退款一事：两小时内协调仓库，当日闭环，客户复评5分。"


def _saved(form: int, indicator: str, level: int) -> bool:
    return RatingItem.objects.filter(form=form, indicator=indicator, level=level, remark=REMARK).exists()


def choose(rater: Visitor, form: int, indicator: str, level: int) -> None:
    """Choose a level and write a remark in the row of an indicator."""
    row = rater.page.locator(f"#item-{form}-{indicator}")
    row.locator(f'input[name=level][value="{level}"]').check(force=True)
    row.locator("textarea[name=remark]").fill(REMARK)


def judge(rater: Visitor, judgements: Sequence[tuple[int, str, int]]) -> None:
    """Judge one row after the other — form, indicator, level —, then wait until all is saved."""
    for form, indicator, level in judgements:
        choose(rater, form, indicator, level)
    for form, indicator, level in judgements:
        wait_until(partial(_saved, form, indicator, level))
    # Saved is what the page knows to be saved: only then does it carry the version that is handed in.
    rater.page.wait_for_function("() => !document.querySelector('form[data-changed], .htmx-request')")


def fill_form(rater: Visitor, form: RatingForm, levels: Mapping[str, int], shot: str = "") -> None:
    """Fill in a form and hand it in."""
    rater.go("rating-form", form.pk)
    if shot:
        expect(rater.page.locator("#evidence")).to_contain_text("本期数据")
        rater.shot(f"{shot}-empty")
    judge(rater, [(form.pk, indicator, level) for indicator, level in levels.items()])
    if shot:
        rater.shot(f"{shot}-filled")
    hand_in(rater, form)


def hand_in(rater: Visitor, form: RatingForm) -> None:
    """Hand in the form that is open."""
    rater.send("提交评分")
    form.refresh_from_db()
    assert form.state == RatingForm.State.SUBMITTED, rater.page.locator("main").inner_text()


def rate_team(rater: Visitor, cycle: Cycle, role: str, levels: Mapping[str, Mapping[str, int]], shot: str = "") -> None:
    """Rate indicator by indicator down the team: indicator → staff key → level; then hand in every form."""
    forms = {
        form.appraisal.person.key: form
        for form in RatingForm.objects.filter(
            appraisal__cycle=cycle, role=role, rater__key=rater.username
        ).select_related("appraisal__person")
    }
    for indicator, of_people in levels.items():
        rater.go("rating-team", cycle.pk, indicator, query=f"?role={role}")
        judge(rater, [(forms[person].pk, indicator, level) for person, level in of_people.items()])
        if shot:
            rater.shot(f"{shot}-{indicator}")
    for form in forms.values():
        rater.go("rating-form", form.pk)
        hand_in(rater, form)


def open_forms(cycle: Cycle, rater: str, role: str) -> list[RatingForm]:
    """Return what somebody still has to fill in, in order of staff key."""
    found = RatingForm.objects.filter(appraisal__cycle=cycle, rater__key=rater, role=role, state="open")
    return list(found.select_related("appraisal__person").order_by("appraisal__person__key"))
