"""The five open cycles of the demo, each where a team would stand today: collecting, rating, calibrating, published,
appealing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from meritdesk.web.cycles import engine
from meritdesk.web.cycles.actions.adjusting import Points, supposed
from meritdesk.web.cycles.actions.appeals import do_decide_appeal, do_file_appeal
from meritdesk.web.cycles.actions.corrections import Trial
from meritdesk.web.cycles.actions.notes import do_write_note
from meritdesk.web.cycles.actions.signing import do_witness
from meritdesk.web.cycles.deciding_jobs import keep_figures
from meritdesk.web.cycles.models import Appeal, Appraisal, Cycle
from meritdesk.web.cycles.packages import seal_run
from meritdesk.web.demo import clock, words
from meritdesk.web.demo.company import Staff
from meritdesk.web.demo.cycles import Play, once
from meritdesk.web.demo.scenes import scene

Stage = Callable[[Play, str, date, date], None]


def of_teams(staff: Staff) -> list[tuple[str, Stage]]:
    """Return each team with the stage of its open cycle."""
    teams = [name for name in staff.teams if name.endswith("组")]
    return list(zip(teams, (collecting, rating, calibrating, published, appealing), strict=True))


def collecting(play: Play, team: str, month: date, today: date) -> None:
    """Half of the self-appraisals are in; data is attached; notes of the month were kept."""
    _to_rating(play, team, month, today, self_days=2, stop=True)


def rating(play: Play, team: str, month: date, today: date) -> None:
    """Two thirds of the forms are handed in."""
    cycle = _to_rating(play, team, month, today, self_days=-1, stop=False)
    with scene(_before(today, 1), 10):
        keep_figures(play.hr, cycle, step=lambda text: None)
        play.rate(cycle, share=65)


def calibrating(play: Play, team: str, month: date, today: date) -> None:
    """All forms are in; one person was rated 90 by one and 70 by another."""
    cycle = _to_rating(play, team, month, today, self_days=-2, stop=False)
    agents = [a.person.key for a in play.appraisals(cycle) if a.position == "agent"]
    far_apart = {("superior", agents[1]): 5, ("qa", agents[1]): 3, ("superior", agents[4]): 2, ("qa", agents[4]): 4}
    with scene(_before(today, 2), 10):
        play.rate(cycle, changed=far_apart)
    with scene(_before(today, 1), 10):
        play.calibrate(cycle)


def published(play: Play, team: str, month: date, today: date) -> None:
    """Published two working days ago: some were interviewed, some have signed."""
    cycle = _to_published(play, team, month, today, days_ago=2)
    with scene(_before(today, 1), 10):
        play.interview(cycle, _before(today, 1), share=70, confirm=60)
    with scene(_before(today, 1), 15):
        play.sign(cycle, share=50)


def appealing(play: Play, team: str, month: date, today: date) -> None:
    """Published four working days ago; one appeal was upheld and corrected, one waits for its answer."""
    cycle = _to_published(play, team, month, today, days_ago=4)
    with scene(_before(today, 3), 10):
        play.interview(cycle, _before(today, 3))
    ready = [a for a in play.appraisals(cycle) if a.state == Appraisal.State.SIGN_OFF and a.position == "agent"]
    first, second = ready[0], ready[-1]
    with scene(_before(today, 3), 15):
        appeal = _file(play, first, words.GROUNDS[0], ["problem_solving"])
    with scene(_before(today, 2), 10):
        _uphold(play, appeal, first)
    with scene(_before(today, 2), 15):
        play.sign(cycle, share=60, but=(first.person.key, second.person.key))
    with scene(_before(today, 1), 9):
        _file(play, second, words.GROUNDS[1], ["standards"])


def witness_the_rest(play: Play, cycle: Cycle) -> None:
    """Note a refusal for everybody who did not sign because nobody could talk to them: they had left."""
    open_states = (Appraisal.State.INTERVIEW, Appraisal.State.SIGN_OFF)
    for appraisal in play.appraisals(cycle):
        if appraisal.state in open_states:
            do_witness(acting_user=play.hr, appraisal=appraisal, refused=True, remark=words.LEFT, once=once())


def _before(today: date, days: int) -> date:
    """Return the day that lies `days` working days before today."""
    day = today
    while days:
        day -= timedelta(days=1)
        days -= clock.working_day(day - timedelta(days=1), 1) == day
    return day


def _to_rating(play: Play, team: str, month: date, today: date, *, self_days: int, stop: bool) -> Cycle:
    """Take a team's cycle to rating, or (`stop`) leave it in collecting; `self_days` until self-appraisals are due."""
    last = clock.last_day(month)
    base = max(last, _before(today, 4))
    own = clock.working_day(today, self_days) if self_days > 0 else max(last, _before(today, -self_days))
    steps = [clock.working_day(own, n) for n in (3, 5)]
    due = {"self_due": own, "rating_due": steps[0], "review_due": steps[1]}
    with scene(clock.working_day(month - timedelta(days=1), 1), 10):
        cycle = play.begin(month, play.staff.teams[team], due)
    _notes(play, cycle, month)
    with scene(base, 9):
        play.collect(cycle)
        play.appraise_selves(cycle)
    if not stop:
        with scene(max(base, _before(today, 3)), 9):
            play.rate(cycle, share=0)
    return cycle


