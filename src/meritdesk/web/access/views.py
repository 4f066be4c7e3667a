"""Pages of accounts, delegation and audit: parse, call, render."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from django.contrib import messages
from django.core.cache import cache
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from meritdesk.errors import Problem
from meritdesk.language import _
from meritdesk.web.access import account_actions as acts
from meritdesk.web.access import queries
from meritdesk.web.access.actions import TITLES, Refused
from meritdesk.web.access.chain import Check, check_chain
from meritdesk.web.access.delegation_actions import (
    arranges_for_others,
    do_arrange_delegation,
    do_end_delegation,
)
from meritdesk.web.access.forms import AccountForm, DelegationForm, GrantForm
from meritdesk.web.access.models import AuditEntry, User
from meritdesk.web.access.rights import Role
from meritdesk.web.ui.tables import Column, Empty, make_table

ROWS = 50


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


# ---- accounts --------------------------------------------------------------------------------------------------------


def accounts(request: HttpRequest) -> HttpResponse:
    """List the accounts."""
    table = make_table(
        request,
        queries.all_accounts(),
        columns=[
            Column(key="username", title=_("账号"), order=("username",), filter="username__icontains"),
            Column(key="name", title=_("姓名"), order=("name",), filter="name__icontains"),
            Column(key="person", title=_("工号"), order=("person__key",), filter="person__key__icontains", phone=False),
            Column(key="role", title=_("角色"), filter="grants__role", choices=_roles()),
            Column(key="factor", title=_("动态验证码"), phone=False),
            Column(key="signed_in", title=_("最近登录"), order=("last_login",), phone=False),
            Column(key="state", title=_("状态"), filter="is_active", choices=[("1", _("使用中")), ("0", _("已停用"))]),
        ],
        row_template="access/account_row.html",
        empty=Empty(title=_("还没有账号"), icon="users"),
        sort="username",
    )
    waiting = queries.people_without_account().count()
    return render(request, "access/accounts.html", {"table": table, "waiting": waiting})


def _roles() -> list[tuple[str, str]]:
    return [(role.value, str(role.label)) for role in Role if role is not Role.AGENT]


def new_account(request: HttpRequest) -> HttpResponse:
    """Make an account and show its one-time password, once."""
    form = AccountForm(request.POST or None)
    problems: Sequence[Problem] = ()
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        person = queries.person_by_key(values["person_key"]) if values["person_key"] else None
        try:
            made = acts.do_create_account(
                acting_user=_user(request), username=values["username"], name=values["name"], person=person,
                email=values["email"], once=request.POST.get("once", ""),
            )  # fmt: skip
            return _show_once(request, [made])
        except Refused as refused:
            problems = refused.problems
    status = 422 if request.method == "POST" else 200
    return render(request, "access/account_new.html", {"form": form, "problems": problems}, status=status)


def accounts_for_people(request: HttpRequest) -> HttpResponse:
    """Make accounts for people of the roster who have none."""
    problems: Sequence[Problem] = ()
    if request.method == "POST":
        ids = [int(text) for text in request.POST.getlist("ids") if text.isdecimal() and len(text) < 19]
        try:
            made = acts.do_create_accounts_for_people(
                acting_user=_user(request), person_ids=ids, once=request.POST.get("once", "")
            )
            return _show_once(request, made)
        except Refused as refused:
            problems = refused.problems
    table = make_table(
        request,
        queries.with_present_post(queries.people_without_account()),
        columns=[
            Column(key="key", title=_("工号"), order=("key",), filter="key__icontains"),
            Column(key="name", title=_("姓名"), order=("name",), filter="name__icontains"),
            Column(key="team", title=_("班组"), order=("team_name",), filter="team_name__icontains", phone=False),
            Column(key="post", title=_("岗位"), order=("post_title",), filter="post_title__icontains", phone=False),
        ],
        row_template="access/person_row.html",
        empty=Empty(title=_("在册人员都已有账号"), icon="check"),
        sort="key",
        choosing=True,
    )
    context = {"table": table, "problems": problems, "at_once": acts.AT_ONCE}
    return render(request, "access/accounts_for_people.html", context, status=422 if problems else 200)


def _show_once(request: HttpRequest, made: list[tuple[User, str]]) -> HttpResponse:
    return render(request, "access/one_time_passwords.html", {"made": made})


def account(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one account."""
    return _account(request, queries.access_account(_user(request), pk))


def _account(request: HttpRequest, shown: User, problems: Sequence[Problem] = (), status: int = 200) -> HttpResponse:
    context = {
        "shown": shown,
        "form": GrantForm(request.POST if "role" in request.POST else None),
        "scopes": queries.scopes(),
        "problems": problems,
        "own": shown.pk == _user(request).pk,
        "standing_in": queries.stands_in_for(shown),
        "stood_in_by": queries.stood_in_by(shown),
    }
    return render(request, "access/account.html", context, status=status)


