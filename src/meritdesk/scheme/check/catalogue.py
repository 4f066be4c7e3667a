"""Every finding that the check knows: its code, how grave it is, why it matters and what to do about it.

`error` blocks publication; `warning` needs a human who says yes; `info` is worth knowing. The codes are stable:
findings files and the reference name them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from meritdesk.errors import Problem, Severity
from meritdesk.language import _, current

Kinds = Mapping[str, tuple[Severity, str, str]]
"""code → severity, why it matters, what to do"""


def finding(code: str, place: str, message: str, fix: str = "") -> Problem:
    """Return a finding; severity and reason come from the catalogue, and the suggestion too unless `fix` says
    better."""
    severity, why, suggestion = kinds()[code]
    return Problem(code=code, place=place, message=message, fix=fix or suggestion, why=why, severity=severity)


def kinds() -> Kinds:
    """Return the catalogue in the current language."""
    return _kinds(current())


@cache
def _kinds(language: str) -> Kinds:
    del language  # it keys the cache
    return {**_sums(), **_values(), **_measuring(), **_grading(), **_paying(), **_keeping()}


def _sums() -> Kinds:
    return {
        "weights-not-100": ("error", _("总分不再以 100 为满分，等级线随之失准"), _("调整权重，使合计为 100")),
        "weights-mixed": ("error", _("没写权重的指标会被当作 0"), _("同一维度里要么都写权重，要么都不写（平均分配）")),
        "weight-missing": ("error", _("没写权重的维度不计入总分"), _("写上 weight")),
        "weight-not-positive": ("error", _("权重为 0 或负的部分不起作用，或起反作用"), _("改成正数，或去掉这一部分")),
        "points-not-adding-up": ("error", _("满分与说明不一致，等级线随之失准"), _("调整各指标的 points")),
        "rater-weights-not-100": ("error", _("各角色的份量与说明不一致"), _("调整评分角色的权重，使合计为 100")),
        "role-without-weight": ("error", _("评了分却不起作用，评分人会白费功夫"), _("给出权重，或去掉这个角色")),
        "role-not-used": (
            "warning",
            _("这个角色没有可评的指标，按比例折算后份量为 0"),
            _("在指标的 rating 里列出，或去掉角色"),
        ),
        "position-without-indicators": ("error", _("这个岗位的人没有可考核的内容"), _("给岗位配上指标，或去掉岗位")),
        "indicator-never-used": ("error", _("指标和维度的岗位没有交集，谁也用不到它"), _("检查 positions")),
    }


def _values() -> Kinds:
    return {
        "gap": ("error", _("落在空档里的人没有结果，只能临时裁量"), _("把相邻的端点接上")),
        "boundary-in-none": ("error", _("恰好等于这个值的人没有结果"), _("把它写进其中一段：方括号含端点")),
        "overlap": ("error", _("同一个值有两种结果，必起争议"), _("让各段不相交")),
        "boundary-in-two": ("error", _("恰好等于这个值的人有两种结果，必起争议"), _("只让其中一段含这个端点")),
        "unreachable": ("warning", _("写了却永远用不上，多半是端点写错"), _("检查端点，或去掉这一段")),
        "percent-written-as-number": ("error", _("比率的值在 0 和 1 之间，90 会当成 9000%"), _("写成 90% 或 0.9")),
        "cliff": ("warning", _("差一个单位就差这么多，容易引发争议和凑数"), _("改为分段累进，或用折线过渡")),
        "perverse-incentive": ("error", _("做得更差反而得分更高"), _("把分值的方向反过来，或检查指标的方向")),
        "no-effect": ("warning", _("怎么做得分都一样，指标不起作用"), _("拉开分值，或去掉指标")),
        "full-not-reachable": ("warning", _("做到最好也拿不满，总分整体偏低"), _("写上正确的 full，或提高最高一档")),
        "points-above-full": ("warning", _("超过满分的部分会让其他指标显得不重要"), _("写上正确的 full，或降低分值")),
        "points-out-of-order": ("error", _("方法的转折点次序不对，算不出分数"), _("按从小到大的次序写")),
        "undefined-level": ("warning", _("评分人想选这一档时没有依据"), _("补上这一档的描述，或把档次连续编号")),
        "levels-out-of-order": ("error", _("档次更好分数却不更高"), _("按档次次序给分")),
        "lowest-level-above-zero": (
            "info",
            _("再差也至少得这么多分；也许是漏写了最低一档"),
            _("补上最低一档，或确认这是有意的"),
        ),
        "level-without-title": ("warning", _("评分人看不到这一档的标准"), _("写上这一档的描述")),
    }


def _measuring() -> Kinds:
    return {
        "unknown-metric": ("error", _("没有这个运营指标就取不到数"), _("改用指标库里的标识，或先定义它")),
        "influence": ("warning", _("个人左右不了的结果不宜算在个人头上"), _("换一个个人能左右的指标，或降低权重")),
        "double-counting": (
            "warning",
            _("同一件事奖罚两次，实际权重比写的大"),
            _("只留一个，或让其中一个 part_of_total: false"),
        ),
        "empty-denominator-without-rule": (
            "warning",
            _("没有数据时怎么办没有明说，当事人无从预期"),
            _("写明 missing: redistribute、hold 或 {neutral: 分值}"),
        ),
        "calibration-unreachable": (
            "error",
            _("可比的评分太少，永远不会触发校准"),
            _("减小 at_least，或增加多人评分的指标"),
        ),
        "calibration-threshold": ("error", _("阈值要么永远触发，要么永远不触发"), _("写一个 0 到 100 之间的分差")),
        "anonymity-too-small": ("warning", _("人数太少，匿名评分能被猜出来"), _("smallest_group 至少为 3")),
    }


def _grading() -> Kinds:
    return {
        "grades-out-of-order": ("error", _("等级要从最好写到最差，否则封顶和分布都会反"), _("按从好到差重排")),
        "grade-without-title": ("error", _("得到这个等级的人不知道自己得了什么"), _("写上 title")),
        "grade-without-rule": ("error", _("没有分数线也没有比例，没人能得到这个等级"), _("写上 when 或强制分布的比例")),
        "coefficient-falls": ("error", _("等级更好系数却更低"), _("调整系数")),
        "coefficient-missing": ("error", _("这个等级的人算不出绩效工资"), _("写上 coefficient")),
        "coefficient-negative": ("error", _("绩效工资会变成负数"), _("改成 0 或正数")),
        "coefficient-cliff": ("warning", _("总分差 0.01 绩效工资就差这么多"), _("拉近相邻等级的系数，或增加等级")),
        "shares-not-100": ("error", _("比例之和不是 100%，有人分不到等级或名额不够"), _("调整比例")),
        "shares-incomplete": ("error", _("没写比例的等级不知道给多少人"), _("给每个等级写上比例，可以是 0%")),
        "shares-too-fine": ("warning", _("按最小的组人数，这个等级连一个人也轮不到"), _("增大 smallest，或调整比例")),
        "distribution-without-mode": (
            "error",
            _("分数线和比例会给同一个人不同的等级，没说以哪个为准"),
            _("写明 mode：force 以比例为准，cap 只限上限，advise 只提示"),
        ),
        "graded-differently": ("warning", _("两种规则给出不同的等级，必有一方不服"), _("写明 mode 并事先公布")),
        "mean-coefficient-over-budget": (
            "warning",
            _("按比例发满就超出预算"),
            _("降低系数或比例，或在 budget 里写明预算"),
        ),
        "gate-unreachable": ("error", _("没人能达到这个门槛"), _("检查门槛的区间")),
        "gate-without-effect": ("info", _("人人都达到，门槛不起作用"), _("检查门槛的区间，或去掉")),
        "veto-unreachable": ("error", _("这条否决永远不会生效"), _("检查条件的区间")),
        "veto-without-effect": ("error", _("封顶在最好的等级等于没有否决"), _("改成较低的等级")),
    }


def _paying() -> Kinds:
    return {
        "deduction-without-limit": (
            "error",
            _("扣款可能超过法定上限（当月工资 20%）"),
            _("写上 at_most 或 largest_deduction"),
        ),
        "deduction-limit-too-high": ("error", _("扣款上限超过当月工资的 20%"), _("largest_deduction 不超过 20%")),
        "no-minimum-wage": ("error", _("扣款后可能低于当地最低工资"), _("写上 minimum_wage")),
        "pay-below-zero": ("error", _("这一项可能是负数"), _("写上 at_least: 0，或检查乘数")),
        "limits-crossed": ("error", _("下限高于上限，算不出金额"), _("检查 at_least 和 at_most")),
        "grade-without-amount": ("error", _("这个等级的人算不出这一项"), _("给每个等级写上数额，可以是 0")),
        "pay-cliff": ("warning", _("差一个单位就差这么多钱，容易引发争议和凑数"), _("改为分段累进，或减小落差")),
        "coefficient-without-grades": ("error", _("没有等级就没有系数"), _("定义等级和系数")),
    }


def _keeping() -> Kinds:
    return {
        "below-minimum-without-rule": (
            "error",
            _("在岗天数不足的人不知道怎么发绩效工资"),
            _("在 cycle 里写上 below_minimum"),
        ),
        "method-changed-early": (
            "error",
            _("一年内改办法，前后不可比，员工无所适从"),
            _("写明 reason、approved_by 和 notice"),
        ),
        "method-change-not-recorded": (
            "error",
            _("改了办法却没有留下记录"),
            _("在 history 里加一条，method_changed: true"),
        ),
        "notice-too-late": ("warning", _("先改后公示，员工事先不知道"), _("公示日期不晚于生效日期")),
        "note-without-place": ("error", _("附注指的地方不存在，读者找不到"), _("改成存在的位置")),
        "case-fails": ("error", _("算出的结果与范例不一致，方案或范例有错"), _("对照范例检查方案")),
        "too-few-cases": ("error", _("范例太少，不足以证明方案如所说"), _("补足 10 个范例，边界值各一个")),
        "deadline-zero": ("warning", _("没有留出时间，这一步形同虚设"), _("至少给 1 个工作日")),
    }
