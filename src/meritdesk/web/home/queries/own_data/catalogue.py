"""Every field of every model: copied for the person it concerns, or left out for a stated reason.

A test walks them all. `CONCERNS` says how a row leads to the person and why a field of it is not copied;
`NOT_PERSONAL` names the models that concern nobody as a person.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from meritdesk.web.access.models import User
from meritdesk.web.ui.text import lazy

TECHNICAL = lazy("技术字段，不说明任何人")
SECRET = lazy("保密凭据，只用来验证身份")
ACT = lazy("属于公司事务；本人做过的操作列在审计记录里")
PROTECTS = lazy("保护匿名评分人和其他人")
SHOWN_ELSEWHERE = lazy("已列在结果的评价表里，匿名评分人受保护")
POINTER = lazy("指向另一条已列出的记录")

Condition = Callable[[User], Q]


@dataclass(frozen=True, kw_only=True)
class Concern:
    """How the rows of a model concern a person: `rows` picks theirs, `fields` are copied, `left` are not."""

    title: Any
    rows: Condition
    fields: tuple[str, ...]
    left: Mapping[str, Any] = field(default_factory=dict)


def _person(path: str) -> Condition:
    return lambda user: Q(**{path: user.person_id}) if user.person_id else Q(pk__in=[])


def _published(path: str, to_cycle: str) -> Condition:
    """Rows about the person in cycles that are published: what is not yet decided is nobody's to read."""
    return lambda user: (
        Q(**{path: user.person_id, f"{to_cycle}__published_at__isnull": False}) if user.person_id else Q(pk__in=[])
    )


def _user(path: str) -> Condition:
    return lambda user: Q(**{path: user.pk})


BY_RATERS = ("rating.", "calibration.compare", "attachment.")
"""Acts whose time, order or file name would tell who an anonymous rater is."""


def _acted(user: User) -> Q:
    """Audit entries of what the account did, and of what was done about the person, except by raters."""
    about = Q(person=user.person.key) if user.person is not None else Q(pk__in=[])
    for start in BY_RATERS:
        about &= ~Q(action__startswith=start)
    return Q(actor=user.username) | Q(absent=user.username) | about


def _own_files(user: User) -> Q:
    """Files that the person handed in about themselves."""
    own = Q(self_appraisal__appraisal__person=user.person_id) | Q(appeal__appraisal__person=user.person_id)
    return own if user.person_id else Q(pk__in=[])


def _own_forms(prefix: str) -> Condition:
    """Ratings that people gave themselves."""
    return lambda user: (
        Q(**{f"{prefix}rater": user.person_id, f"{prefix}appraisal__person": user.person_id})
        if user.person_id
        else Q(pk__in=[])
    )


