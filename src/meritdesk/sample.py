"""The sample company: seeded exports of a small contact centre, as messy as real ones, for the demo and the tests.

`write_sample` writes what a phone system, a survey tool, a complaints ledger, HR and the raters would hand in, with the
mapping files that read them. The same seed gives the same files. It computes nothing of an appraisal.
"""

from __future__ import annotations

import calendar
import csv
import datetime
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from xlsxwriter import Workbook

SURNAMES = "赵钱孙李周吴郑王冯陈蒋沈韩杨朱秦许何吕施张孔曹严华金魏陶姜"
GIVEN = [
    "喆",
    "堃",
    "玥",
    "珺",
    "昇",
    "梓涵",
    "浩然",
    "欣怡",
    "宇轩",
    "雨桐",
    "思远",
    "佳琪",
    "子墨",
    "若曦",
    "文博",
    "静怡",
]
TOPICS = ["订单查询", "退换货", "物流", "账户", "优惠活动", "投诉建议"]
REMARKS = {
    5: "全程用语规范，主动跟进至客户确认。",
    4: "表现稳定，个别通话结束语不完整。",
    3: "基本达标，遇复杂问题需提醒。",
    2: "两次未按流程核对身份，已当面指出。",
    1: "多次未按话术回应，客户重复来电。",
}


@dataclass(frozen=True)
class Post:
    """One line of the roster; `skill` 0–1 drives how well the person does."""

    person: str
    name: str
    team: str
    position: str
    superior: str
    from_day: datetime.date
    to_day: datetime.date | None
    skill: float
    base_pay: int


def write_sample(
    folder: Path,
    months: Sequence[tuple[int, int]] = ((2025, 9),),
    *,
    seed: int = 20250901,
    teams: int = 3,
    size: int = 9,
) -> list[Path]:
    """Write the exports of the months (year, month) and their mappings to `folder`; return the files written.

    Each team has `size` agents and a lead; beside them a QA specialist and an HR clerk rate. The first month has a
    joiner, a leaver, a transfer between teams, two people of one name, a rating that is missing, an outage and a few
    broken rows.
    """
    chance = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    posts = _roster(chance, teams, size, datetime.date(*months[0], 1))
    written = [_write_roster(folder, posts), _write_pay(folder, posts)]
    for year, month in months:
        label = f"{year}-{month:02}"
        calls = list(_calls(chance, posts, year, month))
        written.append(_write_csv(folder / f"通话记录_{label}.csv", CALL_HEADINGS, calls, "gb18030"))
        surveys = list(_surveys(chance, posts, calls, label))
        written.append(_write_csv(folder / f"满意度_{label}.csv", SURVEY_HEADINGS, surveys, "utf-8-sig"))
        written.append(_write_complaints(folder, chance, calls, label))
        written.append(_write_ratings(folder, chance, posts, year, month, first=(year, month) == months[0]))
    for source in sorted(files("meritdesk.library").joinpath("sample").iterdir(), key=lambda entry: entry.name):
        target = folder / source.name
        target.write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
        written.append(target)
    return written


# ------------------------------------------------------------------ people


def _roster(chance: random.Random, teams: int, size: int, first: datetime.date) -> list[Post]:
    names = [a + b for b in GIVEN for a in SURNAMES]
    chance.shuffle(names)
    begin = first - datetime.timedelta(days=400)
    posts = [
        Post("M01", names.pop(), "管理", "客服经理", "", begin, None, 0.8, 1_500_000),
        Post("Q01", names.pop(), "质检", "质检员", "M01", begin, None, 0.8, 700_000),
        Post("H01", names.pop(), "人事", "人事专员", "M01", begin, None, 0.8, 700_000),
    ]
    for number in range(teams):
        team = f"{'一二三四五六七八九十'[number]}组"
        lead = f"L{number + 1:02}"
        posts.append(Post(lead, names.pop(), team, "班组长", "M01", begin, None, 0.75, 900_000))
        for member in range(size):
            skill = min(1.0, max(0.05, chance.gauss(0.72, 0.17)))
            pay = 450_000 + 10_000 * chance.randrange(0, 16)
            person = f"A{number * 100 + member + 1:04}"
            posts.append(Post(person, names.pop(), team, "客服代表", lead, begin, None, skill, pay))
    agents = [k for k, post in enumerate(posts) if post.position == "客服代表"]
    middle = first + datetime.timedelta(days=14)
    joiner, leaver, mover, twin = agents[1], agents[2], agents[3], agents[-1]
    posts[joiner] = _changed(posts[joiner], from_day=first + datetime.timedelta(days=9))
    posts[leaver] = _changed(posts[leaver], to_day=first + datetime.timedelta(days=7))
    posts[twin] = _changed(posts[twin], name=posts[agents[0]].name)
    moved = posts[mover]
    posts[mover] = _changed(moved, to_day=middle)
    if teams > 1:
        posts.append(_changed(moved, team="二组", superior="L02", from_day=middle))
    return posts


