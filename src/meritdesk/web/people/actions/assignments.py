"""Joining, transfers, leaving and corrections: who is on which post on which days.

An act locks its person first, so that two of them never leave assignments that overlap; it locks the line of superiors
before it adds to it, so that nobody ends up as their own superior.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import ProtectedError

from meritdesk.language import _
from meritdesk.web.access.actions import Conflict, Refused, action, claim_once, record
from meritdesk.web.access.models import User
from meritdesk.web.people.models import Assignment, Person, Position, Team
from meritdesk.web.people.ranges import circle, day_after, overlap, range_text


@dataclass(frozen=True, kw_only=True)
class Post:
    """What somebody does where, and under whom."""

    team: Team
    position: Position
    superior: Person | None = None
    job_grade: str = ""
    skill_grade: str = ""


@action
def do_hire(
    *, acting_user: User, key: str, name: str, email: str = "", post: Post, valid_from: date, once_key: str
) -> Person:
    """Put somebody new on the roster, on post from a day on. Somebody who comes back is transferred, not hired."""
    claim_once(once_key, acting_user, "person.hire")
    key, name, email = checked_key(key), checked_name(name), checked_email(email)
    known = Person.objects.filter(key__iexact=key).first()
    if known:
        message = _("工号 {key} 已经是“{name}”").format(key=key, name=known.name)
        raise Refused("key-taken", message, _("核对工号；返聘请在其人员页办理调动"), "key")
    person = Person.objects.create(key=key, name=name, email=email)
    assignment = _open(person, post, valid_from, None)
    new = {"key": key, "name": name, "email": email, "assignment": described(assignment)}
    record(acting_user, "person.hire", person, new=new, person=key)
    return person


@action
def do_change_person(*, acting_user: User, person: Person, version: int, name: str, email: str) -> None:
    """Correct somebody's name or address."""
    locked = _lock(person, version)
    old = {"name": locked.name, "email": locked.email}
    locked.name, locked.email = checked_name(name), checked_email(email)
    _touch(locked, "name", "email")
    record(
        acting_user,
        "person.change",
        locked,
        old=old,
        new={"name": locked.name, "email": locked.email},
        person=locked.key,
    )


@action
def do_transfer(
    *, acting_user: User, person: Person, version: int, post: Post, valid_from: date, last_day: date | None = None
) -> Assignment:
    """Move somebody to another post from a day on: the running assignment ends the day before.

    Somebody who had left comes back that day. Refused when a later assignment is already entered.
    """
    locked = _lock(person, version)
    running = _on_post(locked, valid_from)
    old = described(running) if running else None
    end = day_after(last_day)
    if running is not None:
        if running.valid_from == valid_from:
            raise _overlapping(valid_from, end, running, _("这一天已有任职；要改它请用“更正”"))
        if running.valid_to is not None and end is None and not _following(locked, running):
            message = _("已登记离职：{range}").format(range=range_text(running.valid_from, running.valid_to))
            raise Refused("leaving-already", message, _("填写新任职的最后一天，或先撤销离职"), "last_day")
        running.valid_to = valid_from
        running.save(update_fields=["valid_to"])
    assignment = _open(locked, post, valid_from, end)
    _touch(locked)
    record(
        acting_user,
        "person.transfer",
        locked,
        old={"assignment": old} if old else None,
        new={"assignment": described(assignment)},
        person=locked.key,
    )
    return assignment


@action
def do_end(*, acting_user: User, person: Person, version: int, last_day: date) -> None:
    """Note that somebody leaves: `last_day` is the last one on post. Another day given later replaces it."""
    locked = _lock(person, version)
    last = locked.assignments.order_by("-valid_from").first()
    if last is None:
        raise Refused("not-on-post", _("{name}没有任职").format(name=locked.name))
    if last_day < last.valid_from:
        message = _("最后一天 {day} 早于现任职的开始 {first}").format(day=last_day, first=last.valid_from)
        raise Refused("ends-before-it-begins", message, _("改正日期；尚未开始的任职可以撤回"), "last_day")
    old = {"valid_to": last.valid_to}
    last.valid_to = day_after(last_day)
    last.save(update_fields=["valid_to"])
    _touch(locked)
    record(acting_user, "person.end", locked, old=old, new={"valid_to": last.valid_to}, person=locked.key)


@action
def do_stay(*, acting_user: User, person: Person, version: int, reason: str) -> None:
    """Take back that somebody leaves: their last assignment runs on."""
    locked = _lock(person, version)
    reason = _reason(reason)
    last = locked.assignments.order_by("-valid_from").first()
    if last is None or last.valid_to is None:
        raise Refused("not-leaving", _("没有登记离职"), _("请刷新页面"))
    old = {"valid_to": last.valid_to}
    last.valid_to = None
    last.save(update_fields=["valid_to"])
    _touch(locked)
    record(acting_user, "person.stay", locked, old=old, new={"valid_to": None, "reason": reason}, person=locked.key)


