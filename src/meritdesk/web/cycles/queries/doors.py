"""The doors: the only ways from an address to a cycle, an appraisal, a form or an appeal.

What lies outside the reach of the right does not exist (404). Nobody acts on their own appraisal, except with rights
that are about one's own; one's own result, and those of a team, appear when the cycle is published.
"""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest

from meritdesk.web.access.models import User
from meritdesk.web.access.reach import absent_users, reach
from meritdesk.web.access.rights import RIGHTS
from meritdesk.web.cycles.models import Appeal, Appraisal, Cycle, RatingForm

WHOLE = frozenset({
    "cycles.run", "calibration.decide", "review.decide", "results.publish", "cycles.close", "archives.read",
})  # fmt: skip
"""Rights on a cycle as a whole: somebody of one's team in it is not enough for them."""


def user_of(request: HttpRequest) -> User:
    """Return the account that is signed in; 404 for none."""
    if not isinstance(request.user, User):
        raise Http404
    return request.user


def cycles_in_reach(user: User, right: str) -> QuerySet[Cycle]:
    """Return the cycles with people whom the account reaches under the right; for one of `WHOLE`, all of them."""
    scope = reach(user, right)
    if scope.everybody:
        return Cycle.objects.all()
    theirs = Appraisal.objects.filter(cycle=OuterRef("pk"))
    condition = Q(department__in=scope.departments) | Q(team__in=scope.teams)
    if scope.teams and right not in WHOLE:
        condition |= Q(Exists(theirs.filter(team__in=scope.teams)))
    if scope.own:
        condition |= Q(Exists(theirs.filter(person=scope.own)))
    return Cycle.objects.filter(condition)


def appraisals_in_reach(user: User, right: str) -> QuerySet[Appraisal]:
    """Return the appraisals whom the account reaches under the right."""
    scope = reach(user, right)
    published = Q(cycle__published_at__isnull=False)
    own = Q(person=scope.own) if scope.own else Q(pk__in=[])
    if scope.everybody:
        others = Q(pk__isnull=False)  # an empty Q would vanish beside the other
    else:
        in_team = Q(team__in=scope.teams)
        if right == "results.read":
            in_team &= published
        others = Q(team__department__in=scope.departments) | in_team
    if user.person_id is not None:
        others &= ~Q(person=user.person_id)
    if right == "results.read":
        own &= published
    return Appraisal.objects.filter(others | own)


def covers(user: User, right: str, appraisal: Appraisal) -> bool:
    """Return whether the account reaches somebody else's appraisal under the right; no queries, its team given."""
    scope, team = reach(user, right), appraisal.team
    reached = scope.everybody or team.pk in scope.teams or team.department_id in scope.departments
    return reached and appraisal.person_id != user.person_id


def access_cycle(user: User, right: str, pk: int) -> Cycle:
    """Return a cycle that the account reaches under the right; 404 otherwise."""
    found = cycles_in_reach(user, right).select_related("department", "team", "scheme_version__scheme", "run")
    cycle = found.filter(pk=pk).first()
    if cycle is None:
        raise Http404
    return cycle


def access_appraisal(user: User, right: str, pk: int) -> Appraisal:
    """Return an appraisal that the account reaches under the right; 404 otherwise."""
    found = appraisals_in_reach(user, right).select_related(
        "cycle__department", "cycle__scheme_version__scheme", "person", "team", "superior", "result__run"
    )
    appraisal = found.filter(pk=pk).first()
    if appraisal is None:
        raise Http404
    return appraisal


def forms_to_fill(user: User) -> QuerySet[RatingForm]:
    """Return the rating forms that the account, or somebody it stands in for, was given; never about themselves,
    except in the role of rating oneself."""
    raters = User.objects.filter(pk__in=[user.pk, *absent_users(user)]).values("person")
    mine = RatingForm.objects.filter(rater__in=raters)
    if user.person_id is None:
        return mine
    # Somebody standing in for an absent rater may not rate themselves in their place.
    return mine.exclude(Q(appraisal__person=user.person_id) & ~Q(rater=user.person_id))


def access_form(user: User, right: str, pk: int) -> RatingForm:
    """Return a rating form that the account was given to fill in; 404 otherwise."""
    assert RIGHTS[right].assigned, right
    found = forms_to_fill(user).select_related(
        "appraisal__cycle__scheme_version__scheme", "appraisal__person", "appraisal__team", "rater"
    )
    form = found.filter(pk=pk).first()
    if form is None:
        raise Http404
    return form


def access_appeal(user: User, right: str, pk: int) -> Appeal:
    """Return an appeal about an appraisal that the account reaches under the right; 404 otherwise."""
    found = Appeal.objects.filter(appraisal__in=appraisals_in_reach(user, right)).select_related(
        "appraisal__cycle__scheme_version__scheme", "appraisal__person", "appraisal__team", "result__run"
    )
    appeal = found.filter(pk=pk).first()
    if appeal is None:
        raise Http404
    return appeal
