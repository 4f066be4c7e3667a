"""What each event table holds: columns, types, units and keys.

Everything after ingest rests on these tables and on nothing else. All numbers are int64, so that no engine's
float, decimal or time rules matter:

- ``text``    a string, trimmed, never empty (missing is null)
- ``integer`` a whole number in the unit named
- ``flag``    0 or 1
- ``time``    seconds since 1970-01-01T00:00Z (UTC)
- ``day``     days since 1970-01-01 in the business time zone
- ``hundredths``  a number with two decimals, as an integer of 0.01 (scores) or fen (money)

Every fact table has `day`, the business day the fact counts for, `excluded` (null, or the reason why a checked
fact is left out of every metric, R4.6), and `source` (batch file and row) that leads back to the record.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Literal

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.language import _

ColumnType = Literal["text", "integer", "flag", "time", "day", "hundredths"]


@dataclass(frozen=True)
class Column:
    """One column: `required` columns may not be missing in a row; `choices` closes a text column."""

    name: str
    type: ColumnType
    doc: str
    required: bool = False
    choices: tuple[str, ...] = ()

    @property
    def unit(self) -> str:
        """Return the unit of a number in the reader's language; empty for what has none."""
        if self.name.endswith("_seconds"):
            return _("秒")
        if self.type == "hundredths":
            return _("元") if "fen" in self.doc else _("分值")
        return _("指标单位的 1/10000") if "1/10000" in self.doc else ""


