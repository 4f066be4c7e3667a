"""Every shipped metric once more, as SQL written by hand for DuckDB.

Each statement returns segment, numerator, denominator, n, excluded, pending for the segments that have facts; a segment
without is filled in by `complete`. The SQL may use what the product may not (filters, quantiles, averages, zones).
"""

from __future__ import annotations

IN = "join segments s on s.person = f.person and f.day >= s.from_day and f.day < s.to_day"
HANDLED = "(outcome is null or outcome = 'answered')"
INBOUND = "direction is distinct from 'outbound'"
PHONE = "(channel is null or channel = 'phone')"
OFFERED = "outcome in ('answered', 'abandoned', 'missed', 'busy', 'full', 'no_agent')"


def local(column: str) -> str:
    """Return the Shanghai calendar day of a time column."""
    return f"(timezone('Asia/Shanghai', to_timestamp({column}))::date - date '1970-01-01')"


def count(table: str, population: str = "true", *, pending: str = "false", recorded: str = "") -> str:
    """Return the SQL of a count."""
    void = f"count(*) filter (excluded is null) > 0 and count({recorded}) filter (excluded is null) = 0"
    return f"""select segment, case when {void if recorded else "false"} then null
            else count(*) filter (excluded is null and {population} and not ({pending})) end numerator,
        null denominator, count(*) filter (excluded is null and {population} and not ({pending})) n,
        count(*) filter (excluded is not null and {population}) excluded,
        count(*) filter (excluded is null and {population} and {pending}) pending
        from {table} f {IN} group by segment"""


def total(table: str, value: str, population: str = "true") -> str:
    """Return the SQL of a sum; null if facts exist and none has the value."""
    return f"""select segment,
        case when count(*) filter (excluded is null) > 0 and count({value}) filter (excluded is null) = 0 then null
             else coalesce(sum({value}) filter (excluded is null and {population}), 0) end numerator,
        null denominator, count({value}) filter (excluded is null and {population}) n,
        count(*) filter (excluded is not null and {population}) excluded, 0 pending
        from {table} f {IN} group by segment"""


def rate(table: str, population: str, good: str, *, pending: str = "false", recorded: str = "") -> str:
    """Return the SQL of a share of facts."""
    return ratio(table, population, f"case when {good} then 1 else 0 end", "1", pending=pending, recorded=recorded)


def ratio(table: str, population: str, above: str, below: str, *, pending: str = "false", recorded: str = "") -> str:
    """Return the SQL of a total over a total, of facts that have both values."""
    live = f"excluded is null and {population} and not ({pending}) and ({above}) is not null and ({below}) is not null"
    void = f"or count({recorded}) filter (excluded is null) = 0" if recorded else ""
    return f"""select segment,
        case when coalesce(sum({below}) filter ({live}), 0) = 0 {void} then null
             else sum({above}) filter ({live}) end numerator,
        coalesce(sum({below}) filter ({live}), 0) denominator, count(*) filter ({live}) n,
        count(*) filter (excluded is not null and {population}) excluded,
        count(*) filter (excluded is null and {population} and {pending}) pending
        from {table} f {IN} group by segment"""


def mean(table: str, value: str, population: str = "true") -> str:
    """Return the SQL of a mean."""
    return ratio(table, population, value, f"case when ({value}) is not null then 1 end")


def rank(table: str, value: str, percent: int, population: str = "true") -> str:
    """Return the SQL of a percentile."""
    live = f"excluded is null and {population}"
    return f"""select segment, quantile_disc({value}, {percent / 100}) filter ({live}) numerator,
        case when count({value}) filter ({live}) > 0 then 1 else 0 end denominator, count({value}) filter ({live}) n,
        count(*) filter (excluded is not null and {population}) excluded, 0 pending
        from {table} f {IN} group by segment"""


def median(table: str, value: str) -> str:
    """Return the SQL of a median, as twice the median over 2."""
    return f"""select segment, (2 * median({value}) filter (excluded is null))::bigint numerator,
        case when count({value}) filter (excluded is null) > 0 then 2 else 0 end denominator,
        count({value}) filter (excluded is null) n, count(*) filter (excluded is not null) excluded, 0 pending
        from {table} f {IN} group by segment"""


def per_contact(table: str, population: str, above: str, *, pending: str = "false") -> str:
    """Return the SQL of facts of a table per contact handled."""
    return per_other(table, population, above, "contacts", HANDLED, pending=pending)


def per_other(
    table: str,
    population: str,
    above: str,
    other: str,
    others: str = "true",
    below: str = "1",
    *,
    pending: str = "false",
) -> str:
    """Return the SQL of facts of a table over facts of another."""
    live = f"excluded is null and {population} and not ({pending})"
    return f"""with a as (select segment, coalesce(sum({above}) filter ({live}), 0) up,
            count(*) filter (excluded is not null and {population}) x,
            count(*) filter (excluded is null and {population} and {pending}) p from {table} f {IN} group by segment),
        b as (select segment, coalesce(sum({below}) filter (excluded is null and {others}), 0) c,
            count(*) filter (excluded is null and {others}) n,
            count(*) filter (excluded is not null and {others}) x from {other} f {IN} group by segment)
        select segment, case when coalesce(c, 0) > 0 then coalesce(up, 0) end numerator, coalesce(c, 0) denominator,
            coalesce(n, 0) n, coalesce(a.x, 0) + coalesce(b.x, 0) excluded, coalesce(p, 0) pending
        from a full join b using (segment)"""


