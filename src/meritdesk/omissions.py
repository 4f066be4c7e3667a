"""What a run left out of the data it was given, told once per cause, never in silence. Computes nothing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from meritdesk.errors import Problem
from meritdesk.language import _

NAMED = 10
"""People named in a message; how many there are is always said."""


class Omissions:
    """Collects what is left out while facts are gathered; every part becomes a warning with its place and a fix."""

    def __init__(self) -> None:
        self._single: list[Problem] = []
        self._counted: Counter[tuple[str, str]] = Counter()
        self._without_target: dict[str, list[str]] = defaultdict(list)

    def problem(self, code: str, place: str, message: str, fix: str) -> None:
        """Note one thing that is told by itself."""
        self._single.append(Problem(code=code, place=place, message=message, fix=fix, severity="warning"))

    def count(self, code: str, place: str) -> None:
        """Note one more record left out for the same cause (a code of `_causes`) at the same place."""
        self._counted[code, place] += 1

    def target_missing(self, indicator: str, person: str) -> None:
        """Note that a person has no target or baseline for an indicator that needs one."""
        self._without_target[indicator].append(person)

    def group_missing(self, kind: str, people: Iterable[str]) -> None:
        """Note people whom the roster puts into no team or department."""
        message = _("{n} 人没有写明所在组，被当作同一组比较：{people}")
        self.problem(f"{kind}-missing", "people", _people(message, people), _("在名册中补上部门和班组"))

    def results_incomplete(self, person: str, kind: str, days: int, without: int) -> None:
        """Note days on post for which no result of the shorter cycles is there."""
        message = _("在岗 {days} 天中有 {n} 天没有已公布的结果，只按已有的结果计算").format(days=days, n=without)
        fix = _("补上缺的各期 results 文件；确实未考核的可不处理")
        self.problem("results-incomplete", f"{person}/results.{kind}", message, fix)

    def problems(self) -> list[Problem]:
        """Return everything noted."""
        causes = _causes()
        for (code, place), n in sorted(self._counted.items()):
            message, fix = causes[code]
            self.problem(code, place, message.format(n=n), fix)
        for indicator, people in self._without_target.items():
            message = _("{n} 人没有约定目标（或基线），这项指标没有得分：{people}")
            fix = _("在 targets 中补上，大于 0")
            self.problem("target-missing", f"indicators.{indicator}", _people(message, people), fix)
        return self._single


def _people(message: str, people: Iterable[str]) -> str:
    distinct = sorted(set(people))
    named = "、".join(distinct[:NAMED]) + ("…" if len(distinct) > NAMED else "")
    return message.format(n=len(distinct), people=named)


def _causes() -> dict[str, tuple[str, str]]:
    return {
        "rating-outside-period": (
            _("{n} 条评分的日期不在期间内，未计入，而期间内没有同一项评分"),
            _("若评的是本期，请把日期改到期间之内"),
        ),
        "code-not-in-scheme": (_("方案没有这个代码，{n} 条记录未计入"), _("核对代码，或把它写进方案")),
        "fact-off-post": (_("{n} 条记录的日期此人不在所考核的岗位上，未计入"), _("核对日期和名册的起止日期")),
        "decision-outside-period": (
            _("{n} 条裁定的日期不在期间内，未采用"),
            _("日期要写所针对的期间内的一天，不是作出裁定的那一天"),
        ),
        "target-not-used": (_("方案的这项指标不用约定目标，{n} 条未使用"), _("核对指标代码")),
        "result-without-days": (_("{n} 条结果没有在岗天数，未计入按天数的平均"), _("补上 days")),
        "grade-not-in-scheme": (
            _("{n} 人以往结果的等级不在方案的等级中，连续次数从此断开"),
            _("等级改名时，把以往结果中的等级一并改过来"),
        ),
        "pay-input-not-used": (_("方案的工资项目不用它，{n} 条未使用"), _("核对 item 与方案 pay 中的名称")),
    }