@action
def do_change_assignment(
    *,
    acting_user: User,
    assignment: Assignment,
    version: int,
    post: Post,
    valid_from: date,
    last_day: date | None,
    reason: str,
) -> None:
    """Correct an assignment that was entered wrongly; the reason goes into the audit."""
    person = _lock(assignment.person, version)
    reason = _reason(reason)
    locked = Assignment.objects.select_related("team__department", "position", "superior").get(pk=assignment.pk)
    old = described(locked)
    end = day_after(last_day)
    _check_days(person, valid_from, end, but=locked.pk)
    _check_superior(person, post.superior, valid_from, end, but=locked.pk)
    locked.team, locked.position, locked.superior = post.team, post.position, post.superior
    locked.job_grade, locked.skill_grade = post.job_grade, post.skill_grade
    locked.valid_from, locked.valid_to = valid_from, end
    locked.save()
    _touch(person)
    new = {**described(locked), "reason": reason}
    record(acting_user, "assignment.change", locked, old=old, new=new, person=person.key, name=person.name)


@action
def do_withdraw_assignment(*, acting_user: User, assignment: Assignment, version: int, reason: str) -> None:
    """Take an assignment back as if it had never been entered; the one that it ended runs on in its place."""
    person = _lock(assignment.person, version)
    reason = _reason(reason)
    locked = Assignment.objects.select_related("team__department", "position", "superior").get(pk=assignment.pk)
    others = list(person.assignments.exclude(pk=locked.pk).order_by("valid_from"))
    if not others:
        raise Refused("only-assignment", _("这是唯一的一段任职，不能撤回"), _("改用“更正”或“离职”"))
    before = next((other for other in others if other.valid_to == locked.valid_from), None)
    old, name = described(locked), person.name
    try:
        Assignment.objects.filter(pk=locked.pk).delete()
    except ProtectedError as error:
        raise Refused("in-use", _("这段任职已被考核引用，不能撤回"), _("改用“更正”")) from error
    if before is not None:
        before.valid_to = locked.valid_to
        before.save(update_fields=["valid_to"])
    _touch(person)
    record(acting_user, "assignment.withdraw", locked, old=old, new={"reason": reason}, person=person.key, name=name)


@action
def do_change_superior(
    *, acting_user: User, person: Person, version: int, superior: Person | None, valid_from: date
) -> None:
    """Put somebody under another superior from a day on; the post stays."""
    locked = _lock(person, version)
    running = _on_post(locked, valid_from)
    if running is None:
        message = _("{name}在 {day} 没有任职").format(name=locked.name, day=valid_from)
        raise Refused("not-on-post", message, _("选一个任职期间内的日期"), "valid_from")
    old = described(running)
    if running.valid_from == valid_from:
        _check_superior(locked, superior, valid_from, running.valid_to, but=running.pk)
        running.superior = superior
        running.save(update_fields=["superior"])
        changed = running
    else:
        post = Post(
            team=running.team,
            position=running.position,
            superior=superior,
            job_grade=running.job_grade,
            skill_grade=running.skill_grade,
        )
        end, running.valid_to = running.valid_to, valid_from
        running.save(update_fields=["valid_to"])
        changed = _open(locked, post, valid_from, end)
    _touch(locked)
    record(
        acting_user,
        "person.superior",
        locked,
        old={"assignment": old},
        new={"assignment": described(changed)},
        person=locked.key,
    )


# ---- what is checked -------------------------------------------------------------------------------------------------


def checked_key(key: str) -> str:
    """Return a staff key as it is kept; Refused when it is none."""
    key = key.strip()
    if not key or len(key) > 40 or not key.isprintable() or any(sign.isspace() for sign in key):
        raise Refused("bad-key", _("工号为空、过长或含有空格"), _("填写 40 个字以内、不含空格的工号"), "key")
    return key


def checked_name(name: str) -> str:
    """Return a name with single blanks; Refused when it is none."""
    name = " ".join(name.split())
    if not name or len(name) > 80 or not name.isprintable():
        raise Refused("bad-name", _("姓名为空或过长"), _("填写 80 个字以内的姓名"), "name")
    return name


def checked_email(email: str) -> str:
    """Return an address, which may be empty; Refused when it is none."""
    email = email.strip()
    if email:
        try:
            validate_email(email)
        except ValidationError as error:
            message = _("“{email}”不是邮箱地址").format(email=email)
            raise Refused("bad-email", message, _("改正或留空"), "email") from error
    return email