def _changed(post: Post, **fields: object) -> Post:
    return Post(**{**post.__dict__, **fields})


def _on_post(posts: Sequence[Post], day: datetime.date, position: str) -> list[Post]:
    return [p for p in posts if p.position == position and p.from_day <= day and (p.to_day is None or day < p.to_day)]


def _write_roster(folder: Path, posts: Sequence[Post]) -> Path:
    rows: list[list[object]] = [
        [
            p.person,
            p.name,
            "客服部",
            p.team,
            p.position,
            p.superior,
            p.from_day.isoformat(),
            p.to_day.isoformat() if p.to_day else "",
        ]
        for p in posts
    ]
    headings = ["工号", "姓名", "部门", "班组", "岗位", "直接上级工号", "任职起", "任职止"]
    return _write_sheet(folder / "名册.xlsx", headings, rows, banner="客服部人员名册（人事导出）")


def _write_pay(folder: Path, posts: Sequence[Post]) -> Path:
    first: dict[str, Post] = {}
    for post in posts:
        first.setdefault(post.person, post)
    rows: list[list[object]] = [[p.person, f"{p.base_pay / 100:,.2f}", p.from_day.isoformat()] for p in first.values()]
    return _write_sheet(folder / "工资基数.xlsx", ["工号", "基本工资", "生效日期"], rows)


# ------------------------------------------------------------------ contacts

CALL_HEADINGS = [
    "呼叫编号", "坐席工号", "客户编号", "技能组", "业务类型", "方向", "结果", "进线时间", "接听时间", "等待秒数",
    "通话时长", "话后秒数",
    "是否解决", "是否转接", "剔除原因",
]  # fmt: skip
SURVEY_HEADINGS = ["问卷编号", "呼叫编号", "坐席工号", "评分", "评价时间"]
OUTAGE = "话务平台故障，已核实"


def _calls(chance: random.Random, posts: Sequence[Post], year: int, month: int) -> Iterator[list[object]]:
    number = 0
    for day in range(1, calendar.monthrange(year, month)[1] + 1):
        date = datetime.date(year, month, day)
        for post in _on_post(posts, date, "客服代表"):
            if chance.random() < 0.28:  # days off
                continue
            for _call in range(chance.randrange(14, 26)):
                number += 1
                yield _call_row(chance, post, date, number)
    yield from _broken(f"{year}-{month:02}")


def _broken(label: str) -> Iterator[list[object]]:
    """A call of somebody unknown, one on a day that does not exist, and a duration that a spreadsheet has spoilt."""
    head = ["普通", "物流", "呼入", "接通"]
    yield [
        f"{label}-X1",
        "A9999",
        "C1",
        *head,
        f"{label}-05 10:00:00",
        f"{label}-05 10:00:20",
        20,
        "0:03:10",
        30,
        "是",
        "否",
        "",
    ]
    yield [f"{label}-X2", "A0001", "C2", *head, f"{label}-32 10:00:00", "", 12, "0:02:00", 30, "是", "否", ""]
    times = [f"{label}-06 10:00:00", f"{label}-06 10:00:09"]
    yield [f"{label}-X3", "A0001", "C3", *head, *times, 9, "1.5e2", 30, "是", "否", ""]


def _call_row(chance: random.Random, post: Post, date: datetime.date, number: int) -> list[object]:
    at = datetime.datetime.combine(date, datetime.time(9)) + datetime.timedelta(seconds=chance.randrange(0, 10 * 3600))
    outage = date.day == 11 and 14 <= at.hour < 16
    wait = int(chance.expovariate(1 / (300 if outage else 18 + 45 * (1 - post.skill))))
    answered = chance.random() < (0.5 if outage else 0.9 + 0.09 * post.skill)
    talk = int(max(20, chance.gauss(210 - 40 * post.skill, 70)))
    taken = (at + datetime.timedelta(seconds=wait)).strftime("%Y-%m-%d %H:%M:%S")
    return [
        f"{date:%m%d}-{number:06}",
        post.person,
        f"C{chance.randrange(1, 40000):05}",
        "普通" if chance.random() < 0.8 else "专席",
        chance.choice(TOPICS),
        "呼入" if chance.random() < 0.93 else "呼出",
        "接通" if answered else "放弃",
        at.strftime("%Y-%m-%d %H:%M:%S"),
        taken if answered else "",
        wait,
        f"{talk // 3600}:{talk % 3600 // 60:02}:{talk % 60:02}" if answered else "",
        chance.randrange(5, 90) if answered else "",
        ("是" if chance.random() < 0.72 + 0.26 * post.skill else "否") if answered else "",
        ("是" if chance.random() < 0.12 * (1.2 - post.skill) else "否") if answered else "",
        OUTAGE if outage else "",
    ]


