"""A company of any size with a cycle in every state, made in bulk: what all pages are measured on at once.

Cycles are opened, fed and taken to rating by the real acts. What follows is not computed: one result document of the
sample company is repeated for everybody with their own key and name, because pages only read documents. Its keys are
those of the sample company as far as that goes, so that the first people have records behind their figures.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from django.contrib.auth.hashers import make_password
from django.core.files import File
from django.utils import timezone

from meritdesk.events.ingest import find_mappings, ingest
from meritdesk.pipeline import appraise
from meritdesk.results import Period
from meritdesk.sample import write_sample
from meritdesk.scheme.load import load_document, shipped
from meritdesk.web.access.actions import canonical
from meritdesk.web.access.models import Delegation, RoleGrant, User
from meritdesk.web.access.rights import Role
from meritdesk.web.cycles import engine, staging
from meritdesk.web.cycles.actions.data import attach_files, do_stage_files
from meritdesk.web.cycles.actions.opening import do_create_cycle, do_open_cycle
from meritdesk.web.cycles.actions.rating_start import do_begin_rating, do_collect
from meritdesk.web.cycles.models import Appraisal, Cycle, RatingForm, RatingItem
from meritdesk.web.cycles.queries.periods import deadlines_of
from meritdesk.web.cycles.queries.rater_plans import indicators_of
from meritdesk.web.people.models import Assignment, Department, Person, Position, Team
from meritdesk.web.schemes.models import Scheme, SchemeVersion
from tests.web import page_world_late
from tests.web.page_server import MONTHS

SCHEME = "r4-support-center"
PASSWORD = "correct horse 9 battery"
FED = ("published", "reviewing", "calibrating", "rating", "collecting")
FACTS = ("通话记录", "满意度", "投诉台账")
OFFICE = (
    # key, name, position, role, reach: of the department or of all
    ("M01", "沈经理", "manager", Role.SUPERVISOR, "department"),
    ("Q01", "秦质检", "staff", Role.QA, "all"),
    ("T01", "陶培训", "staff", Role.TRAINER, "all"),
    ("P01", "潘评审", "staff", Role.PANEL, "department"),
    ("H01", "何人事", "staff", Role.HR, "all"),
    ("H02", "黄人事", "staff", Role.HR, "all"),
    ("F01", "冯财务", "staff", Role.FINANCE, "all"),
)
ACTORS = {
    "agent": "A0001", "lead": "L01", "supervisor": "M01", "qa": "Q01", "trainer": "T01", "panel": "P01", "hr": "H01",
    "finance": "F01", "auditor": "auditor", "admin": "admin",
}  # fmt: skip
"""Role → account that looks at the pages as one of it."""


@dataclass
class World:
    """What was made; `cycles` by state, the rest by key."""

    people: int
    department: Department = field(default_factory=Department)
    version: SchemeVersion = field(default_factory=SchemeVersion)
    teams: list[Team] = field(default_factory=list)
    persons: dict[str, Person] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    cycles: dict[str, Cycle] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    """What addresses carry that is kept nowhere in the clear: guest."""

    @property
    def hr(self) -> User:
        """Return the HR clerk's account."""
        return self.users["H01"]