def _to_published(play: Play, team: str, month: date, today: date, *, days_ago: int) -> Cycle:
    """Take a team's cycle to publication some working days ago."""
    day = _before(today, days_ago)
    earlier = _before(today, days_ago + 2)
    with scene(clock.working_day(month - timedelta(days=1), 1), 10):
        cycle = play.begin(month, play.staff.teams[team])
    _notes(play, cycle, month)
    with scene(earlier, 9):
        play.collect(cycle)
        play.appraise_selves(cycle)
        play.rate(cycle)
    with scene(earlier, 15):
        computed = play.calibrate(cycle)
        play.settle(cycle)
        play.review(cycle)
    with scene(day, 9):
        play.publish(cycle, computed)
    return cycle


def _notes(play: Play, cycle: Cycle, month: date) -> None:
    """Let the lead keep a few notes through the month."""
    agents = [a for a in play.appraisals(cycle) if a.position == "agent" and a.superior]
    for number, (text, day) in enumerate(zip(words.NOTES, (4, 11, 17, 23, 26), strict=True)):
        appraisal = agents[(number * 3) % len(agents)]
        assert appraisal.superior is not None
        written = month + timedelta(days=day - 1)
        with scene(written, 17):
            do_write_note(
                appraisal.person, day=written, text=text, indicator="", upload=None, once=once(),
                acting_user=play.staff.users[appraisal.superior.key],
            )  # fmt: skip


def _file(play: Play, appraisal: Appraisal, grounds: str, indicators: list[str]) -> Appeal:
    return do_file_appeal(
        acting_user=play.user(appraisal), appraisal=appraisal, grounds=grounds, indicators=indicators, evidence=(),
        once=once(),
    )  # fmt: skip


def _uphold(play: Play, appeal: Appeal, appraisal: Appraisal) -> None:
    """Decide an appeal in the person's favour: the indicator brings full points."""
    panel, person = play.staff.users["P02"], appraisal.person.key
    points = [Points("problem_solving", 500, appraisal.cycle.last_day)]
    computed = engine.compute(
        appraisal.cycle, explained=True, supposed=supposed(panel, person, points, words.UPHELD), people=[person]
    )
    package = seal_run(appraisal.cycle, computed, purpose="correction", people=[person])
    do_decide_appeal(
        acting_user=panel, appeal=appeal, uphold=True, answer=words.UPHELD, version=appeal.version, once=once(),
        trial=Trial(computed, package, points),
    )  # fmt: skip