def _surveys(
    chance: random.Random, posts: Sequence[Post], calls: Sequence[Sequence[object]], label: str
) -> Iterator[list[object]]:
    skills = {p.person: p.skill for p in posts}
    for call in calls:
        person = str(call[1])
        if call[6] != "接通" or person not in skills or chance.random() > 0.16:
            continue
        happy = chance.random() < 0.82 + 0.17 * skills[person]
        score = chance.choice([4, 5, 5, 5]) if happy else chance.choice([1, 2, 3, 3])
        at = str(call[7])[:16]
        yield [f"{label}-{call[0]}", call[0], person, score, at.replace("-", "/") if chance.random() < 0.1 else at]


def _write_complaints(folder: Path, chance: random.Random, calls: Sequence[Sequence[object]], label: str) -> Path:
    rows: list[list[object]] = []
    for call in calls:
        if call[6] == "接通" and str(call[1]) != "A9999" and "-32" not in str(call[7]) and chance.random() < 0.004:
            upheld = chance.choice(["属实", "属实", "不属实", "处理中"])
            rows.append(
                [
                    f"T{label}-{len(rows) + 1:03}",
                    call[0],
                    call[1],
                    chance.choice(["态度", "时效", "解答有误"]),
                    upheld,
                    str(call[7])[:16],
                ]
            )
    headings = ["投诉编号", "呼叫编号", "责任人工号", "投诉内容", "是否属实", "受理时间"]
    return _write_sheet(folder / f"投诉台账_{label}.xlsx", headings, rows, banner=f"投诉台账 {label}")


# ------------------------------------------------------------------ ratings


def _write_ratings(
    folder: Path, chance: random.Random, posts: Sequence[Post], year: int, month: int, *, first: bool
) -> Path:
    last = datetime.date(year, month, calendar.monthrange(year, month)[1])
    rows: list[list[object]] = []
    begin = last.replace(day=1)
    rated = [
        p
        for p in posts
        if p.position in ("客服代表", "班组长") and p.from_day <= last and (p.to_day is None or p.to_day > begin)
    ]
    third = [p.person for p in rated if p.position == "客服代表" and p.team == "三组"]
    skipped = third[0] if first and third else ""
    for post in rated:
        until = last if post.to_day is None or post.to_day > last else post.to_day - datetime.timedelta(days=1)
        for indicator, roles in (
            ("服务规范度", "直接上级 质检 人事"),
            ("问题解决能力", "直接上级 质检"),
            ("跨部门响应", "直接上级 人事"),
        ):
            for role in roles.split():
                if post.person == skipped and role == "直接上级" and indicator == "跨部门响应":
                    continue
                rater = {"直接上级": post.superior, "质检": "Q01", "人事": "H01"}[role]
                level = min(5, max(1, round(chance.gauss(1.6 + 3.4 * post.skill, 0.32))))
                rows.append([post.person, indicator, role, rater, level, REMARKS[level], until.isoformat()])
    headings = ["被评人工号", "指标", "评分角色", "评分人工号", "分档", "事例", "评分日期"]
    return _write_sheet(folder / f"评分_{year}-{month:02}.xlsx", headings, rows)


# ------------------------------------------------------------------ files


def _write_csv(path: Path, headings: Sequence[str], rows: Sequence[Sequence[object]], encoding: str) -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file)
        writer.writerow(headings)
        writer.writerows(rows)
    return path


def _write_sheet(path: Path, headings: Sequence[str], rows: Sequence[Sequence[object]], banner: str = "") -> Path:
    with Workbook(str(path)) as workbook:
        workbook.set_properties({"created": datetime.datetime(2025, 1, 1, tzinfo=datetime.UTC)})
        sheet = workbook.add_worksheet("Sheet1")
        start = 0
        if banner:
            sheet.merge_range(0, 0, 0, len(headings) - 1, banner)
            start = 1
        sheet.write_row(start, 0, headings)
        for number, row in enumerate(rows, start=start + 1):
            for column, value in enumerate(row):
                if isinstance(value, str):
                    sheet.write_string(number, column, value)
                else:
                    sheet.write(number, column, value)
    return path