@dataclass(frozen=True)
class Contract:
    """One table. `key` columns identify a row: the same key twice is a duplicate. `person` columns name people."""

    name: str
    doc: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    people: tuple[str, ...] = ("person",)
    fact: bool = True
    names: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        extra = (
            (
                Column("day", "day", "business day the fact counts for", required=True),
                Column("excluded", "text", "reason why the fact is left out of every metric"),
            )
            if self.fact and "day" not in {c.name for c in self.columns}
            else ()
        )
        columns = (*self.columns, *extra, Column("source", "text", "batch file and row the record came from"))
        object.__setattr__(self, "columns", columns)
        object.__setattr__(self, "names", tuple(c.name for c in columns))

    def column(self, name: str) -> Column:
        """Return the column called `name`; KeyError if the table has none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def missing(self, column: str) -> str:
        """Return what to tell someone whose file or mapping lacks a required column: all that the table can hold."""
        return _("缺少必填列 {name}；数据表 {table} 的必填列：{required}；可选列：{optional}").format(
            name=column,
            table=self.name,
            required="、".join(c.name for c in self.columns if c.required),
            optional="、".join(c.name for c in self.columns if not c.required and c.name != "source"),
        )


OUTCOMES = ("answered", "abandoned", "missed", "busy", "closed", "full", "diverted", "no_agent")

_PERSON = Column("person", "text", "staff key of the person credited")
_CONTACT = Column("contact_id", "text", "contact the fact belongs to")

PEOPLE = Contract(
    "people",
    "Assignments: one row per person and post, valid on the days [valid_from, valid_to).",
    key=("person", "valid_from"),
    columns=(
        Column("person", "text", "staff key", required=True),
        Column("name", "text", "name as written"),
        Column("department", "text", "department"),
        Column("team", "text", "team (班组)"),
        Column("position", "text", "position id, as in the scheme", required=True),
        Column("superior", "text", "staff key of the direct superior"),
        Column("job_grade", "text", "job grade (岗位等级)"),
        Column("skill_grade", "text", "skill grade (技能等级)"),
        Column("valid_from", "day", "first day on the post", required=True),
        Column("valid_to", "day", "first day no longer on the post; null: still on it"),
    ),
    people=("person", "superior"),
    fact=False,
)

CONTACTS = Contract(
    "contacts",
    "Calls, chats and tickets. Durations in seconds. A time or duration a system does not record is null, never 0.",
    key=("contact_id",),
    columns=(
        Column("contact_id", "text", "id, unique over all sources", required=True),
        Column("person", "text", "who handled it (last agent to reply or talk)"),
        Column("assignee", "text", "who it was assigned to"),
        Column("closer", "text", "who closed it"),
        Column("customer", "text", "customer key"),
        Column("channel", "text", "phone, chat, email, ticket …"),
        Column("queue", "text", "queue or skill group"),
        Column("topic", "text", "subject category"),
        Column("direction", "text", "who started it", choices=("inbound", "outbound")),
        Column("outcome", "text", "how it ended in the queue", choices=OUTCOMES),
        Column("created_at", "time", "when the customer came in", required=True),
        Column("answered_at", "time", "when a person took it"),
        Column("first_reply_at", "time", "first reply by a person"),
        Column("resolved_at", "time", "when it was solved"),
        Column("ended_at", "time", "when the contact ended"),
        Column("wait_seconds", "integer", "time in queue until answered or given up"),
        Column("talk_seconds", "integer", "talk time"),
        Column("hold_seconds", "integer", "time on hold"),
        Column("wrap_seconds", "integer", "after-call work"),
        Column("handle_seconds", "integer", "handle time; by default talk + hold + wrap"),
        Column("first_reply_business_seconds", "integer", "created → first reply inside business hours"),
        Column("resolution_business_seconds", "integer", "created → resolved inside business hours"),
        Column("resolved", "flag", "solved, as recorded by the source"),
        Column("transferred", "flag", "passed on to somebody else"),
        Column("reopened", "flag", "opened again after it was solved"),
    ),
    people=("person", "assignee", "closer"),
)

TURNS = Contract(
    "turns",
    "Single messages of a contact, in order.",
    key=("contact_id", "sequence"),
    columns=(
        Column("contact_id", "text", "contact", required=True),
        Column("sequence", "integer", "position in the contact, from 1", required=True),
        Column("author", "text", "who wrote it", required=True, choices=("customer", "agent", "bot", "system")),
        _PERSON,
        Column("sent_at", "time", "when it was sent", required=True),
    ),
)

SURVEYS = Contract(
    "surveys",
    "Answers of customers.",
    key=("survey_id",),
    columns=(
        Column("survey_id", "text", "id", required=True),
        _CONTACT,
        _PERSON,
        Column("customer", "text", "customer key"),
        Column("kind", "text", "question asked", required=True, choices=("csat", "nps", "ces")),
        Column("score", "integer", "answer", required=True),
        Column("full", "integer", "best possible answer on this scale", required=True),
        Column("answered_at", "time", "when it was answered"),
    ),
)

REVIEWS = Contract(
    "reviews",
    "QA reviews of one contact (质检评分).",
    key=("review_id",),
    columns=(
        Column("review_id", "text", "id", required=True),
        _CONTACT,
        _PERSON,
        Column("reviewer", "text", "staff key of the QA specialist"),
        Column("scorecard", "text", "scorecard used"),
        Column("score", "hundredths", "points given", required=True),
        Column("full", "hundredths", "points possible", required=True),
        Column("critical_errors", "integer", "number of critical errors"),
        Column("note", "text", "what the reviewer wrote"),
    ),
    people=("person", "reviewer"),
)

COMPLAINTS = Contract(
    "complaints",
    "Complaints of customers; `upheld` stays null until decided.",
    key=("complaint_id",),
    columns=(
        Column("complaint_id", "text", "id", required=True),
        _CONTACT,
        _PERSON,
        Column("customer", "text", "customer key"),
        Column("nature", "text", "what it is about"),
        Column("upheld", "flag", "found justified"),
        Column("received_at", "time", "when it came in"),
        Column("resolved_at", "time", "when it was settled"),
    ),
)

VIOLATIONS = Contract(
    "violations",
    "Breaches of rules, by violation code.",
    key=("violation_id",),
    columns=(
        Column("violation_id", "text", "id", required=True),
        Column("person", "text", "staff key", required=True),
        Column("code", "text", "violation code, as in the scheme", required=True),
        Column("count", "integer", "how often; 1 if the source names each", required=True),
        _CONTACT,
        Column("note", "text", "what happened"),
    ),
)

ORDERS = Contract(
    "orders",
    "Orders led to or handled. Money in fen.",
    key=("order_id",),
    columns=(
        Column("order_id", "text", "id", required=True),
        _CONTACT,
        _PERSON,
        Column("customer", "text", "customer key"),
        Column("inquiry_at", "time", "when the customer first asked"),
        Column("ordered_at", "time", "when the order was placed"),
        Column("paid_at", "time", "when it was paid; null: not paid"),
        Column("shipped_at", "time", "when it was dispatched"),
        Column("amount", "hundredths", "amount paid, fen"),
        Column("refunded", "hundredths", "amount paid back, fen"),
        Column("wrong", "flag", "entered or shipped wrongly (错单)"),
    ),
)

ATTENDANCE = Contract(
    "attendance",
    "One row per person and day.",
    key=("person", "day"),
    columns=(
        Column("person", "text", "staff key", required=True),
        Column("day", "day", "business day", required=True),
        Column("scheduled_seconds", "integer", "planned working time"),
        Column("worked_seconds", "integer", "time present"),
        Column("login_seconds", "integer", "time signed in to the phone or chat"),
        Column("busy_seconds", "integer", "time handling contacts"),
        Column("adherent_seconds", "integer", "time in the state that was planned"),
        Column("late", "flag", "came late or left early"),
        Column("absent", "flag", "absent without leave"),
        Column("excluded", "text", "reason why the day is left out"),
    ),
)

EXAMS = Contract(
    "exams",
    "Exams taken.",
    key=("exam_id",),
    columns=(
        Column("exam_id", "text", "id", required=True),
        Column("person", "text", "staff key", required=True),
        Column("subject", "text", "what was examined"),
        Column("score", "hundredths", "points reached"),
        Column("full", "hundredths", "points possible"),
        Column("level", "integer", "level reached, from 1"),
    ),
)

PLANS = Contract(
    "plans",
    "Items of work plans (weekly, monthly, yearly) with what was planned and done.",
    key=("plan_id",),
    columns=(
        Column("plan_id", "text", "id", required=True),
        Column("person", "text", "staff key", required=True),
        Column("kind", "text", "whose plan", choices=("week", "month", "year", "improvement", "report")),
        Column("planned", "integer", "amount planned", required=True),
        Column("completed", "integer", "amount done", required=True),
        Column("on_time", "flag", "done by the date agreed"),
    ),
)

EVENTS = Contract(
    "events",
    "Anything counted that earns or costs points and has no table of its own (help given, ideas, reports).",
    key=("event_id",),
    columns=(
        Column("event_id", "text", "id", required=True),
        Column("person", "text", "staff key", required=True),
        Column("kind", "text", "what was counted", required=True),
        Column("count", "integer", "how often", required=True),
        Column("note", "text", "what happened"),
    ),
)

REQUESTS = Contract(
    "requests",
    "Requests of other departments to a person, until the first useful answer (R4.10 跨部门响应).",
    key=("request_id",),
    columns=(
        Column("request_id", "text", "id", required=True),
        Column("person", "text", "staff key of who was asked", required=True),
        _CONTACT,
        Column("department", "text", "department that asked"),
        Column("received_at", "time", "when the request came in", required=True),
        Column("answered_at", "time", "when it was answered; null: not yet"),
    ),
)

WAGES = Contract(
    "wages",
    "What a person was paid, for figures of output per yuan of wage (R2g). Fen.",
    key=("wage_id",),
    columns=(
        Column("wage_id", "text", "id", required=True),
        Column("person", "text", "staff key", required=True),
        Column("amount", "hundredths", "amount paid, fen", required=True),
    ),
)

TARGETS = Contract(
    "targets",
    "Targets agreed per person and indicator, with the baseline of goals stated as a change (R4.3).",
    key=("person", "indicator", "valid_from"),
    columns=(
        Column("person", "text", "staff key", required=True),
        Column("indicator", "text", "indicator id, as in the scheme", required=True),
        Column("value", "integer", "target in 1/10000 of the indicator's unit"),
        Column("baseline", "integer", "baseline in 1/10000 of the indicator's unit"),
        Column("valid_from", "day", "first day", required=True),
        Column("valid_to", "day", "first day no longer valid"),
    ),
    fact=False,
)

RATINGS = Contract(
    "ratings",
    "Judgements of people on an indicator.",
    key=("person", "indicator", "role", "rater", "day"),
    columns=(
        Column("person", "text", "who is rated", required=True),
        Column("indicator", "text", "indicator id, as in the scheme", required=True),
        Column("role", "text", "role of the rater, as in the scheme", required=True),
        Column("rater", "text", "staff key of the rater", required=True),
        Column("level", "integer", "level chosen on the rubric"),
        Column("score", "hundredths", "points given, inside the range of the level"),
        Column("remark", "text", "concrete cases"),
    ),
    people=("person", "rater"),
)

ADJUSTMENTS = Contract(
    "adjustments",
    "Decisions that set the points of an indicator, with the reason: anomaly, calibration, appeal (R4.6).",
    key=("person", "indicator", "day"),
    columns=(
        Column("person", "text", "staff key", required=True),
        Column("indicator", "text", "indicator id, as in the scheme", required=True),
        Column("score", "hundredths", "points, as the indicator's method gives them", required=True),
        Column("reason", "text", "why", required=True),
        Column("decided_by", "text", "staff key of the person or panel that decided", required=True),
    ),
    people=("person", "decided_by"),
)

PAY_INPUTS = Contract(
    "pay_inputs",
    "Amounts that pay rests on: base pay, performance base, allowances. Fen a month.",
    key=("person", "item", "valid_from"),
    columns=(
        Column("person", "text", "staff key", required=True),
        Column("item", "text", "name used in the scheme's pay items", required=True),
        Column("amount", "hundredths", "amount, fen", required=True),
        Column("valid_from", "day", "first day", required=True),
        Column("valid_to", "day", "first day no longer valid"),
    ),
    fact=False,
)

RESULTS = Contract(
    "results",
    "Results already published, for cycles made of cycles and for results in a row.",
    key=("person", "kind", "first_day"),
    columns=(
        Column("person", "text", "staff key", required=True),
        Column("kind", "text", "cycle kind", required=True),
        Column("first_day", "day", "first day of the cycle", required=True),
        Column("last_day", "day", "last day of the cycle", required=True),
        Column("scheme", "text", "scheme name"),
        Column("scheme_hash", "text", "content hash of the scheme version"),
        Column("total", "hundredths", "total score"),
        Column("grade", "text", "grade id"),
        Column("days", "integer", "days on post in the cycle"),
    ),
    fact=False,
)

CONTRACTS: dict[str, Contract] = {
    contract.name: contract
    for contract in (
        PEOPLE, CONTACTS, TURNS, SURVEYS, REVIEWS, COMPLAINTS, VIOLATIONS, ORDERS, ATTENDANCE,
        EXAMS, PLANS, EVENTS, REQUESTS, WAGES, TARGETS, RATINGS, ADJUSTMENTS, PAY_INPUTS, RESULTS,
    )
}  # fmt: skip


def titles() -> dict[str, str]:
    """Return what each table is called in the reader's language."""
    return {
        "people": _("任职"), "contacts": _("联系：通话、会话、工单"), "turns": _("会话消息"), "surveys": _("客户评价"),
        "reviews": _("质检评分"), "complaints": _("投诉"), "violations": _("违规"), "orders": _("订单"),
        "attendance": _("出勤"), "exams": _("考试"), "plans": _("工作计划"), "events": _("其他计数事项"),
        "requests": _("跨部门请求"), "wages": _("已发工资"), "targets": _("个人目标"), "ratings": _("评分"),
        "adjustments": _("对得分的决定"), "pay_inputs": _("薪酬基数"), "results": _("已公布的结果"),
    }  # fmt: skip


