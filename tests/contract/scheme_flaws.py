"""Flaws planted in a clean scheme, one by one, each with the finding it must give; and the metrics it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from meritdesk.scheme.facts import MetricFacts

FIXTURE = Path(__file__).parent / "scheme_check" / "clean.yaml"
CLEAN = FIXTURE.read_text(encoding="utf-8")


@dataclass(frozen=True)
class Facts:
    """A metric as the check sees it."""

    id: str
    unit: str
    better: Literal["higher", "lower", "range"]
    scale: int = 0
    influence: Literal["person", "team", "system"] = "person"
    rests: tuple[str, ...] = ()
    can_be_empty: bool = True

    @property
    def title(self) -> str:
        return self.id

    @property
    def rests_on(self) -> tuple[str, ...]:
        return self.rests or (self.id,)


METRICS: dict[str, MetricFacts] = {
    facts.id: facts
    for facts in (
        Facts("response_seconds", "seconds", "lower", rests=("replies",)),
        Facts("first_reply", "seconds", "lower", rests=("replies", "contacts")),
        Facts("fcr", "ratio", "higher", scale=4),
        Facts("csat", "ratio", "higher", scale=4),
        Facts("handle_seconds", "seconds", "range"),
        Facts("queue_wait", "seconds", "lower", influence="system"),
        Facts("team_sales", "yuan", "higher", scale=2, influence="team", can_be_empty=False),
        Facts("calls", "count", "higher", can_be_empty=False),
        Facts("wrong_orders", "count", "lower", can_be_empty=False),
        Facts("exam_level", "level", "higher"),
        Facts("qa_score", "points", "higher", scale=2),
    )
}


BANDS = """          method: bands
          full: 5
          bands:
            - {when: "[0, 30]", points: 5, title: 快}
            - {when: "(30, 60]", points: 4, title: 中}
            - {when: "(60, )", points: 3, title: 慢}
