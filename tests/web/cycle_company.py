"""A support centre with a cycle in a wanted state, made by the real acts as far as they exist: `build_cycle("rating")`.

The company is the shipped sample: teams of agents with a lead each, a manager (M01), a QA specialist (Q01), an HR clerk
(H01), a panel member (P01), an auditor without a post; everybody has an account called like their staff key. The month
has a joiner, a leaver and a transfer between teams.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

from meritdesk.events.ingest import Dataset, find_mappings, ingest
from meritdesk.roster import to_date
from meritdesk.sample import write_sample
from meritdesk.scheme.load import load_document, shipped
from meritdesk.web.access.models import RoleGrant, User
from meritdesk.web.access.rights import Role
from meritdesk.web.cycles.actions.opening import do_create_cycle, do_open_cycle
from meritdesk.web.cycles.actions.rating_start import do_begin_rating, do_collect
from meritdesk.web.cycles.inputs import batch_folder
from meritdesk.web.cycles.models import Cycle, RatingForm, RatingItem
from meritdesk.web.cycles.queries.periods import deadlines_of
from meritdesk.web.cycles.queries.rater_plans import indicators_of
from meritdesk.web.people.models import Assignment, Department, Person, Position, Team
from meritdesk.web.schemes.models import Scheme, SchemeVersion
from tests.web.company import PASSWORD

FIRST, LAST = date(2025, 9, 1), date(2025, 9, 30)
TITLES = {"agent": "客服代表", "team_lead": "班组长"}
ORDER = list(Cycle.State.values)


@dataclass
class Centre:
    """What was made: the cycle, and people, accounts and teams by staff key or name."""

    department: Department
    version: SchemeVersion
    cycle: Cycle
    people: dict[str, Person] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    teams: dict[str, Team] = field(default_factory=dict)

    @property
    def hr(self) -> User:
        """Return the HR clerk's account, who runs the cycle."""
        return self.users["H01"]


@cache
def sample_folder(teams: int, size: int) -> Path:
    """Return a folder with the exports and mappings of the sample company, written once a run of tests."""
    folder = Path(tempfile.mkdtemp(prefix="meritdesk-sample-"))
    write_sample(folder, teams=teams, size=size)
    return folder


@cache
def sample_data(teams: int, size: int) -> Dataset:
    """Return the sample company's data as read by the engine."""
    folder = sample_folder(teams, size)
    return ingest(folder, find_mappings(folder))


def build_cycle(
    state: str = "rating", *, teams: int = 2, size: int = 3, scheme: str = "r4-support-center", data: bool = True
) -> Centre:
    """Return a company with a cycle in `state`; `size` agents a team. With `data` the exports are attached."""
    centre = build_centre(teams=teams, size=size, scheme=scheme)
    advance(centre, state, data=data, teams=teams, size=size)
    return centre


def build_centre(*, teams: int = 2, size: int = 3, scheme: str = "r4-support-center") -> Centre:
    """Return a company with a cycle in draft."""
    department = Department.objects.create(name="客服部")
    centre = Centre(department, SchemeVersion(), Cycle())
    _add_people(centre, sample_data(teams, size))
    _add_accounts(centre)
    centre.version = publish_scheme(centre.hr, scheme)
    due, _problems = deadlines_of(load_document(centre.version.text).scheme, LAST, LAST)
    centre.cycle = do_create_cycle(
        acting_user=centre.hr,
        title="客服部 2025年9月",
        department=department,
        team=None,
        scheme_version=centre.version,
        first_day=FIRST,
        last_day=LAST,
        deadlines=due,
        once_key=f"build-{department.pk}-{scheme}",
    )
    return centre


def publish_scheme(user: User, name: str) -> SchemeVersion:
    """Return a shipped scheme as a published version."""
    text = shipped()[name].read_text(encoding="utf-8")
    loaded = load_document(text)
    made = Scheme.objects.create(name=name.replace(".", "-"), title=loaded.scheme.title, template=name)
    return SchemeVersion.objects.create(
        scheme=made, number=1, text=text, content_hash=loaded.content_hash, state=SchemeVersion.State.PUBLISHED,
        written_by=user, published_by=user, published_at=datetime(2025, 8, 1, tzinfo=UTC),
    )  # fmt: skip


