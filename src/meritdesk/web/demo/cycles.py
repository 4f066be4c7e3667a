"""Plays the months of the demo company, step by step, with the acts that people use."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from django.core.files.base import File

from meritdesk.roster import to_date
from meritdesk.sample import REMARKS
from meritdesk.scheme.load import load_document, shipped
from meritdesk.web.access.models import User
from meritdesk.web.cycles import engine, staging
from meritdesk.web.cycles.actions.calibration import Measured, do_calibrate, do_decide_case, do_submit_review
from meritdesk.web.cycles.actions.data import attach_files, do_stage_files
from meritdesk.web.cycles.actions.interviews import Agreed, do_confirm_interview, do_write_interview
from meritdesk.web.cycles.actions.opening import do_create_cycle, do_open_cycle
from meritdesk.web.cycles.actions.publishing import do_publish as do_publish_results
from meritdesk.web.cycles.actions.rating import do_save_rating_item, do_submit_rating_form
from meritdesk.web.cycles.actions.rating_start import do_begin_rating, do_collect
from meritdesk.web.cycles.actions.review import do_review
from meritdesk.web.cycles.actions.self_appraisal import do_submit_self_appraisal
from meritdesk.web.cycles.actions.signing import do_sign
from meritdesk.web.cycles.models import Appraisal, CalibrationCase, Cycle, RatingForm
from meritdesk.web.cycles.packages import seal_run
from meritdesk.web.cycles.queries.periods import deadlines_of
from meritdesk.web.cycles.queries.rater_plans import indicators_of
from meritdesk.web.demo import clock, words
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
        consultation=words.CONSULTATION, consulted_on=day - timedelta(days=10), notice_on=day,
    )  # fmt: skip
    return do_publish(acting_user=publisher, version=version, once=once())


@dataclass
class Play:
    """The company on the stage: who acts, by which scheme, with which data. Each step takes a cycle one on."""

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

    def begin(self, first: date, team: Team | None = None, due: Mapping[str, date | None] | None = None) -> Cycle:
        """Create a cycle for a month, of the department or one team, and open it."""
        last = clock.last_day(first)
        name = team.name if team else self.staff.department.name
        if due is None:
            due, _problems = deadlines_of(load_document(self.version.text).scheme, last, last)
        cycle = do_create_cycle(
            acting_user=self.hr, title=f"{name} {first.year} 年 {first.month} 月绩效考核",
            department=self.staff.department, team=team, scheme_version=self.version, first_day=first, last_day=last,
            deadlines=due, once_key=once(),
        )  # fmt: skip
        do_open_cycle(acting_user=self.hr, cycle=cycle, version=cycle.version)
        return cycle

    def collect(self, cycle: Cycle) -> None:
        """Attach the month's exports through the very mappings that lie beside them."""
        do_collect(acting_user=self.hr, cycle=cycle, version=cycle.version)
        paths = [*self.exports.files_of(cycle.first_day), *self.exports.mappings()]
        streams = [path.open("rb") for path in paths]
        try:
            uploads = [File(stream, name=path.name) for stream, path in zip(streams, paths, strict=True)]
            do_stage_files(acting_user=self.hr, cycle=cycle, uploads=uploads)
        finally:
            for stream in streams:
                stream.close()
        attach_files(cycle, {file.name: file.guess for file in staging.waiting(cycle)}, acting_user=self.hr)

    def appraise_selves(self, cycle: Cycle, *, every: int = 2) -> None:
        """Let every `every`-th person hand in a self-appraisal."""
        for number, appraisal in enumerate(self.appraisals(cycle)):
            if number % every == 0:
                do_submit_self_appraisal(
                    appraisal, texts=words.self_appraisal(number), version=0, once=once(),
                    acting_user=self.user(appraisal),
                )  # fmt: skip

    def appraisals(self, cycle: Cycle) -> list[Appraisal]:
        """Return the appraisals of a cycle in order of staff key."""
        found = cycle.appraisals.select_related("person", "superior", "cycle__scheme_version__scheme", "result")
        return list(found.order_by("person__key"))

    def user(self, appraisal: Appraisal) -> User:
        """Return the account of the person appraised."""
        return self.staff.users[appraisal.person.key]

    def rate(self, cycle: Cycle, *, share: int = 100, changed: Mapping[tuple[str, str], int] | None = None) -> None:
        """Let the raters fill in and hand in `share` per cent of their forms; `changed`: (role, person) → level."""
        if cycle.state == Cycle.State.COLLECTING:
            do_begin_rating(acting_user=self.hr, cycle=cycle, version=cycle.version)
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
            level, remark = self.levels.get((person, indicator, form.role, form.day), (3, words.REMARK))
            if (form.role, person) in changed:
                level = changed[form.role, person]
                remark = REMARKS[level]
            item = do_save_rating_item(
                form, indicator, level=level, score=None, remark=remark, version=form.version, acting_user=user
            )
            form = item.form
        do_submit_rating_form(form, version=form.version, once=once(), acting_user=user)

    def calibrate(self, cycle: Cycle) -> engine.Computed:
        """End rating: preview, and a case for each pair of raters apart; return the run, fit for publication."""
        computed = engine.compute(cycle, explained=True)
        measured = Measured(computed, engine.pairs_apart(cycle))
        do_calibrate(acting_user=self.hr, cycle=cycle, measured=measured, once=once())
        return computed

    def settle(self, cycle: Cycle, *, but: int = 0) -> None:
        """Decide the cases (but the last `but`): the ratings stand, on evidence."""
        cases = list(cycle.calibration_cases.filter(outcome=CalibrationCase.Outcome.OPEN).order_by("pk"))
        for case in cases[: len(cases) - but]:
            do_decide_case(
                acting_user=self.staff.users["P01"], case=case, outcome=CalibrationCase.Outcome.KEPT,
                reason=words.KEPT, version=case.version, once=once(),
            )  # fmt: skip

    def review(self, cycle: Cycle) -> None:
        """Hand the preview to the panel, which approves it."""
        do_submit_review(acting_user=self.hr, cycle=cycle, once=once())
        cycle.refresh_from_db()
        assert cycle.run is not None
        do_review(
            acting_user=self.staff.users["P01"], cycle=cycle, run=cycle.run.pk, approve=True,
            reason=words.APPROVED, once=once(),
        )  # fmt: skip

    def publish(self, cycle: Cycle, computed: engine.Computed) -> None:
        """Publish what the panel approved: the run of the calibration, for no input has changed since."""
        package = seal_run(cycle, computed, purpose="published")
        do_publish_results(acting_user=self.hr, cycle=cycle, computed=computed, package=package, once=once())
        cycle.refresh_from_db()

    def interview(self, cycle: Cycle, day: date, *, share: int = 100, confirm: int = 100) -> None:
        """Let superiors hold `share` per cent of the interviews on a day, and `confirm` per cent be confirmed."""
        waiting = [a for a in self.appraisals(cycle) if a.state == Appraisal.State.INTERVIEW and a.superior]
        held = waiting[: (len(waiting) * share + 99) // 100]
        for number, appraisal in enumerate(held):
            assert appraisal.superior is not None
            texts = words.interview(number, appraisal.result.grade if appraisal.result else "")
            plan = [
                Agreed(text, appraisal.person.name, day + timedelta(days=weeks * 7)) for text, weeks in texts["plan"]
            ]
            interview = do_write_interview(
                acting_user=self.staff.users[appraisal.superior.key], appraisal=appraisal, held_on=day,
                agenda=texts["agenda"], notes=texts["notes"], plan=plan, version=1, confirm=True, once=once(),
            )  # fmt: skip
            if number * 100 < confirm * len(held):
                do_confirm_interview(
                    acting_user=self.user(appraisal), appraisal=appraisal, version=interview.version, once=once()
                )

    def sign(self, cycle: Cycle, *, share: int = 100, but: tuple[str, ...] = ()) -> None:
        """Let `share` per cent of those who can sign do so, except those named."""
        ready = [a for a in self.appraisals(cycle) if a.state == Appraisal.State.SIGN_OFF and a.person.key not in but]
        for appraisal in ready[: (len(ready) * share + 99) // 100]:
            assert appraisal.result is not None
            do_sign(
                acting_user=self.user(appraisal), appraisal=appraisal, content_hash=appraisal.result.content_hash,
                remark="", once=once(),
            )  # fmt: skip