ID = {"id": TECHNICAL}
VERSIONED = {"id": TECHNICAL, "version": TECHNICAL}
C = Concern
CONCERNS: Mapping[str, Concern] = {
    "access.User": C(
        title=lazy("账号"), rows=lambda user: Q(pk=user.pk),
        fields=("username", "name", "email", "person", "is_active", "must_change_password", "language", "created_at",
                "last_login"),
        left=ID | {"password": SECRET},
    ),
    "access.RoleGrant": C(title=lazy("角色"), rows=_user("user"), fields=("role", "department", "team"),
                          left=ID | {"user": POINTER}),
    "access.Delegation": C(
        title=lazy("代办"), rows=lambda user: Q(absent=user.pk) | Q(delegate=user.pk),
        fields=("absent", "delegate", "first_day", "last_day", "reason", "ended_at"), left=ID,
    ),
    "access.AuditEntry": C(
        title=lazy("审计记录"), rows=_acted, fields=("sequence", "at", "action", "target_type", "target_name"),
        left={"actor": PROTECTS, "actor_name": PROTECTS, "absent": PROTECTS, "absent_name": PROTECTS,
              "person": POINTER, "old": PROTECTS, "new": PROTECTS, "target_id": TECHNICAL,
              "previous_hash": TECHNICAL, "hash": TECHNICAL},
    ),
    "account.EmailAddress": C(title=lazy("邮箱"), rows=_user("user"), fields=("email", "verified", "primary"),
                              left=ID | {"user": POINTER}),
    "mfa.Authenticator": C(title=lazy("两步验证"), rows=_user("user"), fields=("type", "created_at", "last_used_at"),
                           left=ID | {"user": POINTER, "data": SECRET}),
    "people.Person": C(title=lazy("人员"), rows=_person("pk"), fields=("key", "name", "email"), left=VERSIONED),
    "people.Assignment": C(
        title=lazy("任职"), rows=_person("person"),
        fields=("team", "position", "superior", "job_grade", "skill_grade", "valid_from", "valid_to"),
        left=ID | {"person": POINTER},
    ),
    "cycles.RosterEntry": C(
        title=lazy("考核名册"), rows=_person("person"),
        fields=("cycle", "name", "department", "team_name", "position", "superior", "job_grade", "skill_grade",
                "valid_from", "valid_to"),
        left=ID | {"person": POINTER},
    ),
    "cycles.Appraisal": C(
        title=lazy("考核"), rows=_person("person"),
        fields=("cycle", "team", "superior", "position", "state", "scheme_hash", "appeal_until"),
        left=VERSIONED | {"person": POINTER, "result": POINTER},
    ),
    "cycles.Target": C(
        title=lazy("目标"), rows=_person("appraisal__person"),
        fields=("appraisal", "indicator", "value", "baseline", "proposed_by", "agreed_at", "remark"), left=ID,
    ),
    "cycles.SelfAppraisal": C(
        title=lazy("自评"), rows=_person("appraisal__person"),
        fields=("appraisal", "results", "gaps", "support", "submitted_at"), left=VERSIONED,
    ),
    "cycles.RatingForm": C(
        title=lazy("给自己的评分"), rows=_own_forms(""),
        fields=("appraisal", "role", "rater", "segment_from", "day", "state", "submitted_at"),
        left=VERSIONED | {"invitation": SHOWN_ELSEWHERE, "submitted_by": SHOWN_ELSEWHERE},
    ),
    "cycles.RatingItem": C(
        title=lazy("给自己的评分项"), rows=_own_forms("form__"), fields=("indicator", "level", "score", "remark"),
        left=ID | {"form": POINTER},
    ),
    "cycles.Note": C(
        title=lazy("平时记录"), rows=_person("person"),
        fields=("day", "text", "indicator", "author", "created_at", "withdrawn_at"), left=ID | {"person": POINTER},
    ),
    "cycles.Attachment": C(
        title=lazy("附件"), rows=_own_files, fields=("name", "sha256", "size_bytes", "uploaded_at"),
        left=ID | {"uploaded_by": POINTER, "note": POINTER, "form": POINTER, "self_appraisal": POINTER,
                   "appeal": POINTER},
    ),
    "cycles.Result": C(
        title=lazy("结果"), rows=_published("appraisal__person", "appraisal__cycle"),
        fields=("appraisal", "run", "document", "content_hash", "state", "total", "grade", "grade_title",
                "coefficient", "days", "rank", "rank_of"),
        left=ID,
    ),
    "cycles.CalibrationCase": C(
        title=lazy("校准"), rows=_published("appraisal__person", "cycle"),
        fields=("appraisal", "segment_from", "indicators", "outcome", "reason", "decided_by", "decided_at"),
        left=VERSIONED | {"cycle": POINTER, "first_role": PROTECTS, "first_rater": PROTECTS, "first_total": PROTECTS,
                          "second_role": PROTECTS, "second_rater": PROTECTS, "second_total": PROTECTS},
    ),
    "cycles.Adjustment": C(
        title=lazy("裁定的得分"), rows=_published("appraisal__person", "appraisal__cycle"),
        fields=("appraisal", "indicator", "score", "day", "kind", "reason", "decided_by", "decided_at", "replaced"),
        left=ID | {"case": POINTER, "appeal": POINTER, "replaces": POINTER},
    ),
    "cycles.Interview": C(
        title=lazy("面谈"), rows=_published("appraisal__person", "appraisal__cycle"),
        fields=("appraisal", "held_on", "agenda", "notes", "superior_confirmed_at", "superior_confirmed_by",
                "employee_confirmed_at"),
        left=VERSIONED,
    ),
    "cycles.PlanItem": C(
        title=lazy("约定"), rows=_published("interview__appraisal__person", "interview__appraisal__cycle"),
        fields=("text", "owner", "due"), left=ID | {"interview": POINTER},
    ),
    "cycles.Signature": C(
        title=lazy("签字"), rows=_person("appraisal__person"),
        fields=("appraisal", "content_hash", "outcome", "by", "remark", "at"), left=ID | {"result": POINTER},
    ),
    "cycles.Appeal": C(
        title=lazy("申诉"), rows=_person("appraisal__person"),
        fields=("appraisal", "grounds", "indicators", "filed_at", "due_at", "state", "decider", "answer",
                "decided_at"),
        left=VERSIONED | {"result": POINTER},
    ),
    "cycles.Correction": C(
        title=lazy("更正"),
        rows=lambda user: Q(appraisal__person=user.person_id, state="posted") if user.person_id else Q(pk__in=[]),
        fields=("appraisal", "total_difference", "coefficient_difference", "above_quota", "reason", "state",
                "proposed_by", "approved_by", "proposed_at", "posted_at"),
        left=ID | {"appeal": POINTER, "before": POINTER, "after": POINTER, "decisions": POINTER},
    ),
    "cycles.Notice": C(title=lazy("通知"), rows=_user("user"), fields=("cycle", "text", "url", "due", "at", "read_at"),
                       left=ID | {"user": POINTER}),
    "jobs.Job": C(
        title=lazy("后台任务"), rows=_user("asked_by"),
        fields=("kind", "title", "state", "created_at", "started_at", "ended_at"),
        left=ID | {"arguments": ACT, "step": TECHNICAL, "done": TECHNICAL, "total": TECHNICAL, "problems": ACT,
                   "result": ACT, "next_url": TECHNICAL, "asked_by": POINTER, "attempts": TECHNICAL,
                   "beat_at": TECHNICAL},
    ),
}  # fmt: skip