def advance(centre: Centre, state: str, *, data: bool = True, teams: int = 2, size: int = 3) -> None:
    """Take the cycle on to `state`, filling in what is needed on the way."""
    cycle, hr = centre.cycle, centre.hr
    if _before(cycle, state, "open"):
        do_open_cycle(acting_user=hr, cycle=cycle, version=cycle.version)
    if data and cycle.state == "open" and not cycle.files.exists():
        attach_sample(cycle, teams, size)
    if _before(cycle, state, "collecting"):
        do_collect(acting_user=hr, cycle=cycle, version=cycle.version)
    if _before(cycle, state, "rating"):
        do_begin_rating(acting_user=hr, cycle=cycle, version=cycle.version)
    if ORDER.index(state) > ORDER.index("rating"):
        fill_forms(cycle)
        from tests.web import cycle_company_late

        cycle_company_late.advance(centre, state)
    cycle.refresh_from_db()


def _before(cycle: Cycle, wanted: str, state: str) -> bool:
    return ORDER.index(cycle.state) < ORDER.index(state) <= ORDER.index(wanted)


def attach_sample(cycle: Cycle, teams: int, size: int) -> None:
    """Put the sample's exports into the cycle's batches, without the ratings: those are entered here."""
    folder = sample_folder(teams, size)
    wanted = [m for m in find_mappings(folder) if m.mapping not in ("sample_ratings", "sample_roster")]
    ingest(folder, wanted, into=batch_folder(cycle))


def fill_forms(cycle: Cycle, *, but: Iterable[int] = ()) -> int:
    """Fill in and hand in every open form (but those of the ids given) with levels that follow the person's number."""
    from meritdesk.web.cycles import engine

    scheme = engine.loaded_scheme(cycle).scheme
    forms = list(
        RatingForm.objects.filter(appraisal__cycle=cycle, state="open", rater__isnull=False)
        .exclude(pk__in=list(but))
        .select_related("appraisal__person")
        .order_by("pk")
    )
    items = []
    for form in forms:
        for number, indicator in enumerate(indicators_of(scheme, form.appraisal.position, form.role)):
            level = 3 + (form.appraisal.person_id + number + len(form.role)) % 3
            items.append(RatingItem(form=form, indicator=indicator, level=level, remark="按事例评定"))
    RatingItem.objects.bulk_create(items, ignore_conflicts=True)
    RatingForm.objects.filter(pk__in=[form.pk for form in forms]).update(
        state="submitted", submitted_at=datetime(2025, 10, 9, 2, tzinfo=UTC)
    )
    return len(forms)


def _add_people(centre: Centre, data: Dataset) -> None:
    rows = data.tables["people"].to_pylist()
    extra = {"person": "P01", "name": "潘评审", "team": "管理", "position": "客服经理", "superior": None}
    rows.append({**extra, "valid_from": rows[0]["valid_from"], "valid_to": None})
    positions: dict[str, Position] = {}
    for row in rows:
        person = centre.people.get(row["person"])
        if person is None:
            centre.people[row["person"]] = Person.objects.create(key=row["person"], name=row["name"])
        if row["team"] not in centre.teams:
            centre.teams[row["team"]] = Team.objects.create(department=centre.department, name=row["team"])
        code = row["position"]
        if code not in positions:
            slug = code if code.isascii() else f"post_{len(positions)}"
            positions[code] = Position.objects.create(code=slug, title=TITLES.get(code, code))
    for row in rows:
        Assignment.objects.create(
            person=centre.people[row["person"]],
            team=centre.teams[row["team"]],
            position=positions[row["position"]],
            superior=centre.people.get(row["superior"] or ""),
            valid_from=to_date(row["valid_from"]),
            valid_to=None if row["valid_to"] is None else to_date(row["valid_to"]),
        )


def _add_accounts(centre: Centre) -> None:
    pattern = User()
    pattern.set_password(PASSWORD)
    wanted = [User(username=key, name=person.name, person=person) for key, person in centre.people.items()]
    wanted += [User(username="auditor", name="邓审计"), User(username="H02", name="黄人事")]
    for user in wanted:
        user.password = pattern.password
        user.save()
        centre.users[user.username] = user
    grants: list[tuple[str, Role, Department | None, Team | None]]
    grants = [("M01", Role.SUPERVISOR, centre.department, None), ("Q01", Role.QA, None, None),
              ("H01", Role.HR, None, None), ("H02", Role.HR, None, None), ("P01", Role.PANEL, centre.department, None),
              ("auditor", Role.AUDITOR, None, None)]  # fmt: skip
    for key, person in centre.people.items():
        if key.startswith("L"):
            grants.append((key, Role.TEAM_LEAD, None, _team_of(person)))
    for username, role, department, team in grants:
        RoleGrant.objects.create(user=centre.users[username], role=role, department=department, team=team)


def _team_of(person: Person) -> Team:
    return person.assignments.order_by("-valid_from").select_related("team")[0].team