def described(assignment: Assignment) -> dict[str, object]:
    """Return an assignment as the audit keeps it."""
    superior = assignment.superior
    return {
        "department": assignment.team.department.name,
        "team": assignment.team.name,
        "position": assignment.position.code,
        "superior": superior.key if superior else "",
        "job_grade": assignment.job_grade,
        "skill_grade": assignment.skill_grade,
        "valid_from": assignment.valid_from,
        "valid_to": assignment.valid_to,
    }


def _lock(person: Person, version: int) -> Person:
    locked = Person.objects.select_for_update().get(pk=person.pk)
    if locked.version != version:
        raise Conflict(_("{name}的资料刚被别人改过").format(name=locked.name), theirs=locked)
    return locked


def _touch(person: Person, *fields: str) -> None:
    person.version += 1
    person.save(update_fields=[*fields, "version"])


def _reason(reason: str) -> str:
    reason = " ".join(reason.split())
    if not reason:
        raise Refused("no-reason", _("没有写原因"), _("写明为什么更正；原因记入审计"), "reason")
    return reason[:200]


def _on_post(person: Person, day: date) -> Assignment | None:
    """Return the assignment of a day."""
    assignments = person.assignments.select_related("team__department", "position", "superior")
    return next((a for a in assignments if a.valid_from <= day and (a.valid_to is None or a.valid_to > day)), None)


def _following(person: Person, assignment: Assignment) -> bool:
    return person.assignments.filter(valid_from__gte=assignment.valid_to).exists()


def _open(person: Person, post: Post, first: date, end: date | None) -> Assignment:
    _check_days(person, first, end)
    _check_superior(person, post.superior, first, end)
    return Assignment.objects.create(
        person=person,
        team=post.team,
        position=post.position,
        superior=post.superior,
        job_grade=post.job_grade,
        skill_grade=post.skill_grade,
        valid_from=first,
        valid_to=end,
    )


def _check_days(person: Person, first: date, end: date | None, *, but: int = 0) -> None:
    if end is not None and end <= first:
        raise Refused("ends-before-it-begins", _("最后一天早于第一天"), _("改正日期"), "last_day")
    for other in person.assignments.exclude(pk=but).select_related("team", "position"):
        if overlap(first, end, other.valid_from, other.valid_to):
            raise _overlapping(first, end, other, _("改正日期，使各段首尾相接"))


def _overlapping(first: date, end: date | None, other: Assignment, fix: str) -> Refused:
    message = _("{new} 与已有的任职 {old}（{team} {position}）重叠").format(
        new=range_text(first, end),
        old=range_text(other.valid_from, other.valid_to),
        team=other.team.name,
        position=other.position.title,
    )
    return Refused("assignments-overlap", message, fix, "valid_from")


def _check_superior(person: Person, superior: Person | None, first: date, end: date | None, *, but: int = 0) -> None:
    """Refuse a superior who is oneself, is under oneself, or is not on post on any of the days."""
    if superior is None:
        return
    if superior.pk == person.pk:
        raise Refused("own-superior", _("不能做自己的直接上级"), _("选择另一个人"), "superior")
    ranges = superior.assignments.values_list("valid_from", "valid_to")
    if not any(overlap(first, end, since, until) for since, until in ranges):
        days = range_text(first, end)
        message = _("{name}在 {days} 没有任职，不能做直接上级").format(name=superior.name, days=days)
        raise Refused("superior-not-on-post", message, _("选择这段时间在职的人"), "superior")
    line = _line(person, superior)
    list(Person.objects.select_for_update().filter(pk__in=line).order_by("pk"))
    path = circle(_edges(but), person.pk, superior.pk, first, end)
    if path:
        names = dict(Person.objects.filter(pk__in=path).values_list("pk", "name"))
        chain = " → ".join([person.name, *(names[pk] for pk in path)])
        message = _("上级关系成了一个圈：{chain}").format(chain=chain)
        raise Refused("circle", message, _("选择不在其下属中的人"), "superior")


def _edges(but: int) -> dict[int, list[tuple[int, date, date | None]]]:
    edges: dict[int, list[tuple[int, date, date | None]]] = {}
    rows = Assignment.objects.exclude(pk=but).exclude(superior=None)
    for person, superior, since, until in rows.values_list("person", "superior", "valid_from", "valid_to"):
        assert superior is not None
        edges.setdefault(person, []).append((superior, since, until))
    return edges


def _line(person: Person, superior: Person) -> set[int]:
    """Return everybody above `superior` on any day: who must not move while `person` is put below."""
    edges = _edges(0)
    found, waiting = {person.pk}, [superior.pk]
    while waiting:
        above = waiting.pop()
        if above not in found:
            found.add(above)
            waiting += [pk for pk, _since, _until in edges.get(above, ())]
    return found