"""
RESPONSE = "dimensions.quality.response"
CALLS = "scoring: {method: curve, points: [[0, 0], [1000, 100]]}"
CURVE = "scoring: {method: curve, points: [[60%, 0], [90%, 100]]}"
TABLE = CLEAN[CLEAN.index("          method: table") : CLEAN.index("grades:")]


def tiers(rows: str) -> str:
    return f"scoring: {{method: tiers, mode: whole, tiers: [{rows}]}}"


# what is replaced, by what, the code and the place of the finding
FLAWS = {
    "dimension weights": ("weight: 20\n", "weight: 19\n", "weights-not-100", "dimensions@agent"),
    "weights of one post": ("positions: [lead]", "positions: [agent, lead]", "weights-not-100", "dimensions@agent"),
    "indicator weights": ("weight: 40\n", "weight: 45\n", "weights-not-100", "dimensions.quality@agent"),
    "some weights": ("        weight: 40\n", "", "weights-mixed", "dimensions.quality@agent"),
    "no dimension weight": ("    weight: 20\n", "", "weight-missing", "dimensions.discipline.weight"),
    "weight of 0": ("weight: 40\n", "weight: 0\n", "weight-not-positive", f"{RESPONSE}.weight"),
    "rater weights": (
        "peer, title: 同事, weight: 30",
        "peer, title: 同事, weight: 40",
        "rater-weights-not-100",
        "raters.roles",
    ),
    "role with weight 0": (
        "title: 同事, weight: 30",
        "title: 同事, weight: 0",
        "role-without-weight",
        "raters.roles.peer.weight",
    ),
    "idle role": (
        "rating: [superior, peer, customer]",
        "rating: [superior, peer]",
        "role-not-used",
        "raters.roles.customer",
    ),
    "post without work": (
        "  - {id: lead, title: 班长}",
        "  - {id: lead, title: 班长}\n  - {id: qa, title: 质检}",
        "weights-not-100",
        "dimensions@qa",
    ),
    "disjoint posts": (
        "title: 接待量",
        "title: 接待量\n        positions: [lead]",
        "indicator-never-used",
        "dimensions.output.calls.positions",
    ),
    "gap": ('"(30, 60]"', '"(30, 50]"', "gap", f"{RESPONSE}.scoring.bands@[51, 60]"),
    "boundary in none": ('"(30, 60]"', '"(30, 60)"', "boundary-in-none", f"{RESPONSE}.scoring.bands@60"),
    "boundary in two": ('"(30, 60]"', '"[30, 60]"', "boundary-in-two", f"{RESPONSE}.scoring.bands@30"),
    "overlap": ('"(30, 60]"', '"[20, 60]"', "overlap", f"{RESPONSE}.scoring.bands@[20, 30]"),
    "no upper end": ('"(60, )"', '"(60, 90]"', "gap", f"{RESPONSE}.scoring.bands@[91, )"),
    "unreachable band": ('"(30, 60]"', '"(30, 31)"', "unreachable", f"{RESPONSE}.scoring.bands.2"),
    "percent as number": (
        "[60%, 0], [90%, 100]",
        "[60, 0], [90, 100]",
        "percent-written-as-number",
        "dimensions.quality.resolution.scoring.points",
    ),
    "cliff of bands": ("points: 3, title: 慢", "points: 0, title: 慢", "cliff", f"{RESPONSE}.scoring.bands@61"),
    "steep curve": (
        "[[0, 0], [1000, 100]]",
        "[[0, 0], [999, 20], [1000, 100]]",
        "cliff",
        "dimensions.output.calls.scoring.points@1000",
    ),
    "perverse bands": (
        "points: 3, title: 慢",
        "points: 5, title: 慢",
        "perverse-incentive",
        f"{RESPONSE}.scoring.bands",
    ),
    "perverse curve": (
        "[[0, 0], [1000, 100]]",
        "[[0, 100], [1000, 0]]",
        "perverse-incentive",
        "dimensions.output.calls.scoring.points",
    ),
    "paid per wrong order": (
        "scoring:\n" + TABLE,
        tiers('{when: "[0, 3]", rate: 30}, {when: "(3, )", rate: 28}') + "\n",
        "perverse-incentive",
        "dimensions.discipline.wrong.scoring.tiers",
    ),
    "bonus for errors": (
        "scoring:\n" + TABLE,
        "scoring: {method: bonus, each: 1, cap: 100}\n",
        "perverse-incentive",
        "dimensions.discipline.wrong.scoring",
    ),
    "no effect": (
        "[[0, 0], [1000, 100]]",
        "[[0, 100], [1000, 100]]",
        "no-effect",
        "dimensions.output.calls.scoring.points",
    ),
    "full forgotten": ("          full: 5\n", "", "full-not-reachable", f"{RESPONSE}.scoring.bands"),
    "more than full": ("          full: 5\n", "          full: 4\n", "points-above-full", f"{RESPONSE}.scoring.bands"),
    "full of a rubric forgotten": (
        "          full: 3\n",
        "",
        "full-not-reachable",
        "dimensions.quality.manner.scoring.levels",
    ),
    "curve falls back": (
        "[[0, 0], [1000, 100]]",
        "[[0, 0], [1000, 100], [900, 90]]",
        "points-out-of-order",
        "dimensions.output.calls.scoring.points",
    ),
    "range crossed": (
        "best_from: 200, best_to: 400",
        "best_from: 400, best_to: 200",
        "points-out-of-order",
        "dimensions.output.handling.scoring",
    ),
    "level left out": (
        "level: 3, title: 专业",
        "level: 4, title: 专业",
        "undefined-level",
        "dimensions.quality.manner.scoring.levels@3",
    ),
    "score in two levels": (
        'points: "[2, 2]"',
        'points: "[1, 2]"',
        "boundary-in-two",
        "dimensions.quality.manner.scoring.levels@1",
    ),
    "score in no level": (
        'points: "[0, 1]"',
        'points: "[0, 0]"',
        "boundary-in-none",
        "dimensions.quality.manner.scoring.levels@1",
    ),
    "no lowest level": (
        'points: "[0, 1]"',
        'points: "[1, 1]"',
        "lowest-level-above-zero",
        "dimensions.quality.manner.scoring.levels",
    ),
    "levels not rising": (
        'points: "[2, 2]"',
        "points: 4",
        "levels-out-of-order",
        "dimensions.quality.manner.scoring.levels",
    ),
    "level without words": (
        "title: 专业",
        'title: ""',
        "level-without-title",
        "dimensions.quality.manner.scoring.levels.3",
    ),
    "exam falls": (
        "高级, points: 10",
        "高级, points: 7",
        "perverse-incentive",
        "dimensions.leading.exams.scoring.levels",
    ),
    "unknown metric": ("metric: fcr", "metric: fcrr", "unknown-metric", "dimensions.quality.resolution.source"),
    "team's figure": ("metric: calls}\n", "metric: team_sales}\n", "influence", "dimensions.output.calls.source"),
    "system's figure": ("metric: response_seconds", "metric: queue_wait", "influence", f"{RESPONSE}.source"),
    "same metric twice": ("metric: fcr", "metric: csat", "double-counting", "raters.roles.customer.feed@resolution"),
    "same facts twice": (
        "metric: handle_seconds",
        "metric: first_reply",
        "double-counting",
        "dimensions.output.handling.source@response",
    ),
    "part and whole": (
        "        source: {metric: wrong_orders}\n        scoring:\n" + TABLE,
        "        source: {of: [conduct]}\n        scoring: {method: sum}\n",
        "double-counting",
        "dimensions.discipline.wrong.source@conduct",
    ),
    "list deducted twice": (
        "        source: {metric: wrong_orders}\n        scoring:\n" + TABLE,
        "        source: {violations: conduct}\n        scoring: {method: deduct}\n",
        "double-counting",
        "dimensions.discipline.wrong.source@conduct",
    ),
    "empty denominator": (
        "        missing: redistribute\n",
        "",
        "empty-denominator-without-rule",
        f"{RESPONSE}.missing",
    ),
    "calibration never": ("at_least: 1", "at_least: 2", "calibration-unreachable", "raters.calibration.at_least"),
    "calibration always": ("threshold: 20", "threshold: 0", "calibration-threshold", "raters.calibration.threshold"),
    "not anonymous": ("smallest_group: 3", "smallest_group: 2", "anonymity-too-small", "raters.smallest_group"),
    "grade in two": ('"[60, 75)"', '"[60, 75]"', "boundary-in-two", "grades@75"),
    "grade in none": ('"[60, 75)"', '"(60, 75)"', "boundary-in-none", "grades@60"),
    "grades with a gap": ('"[60, 75)"', '"[60, 70)"', "gap", "grades@[70, 74.99]"),
    "grades upside down": (
        CLEAN[CLEAN.index("  - {id: excellent") : CLEAN.index("distribution:")],
        "".join(
            reversed(CLEAN[CLEAN.index("  - {id: excellent") : CLEAN.index("distribution:")].splitlines(keepends=True))
        ),
        "grades-out-of-order",
        "grades.excellent",
    ),
    "coefficient rises downwards": (
        "coefficient: 0.8",
        "coefficient: 1.1",
        "coefficient-falls",
        "grades.fair.coefficient",
    ),
    "grade without a name": ("title: 合格, when", 'title: "", when', "grade-without-title", "grades.fair.title"),
    "no coefficient": (", coefficient: 0.8", "", "coefficient-missing", "grades.fair.coefficient"),
    "negative coefficient": (
        "coefficient: 0}",
        "coefficient: -0.1}",
        "coefficient-negative",
        "grades.failed.coefficient",
    ),
    "coefficient cliff": ("coefficient: 1.2", "coefficient: 3", "coefficient-cliff", "grades.good.coefficient"),
    "shares of 90": ("good: 40%", "good: 30%", "shares-not-100", "distribution.shares"),
    "share left out": ("fair: 30%, failed: 10%", "fair: 40%", "shares-incomplete", "distribution.shares"),
    "share too fine": (
        "  mode: cap\n",
        "  mode: cap\n  smallest: 5\n",
        "shares-too-fine",
        "distribution.shares.failed",
    ),
    "no mode": ("  mode: cap\n", "", "distribution-without-mode", "distribution.mode"),
    "over budget": (
        "excellent: 20%, good: 40%, fair: 30%, failed: 10%",
        "excellent: 40%, good: 40%, fair: 20%, failed: 0%",
        "mean-coefficient-over-budget",
        "distribution.shares",
    ),
    "gate out of reach": ('within: "[80, )"', 'within: "(100, )"', "gate-unreachable", "grades.excellent.requires.1"),
    "gate without effect": (
        'within: "[80, )"',
        'within: "[0, )"',
        "gate-without-effect",
        "grades.excellent.requires.1",
    ),
    "veto out of reach": ('within: "[0, 30%)"', 'within: "[30, )"', "veto-unreachable", "vetoes.rude.when"),
    "veto without effect": (
        "cap_grade: failed",
        "cap_grade: excellent",
        "veto-without-effect",
        "vetoes.leak.cap_grade",
    ),
    "deduction without limit": ("  largest_deduction: 20%\n", "", "deduction-without-limit", "pay.items.damage"),
    "deduction too large": (
        "largest_deduction: 20%",
        "largest_deduction: 30%",
        "deduction-limit-too-high",
        "pay.largest_deduction",
    ),
    "no minimum wage": ("  minimum_wage: 2000\n", "", "no-minimum-wage", "pay.minimum_wage"),
    "negative pay": ("excellent: 300, good: 0", "excellent: 300, good: -5", "pay-below-zero", "pay.items.honour"),
    "limits crossed": (
        "amount: {pay: damage}",
        "amount: {pay: damage}, at_least: 9, at_most: 5",
        "limits-crossed",
        "pay.items.damage",
    ),
    "grade unpaid": ("fair: 0, failed: 0", "fair: 0", "grade-without-amount", "pay.items.honour.amount@failed"),
    "tier gap in pay": ('"(500, )"', '"[510, )"', "gap", "pay.items.piece.amount.tiers@[501, 509]"),
    "pay cliff": (
        'mode: marginal, tiers: [{when: "[0, 500]", rate: 1}',
        'mode: whole, tiers: [{when: "[0, 500]", rate: 4}',
        "pay-cliff",
        "pay.items.piece.amount.tiers@501",
    ),
    "bonus from a threshold on": (
        "  minimum_wage",
        '    - {id: top, title: T, kind: bonus, amount: 2000, when: {score: total, within: "[95, )"}}\n  minimum_wage',
        "pay-cliff",
        "pay.items.top.when",
    ),
    "step between grades": (
        "{excellent: 300, good: 0,",
        "{excellent: 3000, good: 0,",
        "pay-cliff",
        "pay.items.honour.amount@good",
    ),
    "pay per error": (
        "  minimum_wage",
        "    - {id: errors, title: 纠错, kind: piece, amount: {metric: wrong_orders}, times: [5]}\n  minimum_wage",
        "perverse-incentive",
        "pay.items.errors.amount",
    ),
    "more calls, less pay": (
        'rate: 1}, {when: "(500, )", rate: 1.5}',
        'rate: 1}, {when: "(500, )", rate: -1}',
        "perverse-incentive",
        "pay.items.piece.amount",
    ),
    "bonus for many errors": (
        "  minimum_wage",
        '    - {id: b, title: B, kind: bonus, amount: 9, when: {metric: wrong_orders,within: "[3, )"}}\n  minimum_wage',
        "perverse-incentive",
        "pay.items.b.when",
    ),
    "veto on the best": (
        'when: {metric: csat, within: "[0, 30%)"}',
        'when: {metric: csat, within: "[90%, )"}',
        "perverse-incentive",
        "vetoes.rude.when",
    ),
    "honour for the last": (
        "uses:\n",
        'uses:\n  - {id: star, title: 服务之星, when: {score: total, within: "[0, 60)"}, then: honour}\n',
        "perverse-incentive",
        "uses.star.when",
    ),
    "days without rule": (", below_minimum: 1", "", "below-minimum-without-rule", "cycle.below_minimum"),
    "changed too early": (
        "notice: 2024-02-01}",
        "notice: 2024-02-01}\n  - {day: 2024-08-01, what: 再改, method_changed: true}",
        "method-changed-early",
        "history.3",
    ),
    "notice too late": ("notice: 2024-02-01", "notice: 2024-03-02", "notice-too-late", "history.2.notice"),
    "note nowhere": (
        "place: dimensions.quality.response.scoring",
        "place: dimensions.quality.csat",
        "note-without-place",
        "notes.1.place",
    ),
    "no time to appeal": ("uses:\n", "deadlines: {appeal: 0}\nuses:\n", "deadline-zero", "deadlines.appeal"),
}
