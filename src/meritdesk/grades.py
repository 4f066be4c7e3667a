"""Appraisal stage: from the total to the grade and its coefficient.

One row is one person in the cycle. Thresholds, gates, vetoes and forced shares become nodes; nothing is computed here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.language import _
from meritdesk.points import constant, is_exactly, only_if, shortest
from meritdesk.rules.groups import ForcedShares, GroupCount, Rank
from meritdesk.rules.nodes import (
    AllOf,
    AnyOf,
    Band,
    Bands,
    Const,
    Flag,
    Greatest,
    If,
    Input,
    Missing,
    Node,
    Not,
    Present,
    Within,
)
from meritdesk.rules.numbers import POINTS, Bounds, to_integer
from meritdesk.scheme.document import Grade, Scheme
from meritdesk.scheme.pay_items import Condition, GradeCondition
from meritdesk.scores import SegmentStage


@dataclass
class AppraisalStage:
    """Builds the nodes of the appraisal stage; `carried` are the outputs the segment stage must hand over for it."""

    scheme: Scheme
    segments: SegmentStage
    carried: dict[str, Node] = field(default_factory=dict)
    outputs: dict[str, Node] = field(default_factory=dict)
    inputs: dict[str, Input] = field(default_factory=dict)

    def __post_init__(self) -> None:
        counted = GroupCount(flag=self.segments.counted, group="appraisal", scale=0)
        self.appraised = Within(x=self.carry("counted_segments", counted), bounds=Bounds(low=Decimal(1)))
        self.total = self.carry("total", self.segments.total)
        self.counted = AllOf(flags=(self.appraised, Present(x=self.total)))
        self.held = AllOf(flags=(self.appraised, Not(flag=Present(x=self.total))))
        self.outputs["total"] = only_if((self.counted,), self.total)
        self.group = f"group.{self.scheme.distribution.group if self.scheme.distribution else 'all'}"
        rank = Rank(x=self.total, counted=self.counted, group=self.group, best="high", scale=0)
        self.outputs["rank"] = rank
        self.outputs["rank_of"] = GroupCount(flag=self.counted, group=self.group, scale=0)
        self.vetoed = {v.id: self.flag(f"veto.{v.id}", v.when) for v in self.scheme.vetoes}
        self.grade = self._grade()
        self.coefficient = self._coefficient()

    def carry(self, name: str, node: Node) -> Input:
        """Have the segment stage hand over `node` as an output, and return the input that reads it."""
        self.carried.setdefault(name, node)
        return self.inputs.setdefault(name, Input(name=name, scale=node.scale, low=node.span[0], high=node.span[1]))

    def input(self, name: str, scale: int, low: int, high: int) -> Input:
        """Return an input of the appraisal row itself, the same object each time."""
        return self.inputs.setdefault(name, Input(name=name, scale=scale, low=low, high=high))

    def score(self, name: str) -> Node:
        """Return the total, or the mean of a dimension's or indicator's points over the person's segments."""
        return self.total if name == "total" else self.carry(f"mean.{name}", self.segments.score(name))

    def flag(self, name: str, condition: Condition) -> Flag:
        """Return the flag of a condition on the person, carried over under `name`."""
        node = self.carry(name, self.segments.condition_over_segments(condition))
        return is_exactly(node, 1)

    # ---------------------------------------------------------------- grade

    def _index(self, name: str) -> int:
        return [grade.id for grade in self.scheme.grades].index(name)

    def _grade(self) -> Node | None:
        """Return the index of the grade, 0 best; None when the scheme has no grades."""
        grades = self.scheme.grades
        if not grades:
            return None
        bands = tuple(Band(g.when, Decimal(k)) for k, g in enumerate(grades) if g.when is not None)
        total = self.outputs["total"]
        node: Node = Bands(x=total, bands=bands, scale=0, label=_("等级（按分数）"), place="grades")
        for k, grade in enumerate(grades[:-1]):
            node = self._gated(node, k, grade)
        vetoed: list[Flag] = []
        for veto in self.scheme.vetoes:
            applies = self.vetoed[veto.id]
            if veto.cap_grade is not None:
                cap = Const(scale=0, value=Decimal(self._index(veto.cap_grade)))
                capped = Greatest(args=(node, cap), scale=0, label=veto.title)
                node = If(flag=applies, then=capped, otherwise=node, scale=0)
            if veto.cap_grade is not None or veto.zero_total:
                vetoed.append(applies)
        self.outputs["threshold_grade"] = node
        final = self._distributed(node, AnyOf(flags=tuple(vetoed)))
        self.outputs["grade"] = final
        return final

    def _gated(self, node: Node, k: int, grade: Grade) -> Node:
        """A grade whose gate is not passed falls to the next; what has no value cannot fail a gate."""
        if not grade.requires:
            return node
        failed: list[Flag] = []
        for gate in grade.requires:
            score = self.score(gate.score)
            failed.append(AllOf(flags=(Present(x=score), Not(flag=Within(x=score, bounds=gate.within)))))
        blocked = AllOf(flags=(is_exactly(node, k), AnyOf(flags=tuple(failed))))
        lower = Const(scale=0, value=Decimal(k + 1))
        return If(flag=blocked, then=lower, otherwise=node, scale=0, label=_("{grade}的门槛").format(grade=grade.title))

    def _distributed(self, node: Node, vetoed: Flag) -> Node:
        distribution = self.scheme.distribution
        if distribution is None or distribution.mode == "advise":
            return node
        if distribution.mode is None:
            raise MeritdeskError(
                Problem(
                    code="distribution-without-mode",
                    place="distribution.mode",
                    message=_("同时规定了分数线和比例，但没有说以哪个为准"),
                    fix=_("写明 mode：force（比例为准）、cap（比例为上限）或 advise（仅供参考）"),
                )
            )
        if sum(distribution.shares.values()) != 1:
            raise MeritdeskError(
                Problem(
                    code="shares-not-100",
                    place="distribution.shares",
                    message=_("各等级比例合计不是 100%"),
                    fix=_("把各等级的比例改到合计 100%"),
                )
            )
        shares = tuple(to_integer(distribution.shares.get(g.id, Decimal(0)), POINTS) for g in self.scheme.grades)
        return ForcedShares(
            grade=node,
            total=self.outputs["total"],
            vetoed=vetoed,
            counted=AllOf(flags=(self.counted, Present(x=node))),
            order=tuple(self.score(name) for name in distribution.order),
            group=self.group,
            shares=shares,
            mode=distribution.mode,
            smallest=distribution.smallest,
            scale=0,
            label=_("等级（强制分布后）"),
            place="distribution",
        )

    def _coefficient(self) -> Node | None:
        """Return the coefficient of the grade; who is not appraised has the one the cycle names."""
        below = self.scheme.cycle.below_minimum
        values = {g.id: g.coefficient for g in self.scheme.grades if g.coefficient is not None}
        found = self.by_grade(values, () if below is None else (below,))
        if found is None:
            return None
        rest: Node = Missing(scale=found.scale) if below is None else constant(below, found.scale)
        node = If(
            flag=self.appraised, then=found, otherwise=rest, scale=found.scale, label=_("绩效系数"), place="grades"
        )
        self.outputs["coefficient"] = node
        return node

    def by_grade(self, values: Mapping[str, Decimal], beside: Sequence[Decimal] = ()) -> Node | None:
        """Return the value that belongs to the grade, at a scale that also holds those `beside`; None without any."""
        if self.grade is None or not values:
            return None
        rows = []
        for name, value in values.items():
            index = Decimal(self._index(name))
            rows.append(Band(Bounds(index, index), value))
        scale = max(shortest(value).scale for value in (*values.values(), *beside))
        return Bands(x=self.grade, bands=tuple(rows), scale=scale)

    # ---------------------------------------------------------------- uses

    def grade_condition(self, name: str, condition: GradeCondition) -> Flag:
        """Return the flag of one of these grades, reached `in_a_row` times with the cycles before (R0.5, R4.9)."""
        if self.grade is None:
            raise MeritdeskError(
                Problem(
                    code="no-grades",
                    place=name,
                    message=_("方案没有等级，却按等级规定了条件"),
                    fix=_("补充 grades，或改用得分条件"),
                )
            )
        reached = AnyOf(flags=tuple(is_exactly(self.grade, self._index(g)) for g in condition.grade))
        if condition.in_a_row == 1:
            return reached
        before = self.input(f"streak.{name}", 0, 0, 1000)
        return AllOf(flags=(reached, Within(x=before, bounds=Bounds(low=Decimal(condition.in_a_row - 1)))))

    def add_uses(self) -> None:
        """Add one output per use: 1 where it applies."""
        for use in self.scheme.uses:
            if isinstance(use.when, GradeCondition):
                flag = self.grade_condition(f"use.{use.id}", use.when)
            else:
                flag = AllOf(flags=(self.counted, self.flag(f"condition.use.{use.id}", use.when)))
            self.outputs[f"use.{use.id}"] = flag