def build_world(people: int, *, states: Sequence[str] = tuple(MONTHS), sample: Path | None = None) -> World:
    """Return a company with about `people` agents and leads, and a cycle in each of `states`.

    `sample`: a folder with exports to attach to the cycles, instead of those of the first six agents.
    """
    world = World(people)
    teams = 2 if people <= 40 else max(8, people // 50)
    _staff(world, teams, max(3, people // teams - 1))
    _accounts(world)
    world.version = _schemes(world)
    for state in MONTHS:
        if state in states:
            world.cycles[state] = _cycle(world, state, sample or sample_folder())
    page_world_late.add_rest(world)
    return world


@cache
def sample_folder() -> Path:
    """Return a folder with the exports of the months that are fed, of two teams of three."""
    folder = Path(tempfile.mkdtemp(prefix="meritdesk-sample-"))
    write_sample(folder, [(2025, MONTHS[state]) for state in reversed(FED)], teams=2, size=3)
    return folder


@cache
def documents() -> dict[str, dict[str, Any]]:
    """Return position → a result document, with form and explanation, of the sample company; computed once."""
    folder = Path(tempfile.mkdtemp(prefix="meritdesk-sample-"))
    write_sample(folder, [(2025, 9)], teams=2, size=3)
    loaded = load_document(shipped()[SCHEME].read_text(encoding="utf-8"))
    dataset = ingest(folder, find_mappings(folder))
    results = appraise(loaded, dataset, Period(date(2025, 9, 1), date(2025, 9, 30)), engine.metrics())
    shutil.rmtree(folder)
    found: dict[str, dict[str, Any]] = {}
    for outcome in results.appraisals:
        position = outcome.segments[-1].position
        if outcome.state == "graded" and position not in found:
            found[position] = engine.document_of(results, outcome, explained=True)
    return found


def document_for(position: str, key: str, name: str, first: date, last: date) -> str:
    """Return the text of a result document in somebody's name, about another month."""
    pattern = documents().get(position) or next(iter(documents().values()))
    known = pattern["appraisal"]["person"]
    text = canonical(pattern).replace(json.dumps(known), json.dumps(key))
    text = text.replace("2025-09-01", first.isoformat()).replace("2025-09-30", last.isoformat())
    return text.replace(str(pattern["appraisal"]["name"]), name) if pattern["appraisal"].get("name") else text


def _staff(world: World, teams: int, size: int) -> None:
    world.department = Department.objects.create(name="客服部")
    office = Team.objects.create(department=world.department, name="管理组")
    names = [f"第{number + 1:02}班组" for number in range(teams)]
    world.teams = [Team.objects.create(department=world.department, name=name) for name in names]
    titles = {"agent": "客服代表", "team_lead": "班组长", "manager": "客服经理", "staff": "职能专员"}
    positions = {code: Position.objects.create(code=code, title=title) for code, title in titles.items()}
    posts: list[tuple[str, str, Team, str, str]] = [
        (key, name, office, position, "" if key == "M01" else "M01") for key, name, position, *_rest in OFFICE
    ]
    for number, team in enumerate(world.teams):
        lead = f"L{number + 1:02}"
        posts.append((lead, f"林班长{number + 1:02}", team, "team_lead", "M01"))
        for member in range(size):
            key = f"A{number * 100 + member + 1:04}"
            posts.append((key, f"安{key[1:]}", team, "agent", lead))
    made = Person.objects.bulk_create([Person(key=key, name=name) for key, name, *_rest in posts], batch_size=500)
    world.persons = {person.key: person for person in made}
    Assignment.objects.bulk_create(
        [
            Assignment(
                person=world.persons[key], team=team, position=positions[position], valid_from=date(2024, 1, 1),
                superior=world.persons.get(superior),
            )
            for key, _name, team, position, superior in posts
        ],
        batch_size=500,
    )  # fmt: skip


def _accounts(world: World) -> None:
    same = make_password(PASSWORD)
    wanted = [User(username=key, name=p.name, person=p, password=same) for key, p in world.persons.items()]
    wanted += [
        User(username=key, name=name, password=same) for key, name in (("auditor", "邓审计"), ("admin", "管理员"))
    ]
    world.users = {user.username: user for user in User.objects.bulk_create(wanted, batch_size=500)}
    whole = {"department": world.department, "all": None}
    grants = [RoleGrant(user=world.users[k], role=r, department=whole[scope]) for k, _n, _p, r, scope in OFFICE]
    grants += [
        RoleGrant(user=world.users[f"L{n + 1:02}"], role=Role.TEAM_LEAD, team=team)
        for n, team in enumerate(world.teams)
    ]
    grants.append(RoleGrant(user=world.users["auditor"], role=Role.AUDITOR))
    grants.append(RoleGrant(user=world.users["admin"], role=Role.ADMINISTRATOR))
    RoleGrant.objects.bulk_create(grants)
    today = timezone.localdate()
    Delegation.objects.create(
        absent=world.users["H02"], delegate=world.users["T01"], first_day=today - timedelta(days=900),
        last_day=today - timedelta(days=890),
    )  # fmt: skip


def _schemes(world: World) -> SchemeVersion:
    """Make a scheme with a version in every state, and return the one that is published."""
    text = shipped()[SCHEME].read_text(encoding="utf-8")
    loaded = load_document(text)
    states = SchemeVersion.State
    listed = (
        ("first", 1, states.RETIRED), ("first", 2, states.PUBLISHED), ("first", 3, states.DRAFT),
        ("second", 1, states.SUBMITTED),
    )  # fmt: skip
    schemes = {
        name: Scheme.objects.create(name=f"{SCHEME}-{name}", title=f"{loaded.scheme.title} {name}", template=SCHEME)
        for name in ("first", "second")
    }
    made = {}
    for name, number, state in listed:
        out = state in (states.PUBLISHED, states.RETIRED)
        made[state] = SchemeVersion.objects.create(
            scheme=schemes[name], number=number, text=text, content_hash=loaded.content_hash, state=state,
            written_by=world.hr, published_by=world.users["P01"] if out else None,
            published_at=datetime(2024, 12, number, tzinfo=UTC) if out else None,
        )  # fmt: skip
    return made[states.PUBLISHED]


def _cycle(world: World, state: str, folder: Path) -> Cycle:
    """Take a cycle to a state, by the real acts until rating."""
    month = MONTHS[state]
    first, last = date(2025, month, 1), date(2025, month + 1, 1) - timedelta(days=1)
    due, _problems = deadlines_of(load_document(world.version.text).scheme, last, last)
    cycle = do_create_cycle(
        acting_user=world.hr, title=f"客服部 2025-{month:02}", department=world.department, team=None,
        scheme_version=world.version, first_day=first, last_day=last, deadlines=due, once_key=f"world-{state}",
    )  # fmt: skip
    if state == "draft":
        return cycle
    do_open_cycle(acting_user=world.hr, cycle=cycle, version=cycle.version)
    if state == "open":
        return cycle
    do_collect(acting_user=world.hr, cycle=cycle, version=cycle.version)
    if state in FED:
        _feed(cycle, folder, world.hr)
        cycle.refresh_from_db()
    if state == "collecting":
        return cycle
    do_begin_rating(acting_user=world.hr, cycle=cycle, version=cycle.version)
    rate(cycle, handed_in=state != "rating")
    if state != "rating":
        page_world_late.carry_on(world, cycle, state)
    cycle.refresh_from_db()
    return cycle


def _feed(cycle: Cycle, folder: Path, user: User) -> None:
    label = f"{cycle.first_day:%Y-%m}"
    paths = [path for name in FACTS for path in sorted(folder.glob(f"{name}_{label}.*"))]
    if not paths:
        return
    paths += [folder / f"{name}.mapping.yaml" for name in ("calls", "surveys", "complaints")]
    streams = [path.open("rb") for path in paths]
    try:
        uploads = [File(stream, name=path.name) for stream, path in zip(streams, paths, strict=True)]
        do_stage_files(acting_user=user, cycle=cycle, uploads=uploads)
    finally:
        for stream in streams:
            stream.close()
    attach_files(cycle, {file.name: file.guess for file in staging.waiting(cycle)}, acting_user=user)


def rate(cycle: Cycle, *, handed_in: bool) -> None:
    """Fill in all forms of a cycle and hand them in; while rating is on, every second one."""
    scheme = engine.loaded_scheme(cycle).scheme
    asked: dict[tuple[str, str], list[str]] = {}
    items, done = [], []
    for form in RatingForm.objects.filter(appraisal__cycle=cycle).select_related("appraisal").order_by("pk"):
        place = form.appraisal.position, form.role
        if place not in asked:
            asked[place] = indicators_of(scheme, *place)
        if handed_in or form.pk % 2:
            done.append(form.pk)
            for number, indicator in enumerate(asked[place]):
                level = 3 + (form.appraisal.person_id + number + len(form.role)) % 3
                items.append(RatingItem(form=form, indicator=indicator, level=level, remark="按事例评定"))
    RatingItem.objects.bulk_create(items, batch_size=2000)
    for start in range(0, len(done), 500):
        RatingForm.objects.filter(pk__in=done[start : start + 500]).update(
            state="submitted", submitted_at=datetime(2025, 10, 9, 2, tzinfo=UTC)
        )


def appraisals_of(cycle: Cycle) -> list[Appraisal]:
    """Return the appraisals of a cycle with what a document needs, by staff key."""
    return list(cycle.appraisals.select_related("person").order_by("person__key"))
