"""The state machines of cycles and appraisals: the tables themselves, and the moves against a small model (C6).

The model is written down here a second time, by hand and in another form, so that a slip in the table shows.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import date

import pytest

from meritdesk.web.access.actions import Conflict, Refused, action, record
from meritdesk.web.access.rights import RIGHTS
from meritdesk.web.cycles import states
from meritdesk.web.cycles.models import Appraisal, Cycle
from meritdesk.web.cycles.states import Way, move_appraisal, move_cycle
from meritdesk.web.schemes.models import Scheme, SchemeVersion
from tests.web.company import Company

Model = dict[str, dict[str, str]]

CYCLE_MODEL: Model = {
    "draft": {"open": "open"},
    "open": {"collect": "collecting"},
    "collecting": {"begin_rating": "rating"},
    "rating": {"calibrate": "calibrating"},
    "calibrating": {"submit_review": "reviewing", "back_to_rating": "rating"},
    "reviewing": {"send_back": "rating", "publish": "published"},
    "published": {"close": "closed"},
    "closed": {"archive": "archived"},
    "archived": {},
}
APPRAISAL_MODEL: Model = {
    "running": {"publish": "interview", "hold": "held", "leave_out": "not_appraised"},
    "held": {"release": "interview"},
    "not_appraised": {},
    "interview": {
        "confirm_interview": "sign_off", "witness": "unsigned", "appeal": "appealing", "correct": "interview",
    },
    "sign_off": {"sign": "signed", "witness": "unsigned", "appeal": "appealing", "correct": "sign_off"},
    "signed": {"correct": "sign_off"},
    "unsigned": {"appeal": "appealing", "correct": "sign_off"},
    "appealing": {"uphold": "upheld", "reject": "rejected", "withdraw": "withdrawn"},
    "upheld": {"sign": "signed", "correct": "sign_off"},
    "rejected": {"sign": "signed", "correct": "sign_off"},
    "withdrawn": {"sign": "signed", "correct": "sign_off"},
}  # fmt: skip


def cycle_of(company: Company) -> Cycle:
    """Make a cycle in draft with one appraisal, its scheme without content."""
    hr = company.users["hr"]
    scheme = Scheme.objects.create(name="plain", title="方案")
    version = SchemeVersion.objects.create(scheme=scheme, number=1, text="", written_by=hr)
    cycle = Cycle.objects.create(
        title="九月",
        department=company.departments["service"],
        kind="month",
        first_day=date(2025, 9, 1),
        last_day=date(2025, 9, 30),
        scheme_version=version,
        created_by=hr,
    )
    Appraisal.objects.create(cycle=cycle, person=company.people["agent"], team=company.teams["one"], position="agent")
    return cycle


@action
def do_move(move: Callable[..., str], moved: Cycle | Appraisal, act: str) -> None:
    """Move as an act would, with an audit entry."""
    before = move(moved, act)
    record(None, f"test.{act}", moved, old={"state": before}, new={"state": moved.state})


@pytest.mark.parametrize(
    ("table", "model", "first"),
    [(states.CYCLE, CYCLE_MODEL, "draft"), (states.APPRAISAL, APPRAISAL_MODEL, "running")],
)
def test_tables(table: Mapping[tuple[str, str], Way], model: Model, first: str) -> None:
    """The table is the model; every state can be reached; every right exists."""
    written: Model = {state: {} for state in model}
    for (state, act), way in table.items():
        written[state][act] = way.to
        assert way.right in RIGHTS
    assert written == model
    reached, waiting = {first}, [first]
    while waiting:
        for after in model[waiting.pop()].values():
            if after not in reached:
                reached.add(after)
                waiting.append(after)
    assert reached == set(model)
    kind = Cycle if table is states.CYCLE else Appraisal
    assert reached == set(kind.State.values)


def illegal_moves(
    move: Callable[..., str], moved: Cycle | Appraisal, model: Model, first: str, sequences: int, steps: int
) -> int:
    """Play random acts and return how often the move and the model disagreed."""
    acts = sorted({act for ways in model.values() for act in ways})
    chance, wrong = random.Random(6), 0
    for _sequence in range(sequences):
        type(moved)._default_manager.filter(pk=moved.pk).update(state=first)
        moved.refresh_from_db(fields=["state", "version"])
        state = first
        for _step in range(steps):
            # Half of the acts are ones that are possible, so that the far states are seen too.
            possible = sorted(model[state])
            act = chance.choice(possible if possible and chance.random() < 0.5 else acts)
            expected = model[state].get(act)
            try:
                do_move(move, moved, act)
            except Refused:
                wrong += expected is not None
            else:
                wrong += expected != moved.state
            moved.refresh_from_db(fields=["state", "version"])
            wrong += moved.state != (expected or state)
            state = moved.state
    return wrong


def play(company: Company, sequences: int, steps: int = 50) -> int:
    """Play both machines against their models."""
    cycle = cycle_of(company)
    appraisal = cycle.appraisals.get()
    return illegal_moves(move_cycle, cycle, CYCLE_MODEL, "draft", sequences, steps) + illegal_moves(
        move_appraisal, appraisal, APPRAISAL_MODEL, "running", sequences, steps
    )


def test_moves_follow_the_model(company: Company) -> None:
    """C6, short form: 20 sequences of 50 steps on each machine, no move that the model does not know."""
    assert play(company, 20) == 0


@pytest.mark.long
def test_moves_follow_the_model_long(company: Company) -> None:
    """C6: 2,000 sequences of 50 steps on each machine."""
    assert play(company, 2000) == 0


def test_a_way_too_many_is_found(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: a published cycle that could be sent back to rating is caught by the model."""
    monkeypatch.setitem(states.CYCLE, ("published", "send_back"), Way("rating", "review.decide"))
    assert play(company, 20) > 0


def test_moved_meanwhile(company: Company) -> None:
    """Whoever moves a cycle from an old copy is told, and nothing happens twice."""
    cycle = cycle_of(company)
    stale = Cycle.objects.get(pk=cycle.pk)
    do_move(move_cycle, cycle, "open")
    with pytest.raises(Conflict):
        do_move(move_cycle, stale, "open")
    assert Cycle.objects.get(pk=cycle.pk).state == "open"


def test_not_outside_an_action(company: Company) -> None:
    """A state moves inside an act only: the audit would miss it otherwise."""
    with pytest.raises(AssertionError):
        move_cycle(cycle_of(company), "open")
