"""Doors to calibration cases, decisions and corrections: what lies outside the reach of the right does not exist."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import Http404

from meritdesk.web.access.models import User
from meritdesk.web.cycles.models import Adjustment, Appeal, CalibrationCase, Correction
from meritdesk.web.cycles.queries.doors import appraisals_in_reach


def access_case(user: User, right: str, pk: int) -> CalibrationCase:
    """Return a calibration case about somebody the account reaches, never about itself; 404 otherwise."""
    found = CalibrationCase.objects.filter(appraisal__in=appraisals_in_reach(user, right)).select_related(
        "appraisal__person", "appraisal__team", "cycle__scheme_version__scheme", "cycle__run", "decided_by"
    )
    case = found.filter(pk=pk).first()
    if case is None:
        raise Http404
    return case


def access_adjustment(user: User, right: str, pk: int) -> Adjustment:
    """Return a decision about somebody the account reaches, never about itself; 404 otherwise."""
    found = Adjustment.objects.filter(appraisal__in=appraisals_in_reach(user, right)).select_related(
        "appraisal__person", "appraisal__cycle"
    )
    adjustment = found.filter(pk=pk).first()
    if adjustment is None:
        raise Http404
    return adjustment


def corrections_in_reach(user: User, right: str) -> QuerySet[Correction]:
    """Return the corrections about those the account reaches, newest first."""
    found = Correction.objects.filter(appraisal__in=appraisals_in_reach(user, right)).select_related(
        "appraisal__person", "appraisal__team", "appraisal__cycle__scheme_version__scheme", "appeal", "before",
        "after__run", "proposed_by", "approved_by",
    )  # fmt: skip
    return found.defer("before__document", "after__document").order_by("-pk")


def access_correction(user: User, right: str, pk: int) -> Correction:
    """Return a correction about somebody the account reaches, never about itself; 404 otherwise."""
    correction = corrections_in_reach(user, right).filter(pk=pk).first()
    if correction is None:
        raise Http404
    return correction


def appeals_in_reach(user: User, right: str) -> QuerySet[Appeal]:
    """Return the appeals of those the account reaches."""
    found = Appeal.objects.filter(appraisal__in=appraisals_in_reach(user, right))
    return found.select_related("appraisal__person", "appraisal__team", "appraisal__cycle", "decider", "result").defer(
        "result__document"
    )
