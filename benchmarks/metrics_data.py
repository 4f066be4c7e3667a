"""Seeded contacts of a large centre, as one immutable Parquet batch a day: 2,000 agents, three months.

Written once into a folder outside the project and found again by the number of rows. Customers come back, a tenth of
the agents change team in mid-month, one fact in two hundred is left out for an outage.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import duckdb

FIRST_DAY, DAYS, AGENTS = 19_723, 91, 2_000  # from 2024-01-01
MONTHS = ((19_723, 19_754), (19_754, 19_783), (19_783, 19_814))

_DAY = """
    with drawn as (
        select i, hash(i, {day}, 1) a, hash(i, {day}, 2) b, hash(i, {day}, 3) c, hash(i, {day}, 4) d
        from range({rows}) t(i)),
    made as (
        select *, case when a % 100 < 88 then 'answered' when a % 100 < 96 then 'abandoned' else 'missed' end result,
            {day} * 86400 - 28800 + (b % 86400)::bigint created, (b // 86400 % 90)::bigint waited,
            (60 + c % 240 + (c // 240 % 300) * (c // 72000 % 2))::bigint talked, (c // 144000 % 10)::bigint held,
            (c // 1440000 % 60)::bigint wrapped
        from drawn)
    select 'c{day}-' || i contact_id, 'a' || lpad((a // 100 % {agents})::varchar, 4, '0') person,
        null::varchar assignee, null::varchar closer, 'u' || (b // 7776000 % {customers}) customer,
        'phone' channel, 'q' || (d % 8) queue,
        't' || (d // 8 % 12) topic, case when d // 96 % 100 < 80 then 'inbound' else 'outbound' end direction,
        result outcome, created created_at, case when result = 'answered' then created + waited end answered_at,
        null::bigint first_reply_at, null::bigint resolved_at,
        case when result = 'answered' then created + waited + talked + held + wrapped end ended_at, waited wait_seconds,
        case when result = 'answered' then talked end talk_seconds,
        case when result = 'answered' then held end hold_seconds,
        case when result = 'answered' then wrapped end wrap_seconds,
        case when result = 'answered' then talked + held + wrapped end handle_seconds,
        null::bigint first_reply_business_seconds, null::bigint resolution_business_seconds,
        case when result = 'answered' then (d // 9600 % 100 < 80)::bigint end resolved,
        case when result = 'answered' then (d // 960000 % 100 < 7)::bigint end transferred,
        case when result = 'answered' then (d // 96000000 % 100 < 3)::bigint end reopened,
        {day}::bigint "day", case when d // 9600000000 % 200 = 0 then 'outage' end excluded, 'b{day}:' || i "source"
    from made
"""

_SEGMENTS = """
    with people as (select i, 'a' || lpad(i::varchar, 4, '0') person from range({agents}) t(i)),
    months as (select * from (values {months}) t(first, last)),
    parts as (
        select person, first, last from people, months where i % 10 <> 0
        union all select person, first, first + 12 from people, months where i % 10 = 0
        union all select person, first + 12, last from people, months where i % 10 = 0)
    select row_number() over (order by person, first)::bigint segment, person, first::bigint from_day,
        last::bigint to_day
    from parts order by segment
"""


def prepared(rows: int, folder: Path | None = None) -> Path:
    """Return the folder with `contacts/<day>.parquet` and `segments.parquet` of so many contacts; made if absent."""
    target = (folder or Path(tempfile.gettempdir()) / "meritdesk-benchmarks") / f"contacts-{rows}"
    if (target / "segments.parquet").exists():
        return target
    (target / "contacts").mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect()
    each = rows // DAYS
    for i in range(DAYS):
        day, number = FIRST_DAY + i, each + (rows - each * DAYS if i == DAYS - 1 else 0)
        query = _DAY.format(day=day, rows=number, agents=AGENTS, customers=max(rows // 5, 1))
        connection.execute(f"copy ({query}) to '{target}/contacts/{day}.parquet' (format parquet)")
    query = _SEGMENTS.format(agents=AGENTS, months=", ".join(map(str, MONTHS)))
    connection.execute(
        f"copy ({query}) to '{target}/segments.parquet' (format parquet)"
    )  # last: says that all is there
    return target
