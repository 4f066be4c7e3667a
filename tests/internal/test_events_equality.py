"""Quick ways and plain ways of reading data give the same: each fast path beside the slow one it stands for."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meritdesk.errors import MeritdeskError
from meritdesk.events import calendar
from meritdesk.events.calendar import BusinessHours, WorkCalendar, business_day, business_seconds
from meritdesk.events.columnar import days_of
from meritdesk.events.durations import duration_patterns
from meritdesk.events.encodings import decode
from meritdesk.events.ingest import ingest
from meritdesk.events.moments import to_epoch
from meritdesk.events.numbers import Reading, Refusal
from meritdesk.events.readers import Unreadable, number_cell
from meritdesk.events.values import parser
from tests.contract.events import files

ZONES = [
    "Asia/Shanghai",
    "Asia/Kolkata",
    "America/New_York",
    "Europe/London",
    "Australia/Lord_Howe",
    "UTC",
    "Asia/Kathmandu",
]
moments = st.datetimes(min_value=datetime(1971, 1, 2), max_value=datetime(2099, 12, 30)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=0)
)
FORMATS = [
    "%Y-%m-%d %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%Y%m%d%H%M%S",
    "%Y年%m月%d日 %H:%M:%S",
    "%m/%d/%Y",
    "%d-%b-%y",
    "%H:%M %d.%m.%Y",
]


@given(moments, st.sampled_from(ZONES))
def test_local_times_are_read_as_zoneinfo_reads_them(moment: datetime, zone: str) -> None:
    info = ZoneInfo(zone)
    reading = Reading(zone=info, ambiguous="earlier", missing="forward")
    expected = int(moment.replace(tzinfo=info).astimezone(UTC).timestamp())
    assert to_epoch(moment, reading) == expected


@given(moments, st.sampled_from(FORMATS))
def test_numeric_formats_are_read_as_strptime_reads_them(moment: datetime, pattern: str) -> None:
    text = moment.strftime(pattern)
    parse = parser("time", Reading(formats=(pattern,), zone=ZoneInfo("UTC")))
    expected = datetime.strptime(text, pattern).replace(tzinfo=UTC)
    assert parse(text) == int(expected.timestamp())


@given(st.integers(-(10**15) + 1, 10**15 - 1))
def test_whole_numbers_of_a_sheet_are_exact(value: int) -> None:
    assert number_cell(float(value)) == Decimal(value)


@given(st.decimals(min_value=-99999999, max_value=99999999, places=5))
def test_decimals_of_a_sheet_are_exact(value: Decimal) -> None:
    assert number_cell(float(value)) == value


@pytest.mark.parametrize("value", [1e15, -1e16, float("inf"), float("nan")])
def test_numbers_a_sheet_has_cut_are_unreadable(value: float) -> None:
    assert isinstance(number_cell(value), Unreadable)


@given(st.integers(0, 86399))
def test_day_fractions_are_exact_to_the_second(seconds: int) -> None:
    parse = parser("integer", Reading(formats=("day_fraction",)), duration=True)
    assert parse(number_cell(seconds / 86400)) == seconds


@given(st.integers(0, 359999))
def test_durations_are_read_back(seconds: int) -> None:
    text = f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    assert parser("integer", Reading(formats=("h:mm:ss",)), duration=True)(text) == seconds


@pytest.mark.parametrize("text", ["", "abc", "mm:mm", "h:s:h"])
def test_a_format_without_units_or_with_one_twice_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        duration_patterns(text)


@given(st.text(max_size=12))
def test_no_text_becomes_a_number_that_python_reads_differently(text: str) -> None:
    """Nothing is coerced: what is accepted is what a strict reading of the half-width text says."""
    try:
        value = parser("integer", Reading())(text)
    except Refusal:
        return
    if value is not None:
        half = "".join(chr(ord(c) - 0xFEE0) if "\uff01" <= c <= "\uff5e" else c for c in text).replace("\u2212", "-")
        assert Decimal(half.strip(" \t\r\n\v\f\u00a0\u3000\u200b\ufeff")) == value


@given(st.lists(st.integers(-(10**8), 4 * 10**9), min_size=1, max_size=50), st.sampled_from(ZONES))
def test_columns_of_instants_give_the_same_days(epochs: list[int], zone: str) -> None:
    quick = days_of(pa.chunked_array([pa.array(epochs, pa.int64())]), zone)
    assert quick.to_pylist() == [business_day(epoch, zone) for epoch in epochs]


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York", "Europe/London"])
def test_business_seconds_equal_counting_minutes(zone: str) -> None:
    spans = ((9 * 3600, 12 * 3600), (13 * 3600, 18 * 3600))
    hours = BusinessHours(
        zone, (*(spans,) * 5, ((3600, 4 * 3600),), ()), WorkCalendar("week", {date(2024, 3, 10): True})
    )
    generator = random.Random(zone)
    first = int(datetime(2024, 3, 6, tzinfo=UTC).timestamp())
    info = ZoneInfo(zone)

    def is_open(epoch: int) -> bool:
        local = datetime.fromtimestamp(epoch, info)
        seconds = local.hour * 3600 + local.minute * 60
        return any(start <= seconds < end for start, end in hours.spans(local.date()))

    for _round in range(15):
        start = first + 60 * generator.randrange(6 * 1440)
        end = start + 60 * generator.randrange(4 * 1440)
        counted = 60 * sum(is_open(minute) for minute in range(start, end, 60))
        assert business_seconds(start, end, hours) == counted


def test_a_naive_calendar_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: with days cut at UTC midnight the comparison above fails."""
    monkeypatch.setattr(calendar, "business_day", lambda epoch, _zone, _cutoff=0: epoch // 86400)
    epochs = [int(datetime(2024, 1, 5, 20, tzinfo=UTC).timestamp())]
    assert days_of(pa.chunked_array([pa.array(epochs)])).to_pylist() != [business_day(epochs[0], "Asia/Shanghai")]


SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢"
GIVEN = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂华建国玲文红玉小春梅海燕志辉鑫宇佳琪晨雨欣浩然子涵思"
TRADITIONAL = "陳張劉楊黃趙吳孫馬羅鄭謝許馮鄧蕭葉呂蘇盧鍾譚韋賈鄒嚴龍萬錢湯賀賴龔顧"


@pytest.mark.parametrize(
    ("encoding", "first"),
    [("gb18030", SURNAMES), ("gbk", SURNAMES), ("big5", TRADITIONAL), ("utf-8", SURNAMES), ("utf-16-le", SURNAMES)],
)
def test_encodings_are_found_or_refused_never_misread(encoding: str, first: str) -> None:
    generator = random.Random(encoding)
    given_names = GIVEN if first is SURNAMES else "美玲建明雅婷淑芬志豪家豪怡君俊傑宗翰惠雯"
    found = 0
    refused: list[str] = []
    for size in [*range(1, 30), 100, 1000]:
        names = [
            generator.choice(first) + generator.choice(given_names) + generator.choice(given_names)
            for _n in range(size)
        ]
        text = "id,name\r\n" + "".join(f"{n},{name}\r\n" for n, name in enumerate(names))
        try:
            read, _encoding = decode(text.encode(encoding), "auto", "f")
        except MeritdeskError as refusal:  # a refusal is allowed, a wrong reading is not
            refused += [problem.code for problem in refusal.problems]
            continue
        assert read == text
        found += 1
    assert found >= 20
    assert set(refused) <= {"encoding-unclear"}
    print(f"{encoding}: {found} of 31 found, none misread")  # noqa: T201


def test_parquet_and_csv_in_contract_form_give_the_same(tmp_path: Path) -> None:
    generator = random.Random(5)
    start = datetime(2024, 1, 1, tzinfo=UTC)
    rows = []
    for n in range(400):
        created = start + timedelta(seconds=generator.randrange(90 * 86400))
        answered = created + timedelta(seconds=generator.randrange(-5, 300))
        rows.append(
            (
                f"c{n % 390}",
                f"p{n % 9}",
                created,
                answered,
                generator.randrange(900),
                generator.choice(["answered", "lost"]),
            )
        )
    names = ["contact_id", "person", "created_at", "answered_at", "talk_seconds", "outcome"]
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    text_rows = [[str(c.isoformat() if isinstance(c, datetime) else c) for c in row] for row in rows]
    files.write_csv(one / "contacts.csv", [names, *text_rows])
    columns = zip(*rows, strict=True)
    epochs = [[int(c.timestamp()) if isinstance(c, datetime) else c for c in column] for column in columns]
    pq.write_table(pa.table(epochs, names=names), two / "contacts.parquet")
    by_row, by_column = ingest(one), ingest(two)
    assert by_row.tables["contacts"].drop_columns("source") == by_column.tables["contacts"].drop_columns("source")
    first, second = by_row.report.accounts[0], by_column.report.accounts[0]
    assert (first.accepted, first.quarantined, first.duplicates) == (
        second.accepted,
        second.quarantined,
        second.duplicates,
    )
    assert first.quarantined > 0