def fcr(window: int, until: int, extra: str = "true", same: str = "true") -> str:
    """Return the SQL of a first-contact resolution: nobody of the same customer came after, within the window."""
    population = f"customer is not null and {HANDLED} and {INBOUND} and {extra}"
    return f"""with p as (select * from contacts where excluded is null and {population}),
        f as (select *, exists (from p n where n.customer = p.customer and {same}
            and (n.day, n.created_at, n.contact_id) > (p.day, p.created_at, p.contact_id)
            and n.day - p.day <= {window}) again from p),
        x as (select segment, count(*) x from contacts f {IN}
            where excluded is not null and {population} group by segment),
        g as (select segment, count(*) filter (f.day + {window} < {until} and not again) good,
            count(*) filter (f.day + {window} < {until}) decided, count(*) filter (f.day + {window} >= {until}) open
            from f {IN} group by segment)
        select segment, case when decided > 0 then good end numerator, coalesce(decided, 0) denominator,
            coalesce(decided, 0) n, coalesce(x, 0) excluded, coalesce(open, 0) pending
        from g full join x using (segment)"""


REPLIES = f"""with said as (select *, row_number() over (partition by contact_id order by sequence) place from turns
        where author in ('customer', 'agent')),
    f as (select a.*, (select min(w.sent_at) from said w where w.contact_id = a.contact_id and w.author = 'customer'
            and w.place < a.place and w.place > coalesce((select max(b.place) from said b
                where b.contact_id = a.contact_id and b.place < a.place and b.author = 'agent'), 0)) since
        from said a where a.author = 'agent')
    select segment, case when count(since) filter (excluded is null) > 0 then
            sum(sent_at - since) filter (excluded is null and since is not null) end numerator,
        count(since) filter (excluded is null) denominator, count(since) filter (excluded is null) n,
        count(since) filter (excluded is not null) excluded, 0 pending from f {IN} group by segment"""

CUSTOMERS = f"""select segment,
    count(distinct customer) filter (excluded is null and {HANDLED}) numerator, null denominator,
    count(distinct customer) filter (excluded is null and {HANDLED}) n,
    count(*) filter (excluded is not null and {HANDLED}) excluded, 0 pending from contacts f {IN} group by segment"""


def statements(until: int) -> dict[str, str]:
    """Return the SQL per metric id; `until` is the end of the data."""
    return {**_contacts(until), **_quality(until), **_orders(until), **_work()}


def _contacts(until: int) -> dict[str, str]:
    short = "(outcome = 'answered' or outcome = 'abandoned' and wait_seconds > 5)"
    wait = f"{INBOUND} and wait_seconds is not null"
    in_time = "outcome = 'answered' and wait_seconds <= 20"
    return {
        "contacts_handled": count("contacts", HANDLED),
        "inquiries": count("contacts", INBOUND),
        "inquiries_per_day": per_other("contacts", INBOUND, "1", "attendance", "worked_seconds >= 1"),
        "customers_served": CUSTOMERS,
        "answered_calls": count("contacts", f"{PHONE} and {INBOUND} and outcome is not distinct from 'answered'"),
        "outbound_calls": count("contacts", f"{PHONE} and direction is not distinct from 'outbound'"),
        "total_calls": count(
            "contacts", f"{PHONE} and (direction = 'outbound' or {INBOUND} and outcome is not distinct from 'answered')"
        ),
        "answer_rate": rate("contacts", f"{INBOUND} and {OFFERED}", "outcome = 'answered'"),
        "abandon_rate": rate("contacts", f"{INBOUND} and {OFFERED}", "outcome = 'abandoned'"),
        "service_level_offered": rate("contacts", f"{wait} and outcome in ('answered', 'abandoned')", in_time),
        "service_level_answered": rate("contacts", f"{wait} and outcome = 'answered'", in_time),
        "service_level_net": rate("contacts", f"{wait} and {short}", in_time),
        "speed_of_answer": mean("contacts", "wait_seconds", f"{INBOUND} and outcome = 'answered'"),
        "queue_wait": mean(
            "contacts", "wait_seconds", f"{INBOUND} and outcome in ('answered', 'abandoned', 'missed', 'no_agent')"
        ),
        "first_response": mean("contacts", "first_reply_at - created_at"),
        "first_response_business": mean("contacts", "first_reply_business_seconds"),
        "handle_time": mean("contacts", "handle_seconds"),
        "handle_time_median": median("contacts", "handle_seconds"),
        "handle_time_p90": rank("contacts", "handle_seconds", 90),
        "talk_time": mean("contacts", "talk_seconds"),
        "wrap_time": mean("contacts", "wrap_seconds"),
        "resolution_time": mean("contacts", "resolved_at - created_at"),
        "resolution_time_business": mean("contacts", "resolution_business_seconds"),
        "fcr_recorded_all": rate("contacts", "true", "resolved = 1", recorded="resolved"),
        "fcr_recorded": rate("contacts", f"{HANDLED} and resolved is not null", "resolved = 1"),
        "fcr_7_days": fcr(7, until),
        "fcr_7_days_net": fcr(7, until, extra="transferred is distinct from 1"),
        "fcr_7_days_topic": fcr(7, until, same="n.topic is not distinct from p.topic"),
        "reopen_rate": rate("contacts", "reopened is not null", "reopened = 1"),
        "transfer_rate": rate("contacts", "transferred is not null", "transferred = 1"),
        "average_response": REPLIES,
    }


