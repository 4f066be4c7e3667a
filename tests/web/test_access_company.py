"""The company of the tests itself: roles reach what they should."""

from __future__ import annotations

from meritdesk.web.people.reach import people_in_reach
from tests.web.company import Company


def test_reach_of_the_roles(company: Company) -> None:
    """A lead reaches the team, a supervisor the department, HR everybody, an agent only themselves."""

    def names(short: str, right: str) -> set[str]:
        return {person.key[2:] for person in people_in_reach(company.users[short], right)}

    assert names("lead", "results.read") == {"supervisor", "lead", "agent", "colleague"}
    assert names("agent", "results.read") == {"agent"}
    assert len(names("supervisor", "results.read")) == 9
    assert names("hr", "results.read") == set(company.people)
    assert names("qa", "people.read") == set()