NOT_PERSONAL: Mapping[str, Any] = {
    "auth.Permission": TECHNICAL,
    "auth.Group": TECHNICAL,
    "auth.Group_permissions": TECHNICAL,
    "contenttypes.ContentType": TECHNICAL,
    "sessions.Session": SECRET,
    "django_tasks_database.DBTaskResult": TECHNICAL,
    "account.EmailConfirmation": SECRET,
    "access.AuditHead": TECHNICAL,
    "access.OnceKey": TECHNICAL,
    "access.SignInFailure": SECRET,
    "jobs.RoutineRun": TECHNICAL,
    "jobs.WorkerBeat": TECHNICAL,
    "people.Department": ACT,
    "people.Team": ACT,
    "people.Position": ACT,
    "people.CalendarDay": ACT,
    "people.CoveredYear": ACT,
    "schemes.Scheme": ACT,
    "schemes.SchemeVersion": ACT,
    "cycles.Cycle": ACT,
    "cycles.RaterPlan": ACT,
    "cycles.RaterPlan_people": ACT,
    "cycles.DataFile": ACT,
    "cycles.PanelReview": ACT,
    "cycles.Run": ACT,
    "cycles.Archive": ACT,
    "cycles.Invitation": lazy("受邀的客户代表，没有账号；由人事按请求提供"),
}