def forms() -> dict[ColumnType, str]:
    """Return how a value of each type is written in a file that needs no mapping."""
    return {
        "text": _("文字"), "integer": _("整数"), "flag": _("1 或 0"), "time": _("时间（带时区）"), "day": _("日期"),
        "hundredths": _("数，最多两位小数"),
    }  # fmt: skip


def table_text(name: str | None = None) -> str:
    """Return the list of tables, or what one of them holds, as plain text for a terminal.

    Raises MeritdeskError (`no-table`) for a table that does not exist.
    """
    if name is None:
        width = max(map(len, CONTRACTS))
        return "\n".join(f"{contract.name:<{width}}  {titles()[contract.name]}" for contract in CONTRACTS.values())
    if name not in CONTRACTS:
        near = get_close_matches(name, CONTRACTS, n=1)
        known = _("可用：{known}").format(known="、".join(CONTRACTS))
        fix = _("是不是 {near}？{known}").format(near=near[0], known=known) if near else known
        message = _("没有数据表 {table}").format(table=name)
        raise MeritdeskError(Problem(code="no-table", place="", message=message, fix=fix))
    contract = CONTRACTS[name]
    lines = [f"{name}  {titles()[name]}", f"  {contract.doc}", _("  主键：{key}").format(key="、".join(contract.key))]
    given = [column for column in contract.columns if column.name != "source"]
    for title, required in ((_("必填列"), True), (_("可选列"), False)):
        lines += ["", title, *_column_lines([c for c in given if c.required is required])]
    return "\n".join(lines)


def _column_lines(columns: list[Column]) -> Iterator[str]:
    width = max(len(column.name) for column in columns)
    for column in columns:
        unit = f" {column.unit}" if column.unit else ""
        choices = f" ({' | '.join(column.choices)})" if column.choices else ""
        yield f"  {column.name:<{width}}  [{forms()[column.type]}{unit}] {column.doc}{choices}"
