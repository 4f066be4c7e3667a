"""The same figures computed without the product: hand-written SQL, polars, pandas; and a bare scan as the floor.

Each function takes the folder of the data and returns an Arrow table with the columns of `FIGURES` in
`meritdesk.metrics.measure` (the scan: None). They share no code with the product.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from benchmarks.metrics_data import DAYS, FIRST_DAY

UNTIL = FIRST_DAY + DAYS
WINDOW, THRESHOLD = 7, 20
FOLLOWED = ["person", "customer", "day", "created_at", "contact_id"]
OFFERED = ["answered", "abandoned", "missed", "busy", "full", "no_agent"]
COLUMNS = [
    "contact_id", "person", "customer", "channel", "direction", "outcome", "created_at", "wait_seconds", "talk_seconds",
    "handle_seconds", "resolved", "transferred", "reopened", "day", "excluded",
]  # fmt: skip
SUMMED = [
    "created_at", "answered_at", "ended_at", "wait_seconds", "talk_seconds", "hold_seconds", "wrap_seconds",
    "handle_seconds", "resolved", "transferred", "reopened", "day", "first_reply_at",
]  # fmt: skip

# metric: numerator, denominator, n, left out (names of totals; a number stands for itself)
LAYOUT: dict[str, tuple[str, str | None, str, str]] = {
    "contacts_handled": ("handled", None, "handled", "handled"),
    "total_calls": ("calls", None, "calls", "calls"),
    "answer_rate": ("answered", "offered", "offered", "offered"),
    "abandon_rate": ("abandoned", "offered", "offered", "offered"),
    "service_level_offered": ("in_time", "waited", "waited", "waited"),
    "speed_of_answer": ("wait", "waits", "waits", "answered"),
    "handle_time": ("handle", "handles", "handles", "every"),
    "handle_time_median": ("middle", "2", "handles", "every"),
    "handle_time_p90": ("p90", "1", "handles", "every"),
    "talk_time": ("talk", "talks", "talks", "every"),
    "fcr_recorded": ("resolved", "resolvable", "resolvable", "resolvable"),
    "fcr_7_days": ("settled", "decided", "decided", "followed"),
    "reopen_rate": ("reopened", "reopenable", "reopenable", "reopenable"),
    "transfer_rate": ("transferred", "transferable", "transferable", "transferable"),
}


def _connect(data: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(f"create view contacts as select * from read_parquet('{data}/contacts/*.parquet')")
    connection.execute(f"create view segments as select * from read_parquet('{data}/segments.parquet')")
    return connection


def scan(data: Path) -> None:
    """Read thirteen columns and add them up."""
    _connect(data).execute(f"select {', '.join(f'sum({name})' for name in SUMMED)} from contacts").fetchall()


def by_hand(data: Path) -> pa.Table:
    """Run the SQL kept beside this file."""
    connection = _connect(data)
    script = Path(__file__).with_name("metrics_by_hand.sql").read_text(encoding="utf-8")
    for statement in script.replace("$until", str(UNTIL)).split(";"):
        if statement.strip():
            connection.execute(statement)
    return connection.execute("select * from figures").to_arrow_table()


def _long(rows: Sequence[Mapping[Any, Any]]) -> pa.Table:
    """Return totals per segment as figures: `x_…` are totals of the facts left out."""
    out: dict[str, list[Any]] = {
        name: [] for name in ("segment", "metric", "numerator", "denominator", "n", "excluded", "pending")
    }
    for metric, (numerator, denominator, n, left_out) in LAYOUT.items():
        for row in rows:
            below = None if denominator is None else _below(row, denominator, n)
            out["segment"].append(row["segment"])
            out["metric"].append(metric)
            out["numerator"].append(None if below == 0 else int(row[numerator] or 0))
            out["denominator"].append(below)
            out["n"].append(int(row[n] or 0))
            out["excluded"].append(int(row[f"x_{left_out}"] or 0))
            out["pending"].append(int(row["pending"] or 0) if metric == "fcr_7_days" else 0)
    return pa.table(
        {name: pa.array(column, pa.string() if name == "metric" else pa.int64()) for name, column in out.items()}
    )


def _below(row: Mapping[Any, Any], denominator: str, n: str) -> int:
    if denominator.isdigit():
        return int(denominator) if row[n] else 0
    return int(row[denominator] or 0)


def in_polars(data: Path) -> pa.Table:
    """Compute the figures with lazy polars."""
    import polars as pl

    c = pl.col
    segments = pl.scan_parquet(data / "segments.parquet")
    contacts = pl.scan_parquet(data / "contacts" / "*.parquet").select(COLUMNS)
    placed = (
        contacts.join(segments, on="person")
        .filter((c("day") >= c("from_day")) & (c("day") < c("to_day")))
        .drop("contact_id", "customer", "person", "from_day", "to_day", "created_at", "day")
    )
    inbound = c("direction").ne_missing("outbound")
    handled = c("outcome").is_null() | (c("outcome") == "answered")
    conditions = {
        "every": c("segment").is_not_null(), "handled": handled, "offered": inbound & c("outcome").is_in(OFFERED),
        "answered": inbound & (c("outcome") == "answered"), "abandoned": inbound & (c("outcome") == "abandoned"),
        "calls": c("channel").fill_null("phone").eq("phone")
        & ((c("direction") == "outbound") | (c("outcome") == "answered")),
        "waited": inbound & c("outcome").is_in(["answered", "abandoned"]) & c("wait_seconds").is_not_null(),
        "in_time": inbound & (c("outcome") == "answered") & (c("wait_seconds") <= THRESHOLD),
        "resolvable": handled & c("resolved").is_not_null(), "followed": handled & inbound,
        "transferable": c("transferred").is_not_null(), "reopenable": c("reopened").is_not_null(),
    }  # fmt: skip
    counts = [condition.fill_null(False).cast(pl.Int64).sum().alias(name) for name, condition in conditions.items()]
    waits = c("wait_seconds").filter(conditions["answered"])
    sums = [
        waits.sum().alias("wait"), waits.count().alias("waits"),
        c("handle_seconds").sum().alias("handle"), c("handle_seconds").count().alias("handles"),
        c("talk_seconds").sum().alias("talk"), c("talk_seconds").count().alias("talks"),
        c("resolved").filter(handled).sum(), c("transferred").sum(), c("reopened").sum(),
    ]  # fmt: skip
    facts = placed.filter(c("excluded").is_null())
    totals = facts.group_by("segment").agg(*counts, *sums)
    left_out = placed.filter(c("excluded").is_not_null()).group_by("segment").agg(*counts)
    left_out = left_out.rename({name: f"x_{name}" for name in conditions})
    frequencies = (
        facts.filter(c("handle_seconds").is_not_null()).group_by("segment", "handle_seconds").agg(facts=pl.len())
    )
    steps = frequencies.sort("segment", "handle_seconds").with_columns(
        reached=c("facts").cum_sum().over("segment"), total=c("facts").sum().over("segment")
    )
    ranks = steps.group_by("segment").agg(
        p90=c("handle_seconds").filter(c("reached") * 10 >= c("total") * 9).min(),
        middle=c("handle_seconds").filter(c("reached") * 2 >= c("total")).min()
        + c("handle_seconds").filter(c("reached") * 2 > c("total")).min(),
    )
    population = c("excluded").is_null() & c("customer").is_not_null() & handled & inbound
    chain = (
        contacts.filter(population)
        .select("person", "customer", "day", "created_at", "contact_id")
        .sort("customer", "day", "created_at", "contact_id")
        .with_columns(next_day=pl.when(c("customer").shift(-1) == c("customer")).then(c("day").shift(-1)))
    )
    days = chain.group_by("person", "day").agg(facts=pl.len(), again=(c("next_day") - c("day") <= WINDOW).sum())
    over = c("day") + WINDOW < UNTIL
    follow_ups = (
        days.join(segments, on="person")
        .filter((c("day") >= c("from_day")) & (c("day") < c("to_day")))
        .group_by("segment")
        .agg(
            settled=(c("facts").cast(pl.Int64) - c("again").cast(pl.Int64)).filter(over).sum(),
            decided=c("facts").filter(over).sum(),
            pending=c("facts").filter(~over).sum(),
        )
    )
    wide = segments.select("segment").unique().sort("segment")
    for part in (totals, left_out, ranks, follow_ups):
        wide = wide.join(part, on="segment", how="left")
    return _long(wide.collect().to_dicts())


def _follow_ups_in_pandas(chain: pd.DataFrame, segments: pd.DataFrame) -> pd.DataFrame:
    """Return what became of the contacts that could be followed up, per segment."""
    chain = chain.sort_values(["customer", "day", "created_at", "contact_id"])
    following = chain["day"].shift(-1).where(chain["customer"].shift(-1).eq(chain["customer"]))
    chain = chain.assign(again=(following - chain["day"]).le(WINDOW).astype("int64"), facts=1)
    days = chain.groupby(["person", "day"], as_index=False)[["facts", "again"]].sum().merge(segments, on="person")
    days = days[(days["day"] >= days["from_day"]) & (days["day"] < days["to_day"])]
    over = days["day"] + WINDOW < UNTIL
    days = days.assign(
        settled=(days["facts"] - days["again"]).where(over, 0),
        decided=days["facts"].where(over, 0),
        pending=days["facts"].where(~over, 0),
    )
    return days.groupby("segment")[["settled", "decided", "pending"]].sum()


def in_pandas(data: Path) -> pa.Table:
    """Compute the figures with pandas."""
    segments = pd.read_parquet(data / "segments.parquet")
    contacts = pd.read_parquet(data / "contacts", columns=COLUMNS)
    inbound = contacts["direction"].ne("outbound")
    answered = contacts["outcome"].eq("answered")
    handled = contacts["outcome"].isna() | answered
    flags = {
        "every": inbound | True, "handled": handled, "offered": inbound & contacts["outcome"].isin(OFFERED),
        "answered": inbound & answered, "abandoned": inbound & contacts["outcome"].eq("abandoned"),
        "calls": contacts["channel"].fillna("phone").eq("phone") & (~inbound | answered),
        "waited": inbound & contacts["outcome"].isin(["answered", "abandoned"]) & contacts["wait_seconds"].notna(),
        "in_time": inbound & answered & contacts["wait_seconds"].le(THRESHOLD),
        "resolvable": handled & contacts["resolved"].notna(), "followed": handled & inbound,
        "transferable": contacts["transferred"].notna(), "reopenable": contacts["reopened"].notna(),
    }  # fmt: skip
    kept = contacts["excluded"].isna()
    followed = kept & flags["followed"] & contacts["customer"].notna()
    follow_ups = _follow_ups_in_pandas(contacts.loc[followed, FOLLOWED], segments)
    frame = pd.DataFrame({name: flag.astype("int64") for name, flag in flags.items()})
    frame["wait"] = contacts["wait_seconds"].where(flags["answered"], 0)
    frame["waits"] = (flags["answered"] & contacts["wait_seconds"].notna()).astype("int64")
    for name, column in (("handle", "handle_seconds"), ("talk", "talk_seconds")):
        frame[name], frame[f"{name}s"] = contacts[column].fillna(0), contacts[column].notna().astype("int64")
    for name in ("resolved", "transferred", "reopened"):
        frame[name] = contacts[name].fillna(0)
    frame["resolved"] = frame["resolved"].where(handled, 0)
    frame["handle_seconds"], frame["kept"] = contacts["handle_seconds"], kept
    keys = contacts[["person", "day"]]
    del contacts
    first = segments.sort_values("from_day")
    placed = pd.merge_asof(
        keys.reset_index().sort_values("day"), first, left_on="day", right_on="from_day", by="person"
    ).set_index("index")
    frame["segment"] = placed["segment"].where(placed["day"] < placed["to_day"])
    names = [name for name in frame.columns if name not in ("kept", "segment", "handle_seconds")]
    totals = frame[frame["kept"]].groupby("segment")[names].sum()
    left_out = frame[~frame["kept"]].groupby("segment")[list(flags)].sum().add_prefix("x_")
    values = frame.loc[frame["kept"] & frame["handle_seconds"].notna(), ["segment", "handle_seconds"]]
    values = values.sort_values(["segment", "handle_seconds"])
    place = values.groupby("segment").cumcount() + 1
    size = values.groupby("segment")["handle_seconds"].transform("size")
    value, group = values["handle_seconds"], values["segment"]
    ranks = pd.DataFrame(
        {
            "p90": value[place * 10 >= size * 9].groupby(group).min(),
            "middle": value[place * 2 >= size].groupby(group).min() + value[place * 2 > size].groupby(group).min(),
        }
    )
    wide = segments[["segment"]].drop_duplicates().sort_values("segment").set_index("segment")
    for part in (totals, left_out, ranks, follow_ups):
        wide = wide.join(part)
    return _long(wide.fillna(0).astype("int64").reset_index().to_dict("records"))