def _quality(until: int) -> dict[str, str]:
    csat, upheld = "kind = 'csat'", "(upheld is null or upheld = 1)"
    settled = f"{local('resolved_at')} - {local('received_at')}"
    return {
        "csat_top2": rate("surveys", csat, 'score >= "full" - 1'),
        "csat_mean": mean("surveys", "score", f'{csat} and "full" = 5'),
        "good_rating_rate": rate("surveys", csat, 'score = "full"'),
        "bad_rating_rate": rate("surveys", csat, "score = 1"),
        "nps": ratio("surveys", "kind = 'nps'", "case when score >= 9 then 1 when score <= 6 then -1 else 0 end", "1"),
        "ces": mean("surveys", "score", "kind = 'ces' and \"full\" = 7"),
        "complaint_count": count("complaints"),
        "complaint_upheld_count": count("complaints", upheld, pending="upheld is null"),
        "complaint_rate": per_contact("complaints", upheld, "1", pending="upheld is null"),
        "complaint_resolution": rate(
            "complaints", "received_at is not null", f"{settled} <= 3", pending=f"f.day + 3 >= {until}"
        ),
        "complaint_resolution_time": mean("complaints", "resolved_at - received_at"),
        "qa_score": mean("reviews", "score", '"full" = 10000'),
        "qa_attainment": ratio("reviews", "true", "score", '"full"'),
        "qa_reviews": count("reviews"),
        "critical_errors": total("reviews", "critical_errors"),
        "critical_error_rate": rate("reviews", "critical_errors is not null", "critical_errors > 0"),
    }


def _orders(until: int) -> dict[str, str]:
    paid, days = "paid_at is not null", f"{local('paid_at')} - {local('inquiry_at')}"
    return {
        "inquiry_conversion_same_day": rate("orders", "inquiry_at is not null", f"{days} = 0"),
        "inquiry_conversion_next_day": rate(
            "orders", "inquiry_at is not null", f"{days} <= 1", pending=f"f.day + 1 >= {until}"
        ),
        "inquiry_conversion": rate("orders", "inquiry_at is not null", paid),
        "orders_paid": count("orders", paid),
        "sales": total("orders", "amount", paid),
        "average_order_value": mean("orders", "amount", paid),
        "sales_per_contact": per_contact("orders", paid, "amount"),
        "sales_per_wage": per_other("orders", paid, "amount", "wages", below="amount"),
        "refund_rate": ratio("orders", "amount is not null and refunded is not null", "refunded", "amount"),
        "refund_order_rate": rate("orders", f"{paid} and refunded is not null", "refunded > 0"),
        "wrong_orders": count("orders", "wrong is not distinct from 1", recorded="wrong"),
        "wrong_order_rate": rate("orders", "wrong is not null", "wrong = 1"),
        "order_handling_time": mean("orders", "shipped_at - ordered_at"),
    }


def _work() -> dict[str, str]:
    return {
        "utilisation": ratio("attendance", "true", "login_seconds", "worked_seconds"),
        "occupancy": ratio("attendance", "true", "busy_seconds", "login_seconds"),
        "adherence": ratio("attendance", "true", "adherent_seconds", "scheduled_seconds"),
        "attendance_rate": rate("attendance", "absent is not null", "absent = 0"),
        "late_count": count("attendance", "late is not distinct from 1", recorded="late"),
        "absent_count": count("attendance", "absent is not distinct from 1", recorded="absent"),
        "plan_completion": ratio(
            "plans", "(kind is null or kind not in ('report', 'improvement'))", "completed", "planned"
        ),
        **{
            f"plan_completion_{k}": ratio("plans", f"kind is not distinct from '{k}'", "completed", "planned")
            for k in ("week", "month", "year")
        },
        "report_on_time": rate("plans", "kind is not distinct from 'report' and on_time is not null", "on_time = 1"),
        "exam_score": ratio("exams", "true", "score", '"full"'),
        "exam_level": rank("exams", "level", 100),
        "violation_count": total("violations", '"count"'),
        "event_count": total("events", '"count"'),
        "cross_department_response": mean("requests", "answered_at - received_at"),
        "problem_feedback": total("events", '"count"', "kind = 'problem_feedback'"),
    }