def _act(request: HttpRequest, pk: int, act: Callable[[User], object], done: str) -> HttpResponse:
    """Do something to an account and return to it; what was refused is shown there."""
    shown = queries.access_account(_user(request), pk)
    try:
        act(shown)
    except Refused as refused:
        return _account(request, shown, refused.problems, 422)
    messages.success(request, done)
    return redirect("account", pk=pk)


def grant_role(request: HttpRequest, pk: int) -> HttpResponse:
    """Give the account a role."""
    form = GrantForm(request.POST)
    shown = queries.access_account(_user(request), pk)
    if not form.is_valid():
        return _account(request, shown, status=422)
    department, team = queries.scope_of(form.cleaned_data["scope"])

    def act(user: User) -> object:
        role = form.cleaned_data["role"]
        return acts.do_grant_role(acting_user=_user(request), user=user, role=role, department=department, team=team)

    return _act(request, pk, act, _("角色已授予"))


def revoke_role(request: HttpRequest, pk: int, grant: int) -> HttpResponse:
    """Take a role back."""
    found = queries.access_grant(_user(request), pk, grant)
    return _act(request, pk, lambda user: acts.do_revoke_role(acting_user=_user(request), grant=found), _("角色已收回"))


def close_account(request: HttpRequest, pk: int) -> HttpResponse:
    """Close the account."""
    return _act(request, pk, lambda user: acts.do_deactivate(acting_user=_user(request), user=user), _("账号已停用"))


def open_account(request: HttpRequest, pk: int) -> HttpResponse:
    """Open the account again."""
    return _act(request, pk, lambda user: acts.do_activate(acting_user=_user(request), user=user), _("账号已启用"))


def reset_password(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a one-time password, once."""
    shown = queries.access_account(_user(request), pk)
    return _show_once(request, [(shown, acts.do_reset_password(acting_user=_user(request), user=shown))])


def reset_second_factor(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the second factor off and show a one-time password, once."""
    shown = queries.access_account(_user(request), pk)
    try:
        password = acts.do_reset_second_factor(acting_user=_user(request), user=shown)
    except Refused as refused:
        return _account(request, shown, refused.problems, 422)
    return _show_once(request, [(shown, password)])


# ---- standing in -----------------------------------------------------------------------------------------------------


def delegations(request: HttpRequest) -> HttpResponse:
    """Show who stands in for whom, and arrange it."""
    user = _user(request)
    for_others = arranges_for_others(user)
    form = DelegationForm(request.POST or None, user=user, for_others=for_others)
    problems: Sequence[Problem] = ()
    if request.method == "POST" and form.is_valid():
        try:
            once = request.POST.get("once", "")
            do_arrange_delegation(**{"acting_user": user, "absent": user, **form.cleaned_data, "once": once})
            messages.success(request, _("代办已安排"))
            return redirect("delegations")
        except Refused as refused:
            problems = refused.problems
    page = Paginator(queries.visible_delegations(user), ROWS).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "problems": problems,
        "page": page,
        "for_others": for_others,
        "today": timezone.localdate(),
    }
    return render(request, "access/delegations.html", context, status=422 if request.method == "POST" else 200)


def end_delegation(request: HttpRequest, pk: int) -> HttpResponse:
    """End a delegation now."""
    delegation = queries.access_delegation(_user(request), pk)
    try:
        do_end_delegation(acting_user=_user(request), delegation=delegation)
        messages.success(request, _("代办已结束"))
    except Refused as refused:
        messages.error(request, refused.problems[0].message)
    return redirect("delegations")


# ---- audit -----------------------------------------------------------------------------------------------------------

CHECKED = "audit-checked"
FILTERS = ("person", "actor", "action", "target", "from", "to")


def audit(request: HttpRequest) -> HttpResponse:
    """Show the audit entries, the newest first, and how far the chain was checked."""
    filters = {name: request.GET.get(name, "").strip() for name in FILTERS}
    page = Paginator(queries.audit_entries(filters), ROWS).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "entries": [_shown(entry) for entry in page],
        "filters": filters,
        "filtered": any(filters.values()),
        "actions": queries.action_choices(),
        "checked": cache.get(CHECKED),
    }
    return render(request, "access/audit.html", context)


def check_audit(request: HttpRequest) -> HttpResponse:
    """Check the whole chain now."""
    check: Check = check_chain(remember=True)
    cache.set(CHECKED, check, None)
    return redirect("audit")


def _shown(entry: AuditEntry) -> dict[str, object]:
    """Return an entry with its values as rows: field, before, after."""
    old = json.loads(entry.old) if entry.old else {}
    new = json.loads(entry.new) if entry.new else {}
    rows = [(name, _text(old.get(name)), _text(new.get(name))) for name in sorted({*old, *new})]
    return {"entry": entry, "title": TITLES.get(entry.action, entry.action), "rows": rows}


def _text(value: object) -> str:
    if value is None or value == "":
        return "—"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
