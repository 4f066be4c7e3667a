"""Reader 1: the tree evaluated in Decimal, plainly, with the trace that explains every number.

It is written to be obviously right: natural units, sixty digits, one rounding where a node's docstring says so. It
shares no code with `columns` or the stand-alone verifier, which is what makes their agreement mean something.

`evaluate` computes named outputs over rows, `run` a whole program, `trace` says how one value came about.
"""

from meritdesk.rules.exact.rows import Row, check_rows
from meritdesk.rules.exact.runs import Outcome, evaluate, run
from meritdesk.rules.exact.traces import Trace, trace, trace_alone

__all__ = ["Outcome", "Row", "Trace", "check_rows", "evaluate", "run", "trace", "trace_alone"]
