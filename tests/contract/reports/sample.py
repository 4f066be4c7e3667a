"""A made-up month of a made-up team, as a run would give it: rare and long names, long remarks, every state.

Records only, put together by hand from a small table, so that the tests of the reports do not depend on the pipeline.
The points are consistent: contributions add up to dimensions, dimensions to totals.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from meritdesk.errors import Problem
from meritdesk.results import (
    Appraisal,
    Batch,
    DimensionScore,
    IndicatorScore,
    PayLine,
    Period,
    Rating,
    Results,
    RunInfo,
    Segment,
    State,
    UseOutcome,
)
from meritdesk.rules.program import Program
from meritdesk.scheme.document import Scheme

CENT = Decimal("0.01")
PERIOD = Period(datetime.date(2025, 9, 1), datetime.date(2025, 9, 30))

RUBRICS = {
    "standard": ["严重违反话术", "多次偏离话术", "基本规范", "规范，偶有疏漏", "全程标准化，用语专业"],
    "solving": [
        "推诿客户",
        "常规问题需他人协助",
        "解决常规问题",
        "独立解决较复杂问题",
        "复杂问题主动协调，24 小时内闭环",
    ],
}


def _rating(key: str, title: str, roles: Sequence[str], weight: int) -> dict[str, Any]:
    levels = [{"level": n, "title": words, "points": n} for n, words in enumerate(RUBRICS[key], 1)]
    return {
        "id": key,
        "title": title,
        "weight": weight,
        "source": {"rating": list(roles)},
        "scoring": {"method": "rating", "levels": levels, "full": 5},
    }


def _bands(key: str, title: str, weight: int, bands: Sequence[tuple[str, int]], target: str = "") -> dict[str, Any]:
    document: dict[str, Any] = {
        "id": key,
        "title": title,
        "weight": weight,
        "source": {"metric": key},
        "scoring": {"method": "bands", "bands": [{"when": w, "points": p} for w, p in bands], "full": 5},
    }
    return document | ({"target": target} if target else {})


SCHEME: dict[str, Any] = {
    "scheme": "support_center",
    "version": 3,
    "title": "客户支持服务中心绩效评价",
    "source": "R4",
    "style": "weights",
    "description": "按月评价，主管、质检、人事与客户代表共同评分。",
    "notes": [
        {"kind": "assumption", "place": "grades", "text": "原文只给出良好的系数，其余为假设：优秀 1.5，合格 1.0。"},
        {"kind": "mend", "place": "frt", "text": "原文 30 秒同属两档，改为各档上限含端点。"},
    ],
    "cycle": {"kind": "month", "minimum_days": 10, "below_minimum": "0.8"},
    "positions": [
        {"id": "agent", "title": "一线客服代表", "title_en": "Agent"},
        {"id": "senior", "title": "资深客服代表（在线与电话双渠道）", "title_en": "Senior agent"},
    ],
    "raters": {
        "roles": [
            {"id": "supervisor", "title": "主管", "weight": 60, "if_missing": "hold"},
            {"id": "qa", "title": "质检", "weight": 20},
            {"id": "peer", "title": "同事", "weight": 20},
        ],
        "anonymous": ["peer"],
        "smallest_group": 3,
    },
    "dimensions": [
        {
            "id": "quality",
            "title": "服务质量",
            "title_en": "Service quality",
            "weight": 40,
            "indicators": [
                _rating("standard", "服务规范度", ("supervisor", "qa"), 40),
                _rating("solving", "问题解决能力", ("supervisor", "peer"), 30),
                _bands("fcr", "一次解决率", 30, [("[90%, )", 5), ("[80%, 90%)", 3), ("(, 80%)", 1)], "[85%, )"),
            ],
        },
        {
            "id": "efficiency",
            "title": "工作效率",
            "title_en": "Efficiency",
            "weight": 30,
            "indicators": [
                _bands("frt", "平均响应时长", 60, [("(, 30]", 5), ("(30, 60]", 3), ("(60, )", 1)], "(, 30]"),
                {
                    "id": "tickets",
                    "title": "工单处理量",
                    "weight": 40,
                    "source": {"metric": "tickets"},
                    "scoring": {"method": "attainment", "target": 1200, "full": 5},
                },
            ],
        },
        {
            "id": "feedback",
            "title": "客户反馈",
            "title_en": "Customer feedback",
            "weight": 20,
            "indicators": [
                _bands("csat", "客户满意度", 50, [("[95%, )", 5), ("[90%, 95%)", 3), ("(, 90%)", 1)], "[95%, )"),
                _bands("complaints", "投诉率", 50, [("[0, 0]", 5), ("(0, 1%)", 3), ("[1%, )", 1)]),
            ],
        },
        {
            "id": "teamwork",
            "title": "团队协作",
            "title_en": "Teamwork",
            "weight": 10,
            "indicators": [
                {
                    "id": "conduct",
                    "title": "工作状况",
                    "weight": 100,
                    "source": {"violations": "conduct"},
                    "scoring": {"method": "deduct", "full": 5},
                }
            ],
        },
    ],
    "violation_lists": {
        "conduct": [
            {"code": "W01", "title": "未报工号", "points": "0.5"},
            {"code": "W04", "title": "30 分钟内未回电", "points": "0.5"},
        ]
    },
    "grades": [
        {"id": "a", "title": "优秀", "title_en": "Excellent", "when": "[90, )", "coefficient": "1.5"},
        {"id": "b", "title": "良好", "title_en": "Good", "when": "[80, 90)", "coefficient": "1.2"},
        {"id": "c", "title": "合格", "title_en": "Pass", "when": "[70, 80)", "coefficient": "1.0"},
        {"id": "d", "title": "待改进", "title_en": "Needs improvement", "when": "[60, 70)", "coefficient": "0.8"},
        {"id": "e", "title": "不合格", "title_en": "Fail", "when": "(, 60)", "coefficient": "0"},
    ],
    "distribution": {"mode": "cap", "group": "all", "shares": {"a": "0.1", "b": "0.3", "c": "0.5", "d": "0.1", "e": 0}},
    "pay": {
        "items": [
            {"id": "base", "title": "基本工资", "kind": "base", "amount": {"pay": "base"}},
            {
                "id": "merit",
                "title": "绩效工资",
                "kind": "performance",
                "amount": {"pay": "merit"},
                "times": ["coefficient"],
            },
            {"id": "damage", "title": "损失赔偿", "kind": "deduction", "amount": {"pay": "damage"}},
        ]
    },
}

CASE = (
    "9 月 12 日工单 T2025091200317：客户因重复扣款情绪激动，能先致歉、复述问题，再联系财务核对流水，"
    "当日 18:40 完成退款并回电确认，客户给出 5 星评价；"
)
LONG_REMARK = (
    CASE
    + "9 月 18 日工单 T2025091800042：系统故障期间连续接待 37 位客户，用语规范，按预案逐一登记回访，"
    "次日 12:00 前全部闭环。不足：9 月 23 日抽检录音 R-88213 中未按流程核对身份信息，已当面提醒，"
    "后续两次抽检（R-88507、R-88690）均已改正。建议继续担任新人带教，并在 10 月的班会上分享故障期间的安抚话术。"
)


@dataclass(frozen=True)
class Row:
    """One person of the sample: levels of the two ratings and the figures of the month."""

    person: str
    name: str
    team: str
    standard: int
    solving: int
    fcr: str
    frt: str
    tickets: int
    csat: str
    complaints: str
    slips: int
    remark: str = CASE


ROWS = (
    Row("100001", "王喆", "在线一组", 5, 5, "0.9423", "26.31", 1312, "0.9671", "0", 0, LONG_REMARK),
    Row("100002", "李堃", "在线一组", 5, 4, "0.9105", "28.00", 1204, "0.9550", "0", 1),
    Row("100003", "张玥", "在线一组", 4, 5, "0.8802", "30.00", 1188, "0.9521", "0.0041", 0),
    Row("100004", "陈珺", "在线二组", 4, 4, "0.9010", "41.75", 1100, "0.9333", "0.0052", 0),
    Row("100005", "刘昇", "在线二组", 3, 4, "0.8550", "33.20", 1251, "0.9402", "0", 2),
    Row("100006", "赵㛃", "在线二组", 4, 3, "0.8611", "58.90", 997, "0.9188", "0.0075", 0),
    Row(
        "100007", "欧阳娜娜·阿卜杜热西提·买买提江", "电话一组（华东大区与海外专线）", 5, 5, "0.9200", "29.99", 1420,
        "0.9720", "0", 0, LONG_REMARK * 2,
    ),
    Row("100008", "司徒雅文", "电话一组（华东大区与海外专线）", 4, 4, "0.8933", "44.10", 1066, "0.9410", "0.0033", 1),
    Row("100009", "孙丽", "在线一组", 3, 3, "0.8205", "61.30", 903, "0.9012", "0.0102", 3),
    Row("100010", "周婷", "在线二组", 3, 3, "0.8100", "47.00", 310, "0.9100", "0", 0),
    Row("100011", "吴强", "在线一组", 2, 2, "0.7650", "72.45", 850, "0.8840", "0.0155", 6),
    Row("100012", "Alexander-Maximilian O'Connor", "在线二组", 4, 5, "0.9050", "27.80", 1233, "0.9534", "0", 0),
)  # fmt: skip


def _level(value: Decimal, steps: Sequence[tuple[str, int]], *, more: bool) -> int:
    for bound, points in steps:
        if (value >= Decimal(bound)) if more else (value <= Decimal(bound)):
            return points
    return 1


def _indicator(document: dict[str, Any], weight: Decimal, points: Decimal, **more: Any) -> IndicatorScore:
    share = Decimal(document["weight"]) / 100
    most = (weight * share).quantize(Decimal("0.0001"))
    source = document["source"]
    kind = next(iter(source))
    settings: dict[str, Any] = {
        "id": document["id"],
        "title": document["title"],
        "title_en": document.get("title_en", ""),
        "source": "rating" if kind == "rating" else f"{kind}:{source[kind]}",
        "unit": "",
        "value": None,
        "numerator": None,
        "denominator": None,
        "n": None,
        "excluded": 0,
        "pending": 0,
        "interval": None,
        "target": "",
        "target_met": None,
        "points": points,
        "full": Decimal(5),
        "share": share,
        "contribution": (most * points / 5).quantize(Decimal("0.0001"), ROUND_HALF_UP),
        "most": most,
        "status": "scored",
    }
    return IndicatorScore(**(settings | more))


def _rated(document: dict[str, Any], weight: Decimal, level: int, remark: str) -> IndicatorScore:
    titles = {"supervisor": "主管", "qa": "质检", "peer": "同事"}
    ratings = []
    for role in document["source"]["rating"]:
        for number in range(3 if role == "peer" else 1):
            given = level if role != "qa" else min(5, level + 1)
            ratings.append(
                Rating(
                    role=role,
                    role_title=titles[role],
                    rater=f"{role}-{number + 1}",
                    level=given,
                    score=Decimal(given),
                    remark=remark if role == "supervisor" else "抽检 12 通，用语规范。" if role == "qa" else "",
                    weight=Decimal("0.75") if role == "supervisor" else Decimal("0.25"),
                )
            )
    points = (sum((r.weight * (r.score or 0) for r in ratings[:2]), Decimal(0))).quantize(CENT)
    title = RUBRICS[document["id"]][level - 1]
    return _indicator(document, weight, points, ratings=tuple(ratings), level_title=title)


def _rate(document: dict[str, Any], weight: Decimal, value: str, n: int, points: int, target: str) -> IndicatorScore:
    rate = Decimal(value)
    hits = (rate * n).quantize(Decimal(1))
    spread = Decimal("0.0182")
    return _indicator(
        document, weight, Decimal(points), unit="%", value=rate, numerator=hits, denominator=Decimal(n), n=n,
        excluded=3, pending=2, interval=(max(Decimal(0), rate - spread), min(Decimal(1), rate + spread)), target=target,
        target_met=points == 5 if target else None,
    )  # fmt: skip


def _dimensions(row: Row) -> tuple[DimensionScore, ...]:
    found = []
    for dimension in SCHEME["dimensions"]:
        weight = Decimal(dimension["weight"])
        scores = tuple(_score(row, document, weight) for document in dimension["indicators"])
        contribution = sum((s.contribution or Decimal(0) for s in scores), Decimal(0))
        found.append(
            DimensionScore(
                id=dimension["id"],
                title=dimension["title"],
                title_en=dimension["title_en"],
                weight=weight,
                score=(contribution / weight * 100).quantize(CENT, ROUND_HALF_UP),
                contribution=contribution,
                most=weight,
                indicators=scores,
            )
        )
    return tuple(found)


def _score(row: Row, document: dict[str, Any], weight: Decimal) -> IndicatorScore:
    match document["id"]:
        case "standard":
            return _rated(document, weight, row.standard, row.remark)
        case "solving":
            return _rated(document, weight, row.solving, row.remark)
        case "fcr":
            points = _level(Decimal(row.fcr), [("0.9", 5), ("0.8", 3)], more=True)
            return _rate(document, weight, row.fcr, row.tickets - 40, points, "≥ 85%")
        case "frt":
            points = _level(Decimal(row.frt), [("30", 5), ("60", 3)], more=False)
            return _indicator(
                document, weight, Decimal(points), unit="s", value=Decimal(row.frt), n=row.tickets, target="≤ 30 s",
                target_met=points == 5, numerator=Decimal(row.frt) * row.tickets, denominator=Decimal(row.tickets),
            )  # fmt: skip
        case "tickets":
            points_made = min(Decimal(row.tickets) / 1200, Decimal(1)) * 5
            return _indicator(
                document, weight, points_made.quantize(CENT), unit="件", value=Decimal(row.tickets), n=row.tickets,
                target="1200", target_met=row.tickets >= 1200,
            )  # fmt: skip
        case "csat":
            points = _level(Decimal(row.csat), [("0.95", 5), ("0.9", 3)], more=True)
            return _rate(document, weight, row.csat, row.tickets // 3, points, "≥ 95%")
        case "complaints":
            points = _level(Decimal(row.complaints), [("0", 5), ("0.0099", 3)], more=False)
            return _rate(document, weight, row.complaints, row.tickets, points, "")
    points_left = Decimal(5) - Decimal("0.5") * row.slips
    listed = (("W01", "未报工号", row.slips, Decimal("0.5")),) if row.slips else ()
    return _indicator(document, weight, points_left, value=Decimal(row.slips), unit="次", violations=listed)


def _grade(total: Decimal) -> dict[str, Any]:
    for grade, bound in zip(SCHEME["grades"], (90, 80, 70, 60, -1), strict=True):
        if total >= bound:
            return dict(grade)
    raise AssertionError("every total has a grade")


def _segment(row: Row, key: int, position: int, first: datetime.date, last: datetime.date, counted: bool) -> Segment:
    dimensions = _dimensions(row)
    total = sum((d.contribution or Decimal(0) for d in dimensions), Decimal(0)).quantize(CENT, ROUND_HALF_UP)
    return Segment(
        key=key, position=SCHEME["positions"][position]["id"], position_title=SCHEME["positions"][position]["title"],
        team=row.team, department="客户支持服务中心", superior="慕容静怡", from_day=first, to_day=last,
        days=(last - first).days + 1, counted=counted, total=total if counted else None, dimensions=dimensions,
    )  # fmt: skip


def _pay(coefficient: Decimal | None, slips: int) -> tuple[PayLine, ...]:
    merit = None if coefficient is None else (Decimal("1500.55") * coefficient).quantize(CENT, ROUND_HALF_UP)
    return (
        PayLine(id="base", title="基本工资", title_en="Base pay", kind="base", amount=Decimal("3500.00")),
        PayLine(id="merit", title="绩效工资", title_en="Performance pay", kind="performance", amount=merit),
        PayLine(id="damage", title="损失赔偿", title_en="", kind="deduction", amount=Decimal("-12.34") * (slips > 2)),
    )


def _appraisal(number: int, row: Row) -> Appraisal:
    first, last = PERIOD.first, PERIOD.last
    segments: tuple[Segment, ...] = (_segment(row, number * 10, 0, first, last, True),)
    state: State = "graded"
    reason = ""
    if row.person == "100008":
        half = datetime.date(2025, 9, 14)
        segments = (
            _segment(row, number * 10, 0, first, half, True),
            _segment(replace(row, standard=5), number * 10 + 1, 1, half + datetime.timedelta(1), last, True),
        )
    if row.person == "100009":
        state, reason = "held", "主管评分尚缺：服务规范度、问题解决能力"
    if row.person == "100010":
        state, reason = "not_appraised", "在岗 6 天，少于最低 10 天"
        segments = (_segment(row, number * 10, 0, datetime.date(2025, 9, 25), last, False),)
    days = sum(s.days for s in segments)
    weighted = sum((s.days * (s.total or Decimal(0)) for s in segments), Decimal(0))
    total = (weighted / days).quantize(CENT, ROUND_HALF_UP)
    graded = state == "graded"
    threshold = _grade(total)
    grade = SCHEME["grades"][1] if row.person == "100007" else threshold
    coefficient = Decimal(grade["coefficient"]) if graded else Decimal("0.8") if state == "not_appraised" else None
    pay = _pay(coefficient, row.slips)
    amounts = [line.amount for line in pay]
    return Appraisal(
        person=row.person, name=row.name, department="客户支持服务中心", team=row.team, position=segments[-1].position,
        position_title=segments[-1].position_title, superior="慕容静怡", state=state, reason=reason, segments=segments,
        total=total if graded else None, threshold_grade=threshold["id"] if graded else None,
        grade=grade["id"] if graded else None, grade_title=grade["title"] if graded else "", coefficient=coefficient,
        vetoes=("泄露客户信息",) if row.person == "100011" else (), rank=None, rank_of=None, pay=pay,
        pay_total=None if None in amounts else sum((amount or Decimal(0) for amount in amounts), Decimal(0)),
        uses=(UseOutcome(id="star", title="服务之星", then="honour", reason="总分不低于 95"),) if total >= 95 else (),
        strengths=("一次解决率 94.2%，高于目标 9.2 个百分点；故障期间主动承担高峰接待。",) if number == 0 else (),
        gaps=("身份核对流程偶有遗漏（录音 R-88213）。",) if number == 0 else (),
        plan=("10 月完成身份核对流程复训，月底前复检 20 通录音。", "整理安抚话术，班会分享。") if number == 0 else (),
    )  # fmt: skip


def sample(rows: Sequence[Row] = ROWS) -> Results:
    """Return the results of `rows`, ranked by total."""
    made = [_appraisal(number, row) for number, row in enumerate(rows)]
    graded = sorted((a for a in made if a.total is not None), key=lambda a: -(a.total or 0))
    ranks = {a.person: 1 + sum((b.total or 0) > (a.total or 0) for b in graded) for a in graded}
    ranked = tuple(replace(a, rank=ranks.get(a.person), rank_of=len(graded) if a.total else None) for a in made)
    digest = "".join(f"{n:x}" for n in range(16)) * 4
    return Results(
        scheme=Scheme.model_validate(SCHEME),
        scheme_text="scheme: support_center\n",
        run=RunInfo(
            scheme="support_center", scheme_version=3, scheme_hash=digest, program_hash=digest[::-1], input_hash=digest,
            engine="duckdb 1.5.5", code_version="0.1.0", period=PERIOD,
            batches=(Batch(name="工单_2025-09.csv", sha256=digest, rows=13_570),),
        ),
        appraisals=ranked,
        problems=(
            Problem(
                code="unknown-person", place="工单_2025-09.csv 第 318 行", message="工号 199999 不在人员表中",
                fix="在人员表中补上此人，或确认应当忽略", severity="warning",
            ),
        ),
        data_report=(
            {"文件": "工单_2025-09.csv", "行数": 13_570, "采用": 13_561, "隔离": 9},
            {"文件": "满意度_2025-09.xlsx", "行数": 4_602, "采用": 4_602, "隔离": 0},
        ),
        program=Program(segments={}, appraisals={}),
        segment_rows=(),
        appraisal_rows=(),
        segment_outputs={},
        appraisal_outputs={},
    )  # fmt: skip


def crowd(people: int) -> Results:
    """Return results of as many made-up people as asked for, each with a form of two pages."""
    graded = [row for row in ROWS if row.person not in {"100008", "100009", "100010"}]
    models = [graded[n % len(graded)] for n in range(people)]
    rows = [
        replace(model, person=f"{200_000 + n}", name=f"{model.name}{n}", remark=LONG_REMARK)
        for n, model in enumerate(models)
    ]
    return sample(rows)
