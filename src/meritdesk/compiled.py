"""A scheme compiled to its program, with what the rows must carry. The one door from documents to node trees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.grades import AppraisalStage
from meritdesk.language import _
from meritdesk.metrics.definitions import Metric
from meritdesk.pay import add_pay
from meritdesk.points import inexact
from meritdesk.rules.nodes import Input, Node
from meritdesk.rules.program import Program
from meritdesk.scheme.document import ResultSource, Scheme
from meritdesk.scores import SegmentStage


@dataclass(frozen=True)
class Compiled:
    """A program and the names of the inputs that its rows carry, per stage."""

    scheme: Scheme
    program: Program
    segment_inputs: Mapping[str, Input]
    appraisal_inputs: Mapping[str, Input]

    def named(self, stage: str, prefix: str) -> list[str]:
        """Return what follows `prefix` in the input names of a stage: ``named("segments", "metric.")``."""
        inputs = self.segment_inputs if stage == "segments" else self.appraisal_inputs
        return [name.removeprefix(prefix) for name in inputs if name.startswith(prefix)]

    @property
    def metrics(self) -> list[str]:
        """Return the ids of the metrics that the rows carry."""
        return sorted({name.rsplit(".", 1)[0] for name in self.named("segments", "metric.")})


def compile_scheme(
    scheme: Scheme, metrics: Mapping[str, Metric], *, adjusted: frozenset[str] = frozenset()
) -> Compiled:
    """Return the program of a scheme; `adjusted` names indicators whose points a decision sets for some people.

    MeritdeskError for a scheme that cannot be computed (a literal copy, R2*).
    """
    if scheme.status == "as_printed":
        raise MeritdeskError(
            Problem(
                code="as-printed",
                place=scheme.scheme,
                message=_("“{title}”是原文照录，有缺陷，不能用于计算").format(title=scheme.title),
                fix=_("使用同名的修订版方案"),
            )
        )
    _refuse_mixed_results(scheme)
    try:
        segments = SegmentStage(scheme, metrics, adjusted)
        appraisals = AppraisalStage(scheme, segments)
        add_pay(appraisals)
        appraisals.add_uses()
    except ValueError as error:
        raise inexact(scheme.scheme, scheme.title, error) from error
    outputs: dict[str, Node] = {}
    for name, node in segments.values.items():
        outputs[f"value.{name}"] = node
    for name, node in segments.raw.items():
        outputs[f"points.{name}"] = node
        outputs[f"scored.{name}"] = segments.scored[name]
    for name, node in segments.fed.items():
        outputs[f"fed.{name}"] = node
    for name, node in segments.dimension_nodes.items():
        outputs[f"dimension.{name}"] = node
    outputs["counted"] = segments.counted
    outputs["segment_total"] = segments.segment_total
    program = Program({**outputs, **appraisals.carried}, appraisals.outputs)
    return Compiled(scheme, program, program.inputs("segments"), program.inputs("appraisals"))


def _refuse_mixed_results(scheme: Scheme) -> None:
    """Cycles of one kind reach a row as one figure, so a scheme combines them in one way only."""
    ways: dict[str, str] = {}
    for _dimension, indicator in scheme.indicators():
        source = indicator.source
        if isinstance(source, ResultSource) and ways.setdefault(source.results, source.combine) != source.combine:
            raise MeritdeskError(
                Problem(
                    code="results-combined-twice",
                    place=f"indicators.{indicator.id}.source",
                    message=_("同一种周期的结果在方案中既按平均又按天数合并"),
                    fix=_("各指标的 combine 写成一样"),
                )
            )
