"""Plays the months of the demo company, step by step, with the acts that people use."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from meritdesk.roster import to_date
from meritdesk.scheme.load import load_document, shipped
from meritdesk.web.access.models import User
from meritdesk.web.cycles import engine
from meritdesk.web.cycles.actions.opening import do_create_cycle, do_open_cycle
from meritdesk.web.cycles.actions.rating import do_save_rating_item, do_submit_rating_form
from meritdesk.web.cycles.actions.rating_start import do_begin_rating, do_collect
from meritdesk.web.cycles.models import Cycle, RatingForm
from meritdesk.web.cycles.queries.periods import deadlines_of
from meritdesk.web.cycles.queries.rater_plans import indicators_of
from meritdesk.web.demo import clock
from meritdesk.web.demo.company import Staff
from meritdesk.web.demo.exports import Exports
from meritdesk.web.people.models import Team
from meritdesk.web.schemes.actions.drafts import do_create_scheme
from meritdesk.web.schemes.actions.publication import do_publish, do_submit
from meritdesk.web.schemes.models import SchemeVersion

SCHEME = "r4-support-center"


def once() -> str:
    """Return a key for a form that is sent once."""
    return uuid4().hex


def publish_scheme(staff: Staff, day: date) -> SchemeVersion:
    """Take the shipped scheme of R4 as the company's own and publish it by a second person."""
    path = shipped()[SCHEME]
    cases = path.with_name(path.name.replace(".yaml", ".cases.yaml"))
    writer, publisher = staff.users["H01"], staff.users["P01"]
    version = do_create_scheme(
        acting_user=writer, base=load_document(path), base_name=SCHEME, name="support_center",
        title="客服部月度绩效考核方案", department=staff.department, as_parent=False,
        cases_text=cases.read_text(encoding="utf-8"), once=once(),
    )  # fmt: skip
    version = do_submit(
        acting_user=writer, version=version, reason="首次制定", edit_version=version.edit_version, once=once(),
        consultation="职工代表座谈会，参会 23 人；采纳两条意见：响应时长改为各档含上限，申诉答复期为三个工作日。",
        consulted_on=day - timedelta(days=10), notice_on=day,
    )  # fmt: skip
    return do_publish(acting_user=publisher, version=version, once=once())


@dataclass
class Play:
    """The company on the stage: who acts, by which scheme, with which data."""

    staff: Staff
    version: SchemeVersion
    exports: Exports
    levels: dict[tuple[str, str, str, date], tuple[int, str]] = field(init=False)
    """(person, indicator, role, day) → (level, remark) as the sample's raters gave them."""

    def __post_init__(self) -> None:
        self.levels = {
            (row["person"], row["indicator"], row["role"], to_date(row["day"])): (row["level"], row["remark"])
            for row in self.exports.ratings
        }

    @property
    def hr(self) -> User:
        """Return the account of the HR clerk who runs the cycles."""
        return self.staff.users["H01"]

    def begin(self, first: date, team: Team | None = None) -> Cycle:
        """Create a cycle for a month and open it, on the first working day of the month."""
        last = clock.last_day(first)
        name = team.name if team else self.staff.department.name
        due, _problems = deadlines_of(load_document(self.version.text).scheme, last, last)
        with clock.at(clock.moment(clock.working_day(first - timedelta(days=1), 1), 9)):
            cycle = do_create_cycle(
                acting_user=self.hr, title=f"{name} {first.year}年{first.month}月绩效考核",
                department=self.staff.department, team=team, scheme_version=self.version, first_day=first, last_day=last,
                deadlines=due, once_key=once(),
            )  # fmt: skip
            do_open_cycle(acting_user=self.hr, cycle=cycle, version=cycle.version)
        return cycle

    def rate(self, cycle: Cycle, *, share: int = 100, changed: Mapping[tuple[str, str], int] | None = None) -> None:
        """Let the raters fill in and hand in `share` per cent of their forms; `changed`: (role, person) → level."""
        scheme = engine.loaded_scheme(cycle).scheme
        by_rater: dict[str, list[RatingForm]] = defaultdict(list)
        forms = RatingForm.objects.filter(appraisal__cycle=cycle, state=RatingForm.State.OPEN, rater__isnull=False)
        for form in forms.select_related("appraisal__person", "appraisal__cycle", "rater").order_by("pk"):
            assert form.rater is not None
            by_rater[form.rater.key].append(form)
        for rater, own in by_rater.items():
            for form in own[: (len(own) * share + 99) // 100]:
                self._fill(form, scheme, self.staff.users[rater], changed or {})

    def _fill(self, form: RatingForm, scheme: Any, user: User, changed: Mapping[tuple[str, str], int]) -> None:
        person = form.appraisal.person.key
        for indicator in indicators_of(scheme, form.appraisal.position, form.role):
            level, remark = self.levels.get((person, indicator, form.role, form.day), (3, ""))
            level = changed.get((form.role, person), level)
            item = do_save_rating_item(
                form, indicator, level=level, score=None, remark=remark, version=form.version, acting_user=user
            )
            form = item.form
        do_submit_rating_form(form, version=form.version, once=once(), acting_user=user)
