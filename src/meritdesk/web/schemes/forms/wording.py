"""The words of the designer: labels where the engine's word needs a context, choices, and help where it helps."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from meritdesk.language import _, current
from meritdesk.scheme.labels import labels


def label(model: str, field: str) -> str:
    """Return what a field of a model is called: the engine's word, unless the model asks for another."""
    return _labels(current()).get((model, field)) or labels().get(field, field)


def help_text(model: str, field: str) -> str:
    """Return what to know when filling a field in; empty for most."""
    return _helps(current()).get((model, field), "")


def choice(field: str, value: str) -> str:
    """Return a choice in words."""
    known = _choices(current())
    return known.get(f"{field}:{value}") or known.get(value, value)


@cache
def _labels(language: str) -> Mapping[tuple[str, str], str]:
    del language  # it keys the cache
    return {
        ("Scheme", "style"): _("总分怎样得出"),
        ("Scheme", "source"): _("依据文件"),
        ("Scheme", "pay"): _("计酬"),
        ("Cycle", "kind"): _("多久考核一次"),
        ("Cycle", "minimum_days"): _("在岗少于几天不考核"),
        ("Cycle", "below_minimum"): _("不考核者的绩效系数"),
        ("Dimension", "weight"): _("权重（%）"),
        ("Dimension", "points"): _("分值（总分之外另加）"),
        ("Indicator", "weight"): _("在维度内的权重（%）"),
        ("Indicator", "points"): _("最高分值"),
        ("Indicator", "source"): _("数据从哪里来"),
        ("Indicator", "scoring"): _("怎样计分"),
        ("Indicator", "target"): _("目标区间（只作提示）"),
        ("BandRow", "when"): _("值在"),
        ("BandRow", "points"): _("得分"),
        ("BandRow", "title"): _("说明"),
        ("TierRow", "when"): _("数量在"),
        ("TierRow", "rate"): _("每单位"),
        ("TableRow", "points"): _("得分"),
        ("CurveMethod", "points"): _("转折点"),
        ("RatingLevel", "title"): _("这一档的标准"),
        ("RatingLevel", "points"): _("得分"),
        ("LevelRow", "title"): _("说明"),
        ("LevelRow", "points"): _("得分"),
        ("BonusMethod", "each"): _("每单位加分"),
        ("BonusMethod", "cap"): _("最多加到"),
        ("DeductMethod", "each"): _("每单位扣分"),
        ("DeductMethod", "floor"): _("扣到几分为止"),
        ("AttainmentMethod", "floor"): _("完成率最低按"),
        ("AttainmentMethod", "cap"): _("完成率最高按"),
        ("AttainmentMethod", "target"): _("与什么比"),
        ("ChangeTarget", "change"): _("比基线提升"),
        ("RankMethod", "group"): _("和谁比"),
        ("Distribution", "group"): _("在哪里分布"),
        ("Distribution", "mode"): _("分数线和比例以哪个为准"),
        ("Distribution", "order"): _("同分时先看"),
        ("Distribution", "smallest"): _("少于几人只提示"),
        ("Raters", "roles"): _("谁来评分"),
        ("RaterRole", "weight"): _("权重（%）"),
        ("RaterRole", "feed"): _("不由人评，取自数据"),
        ("Calibration", "threshold"): _("总分相差几分以上要校准"),
        ("Calibration", "at_least"): _("至少几项共同评分才比较"),
        ("Violation", "points"): _("每次扣分"),
        ("Violation", "title"): _("行为"),
        ("Grade", "when"): _("总分在"),
        ("Grade", "coefficient"): _("绩效系数"),
        ("Grade", "requires"): _("另外的门槛"),
        ("Veto", "when"): _("出现什么情况"),
        ("Use", "when"): _("出现什么情况"),
        ("PayItem", "when"): _("只在什么情况下发"),
        ("PayItem", "kind"): _("种类"),
        ("PayItem", "at_least"): _("至少（元）"),
        ("PayItem", "at_most"): _("不超过（元）"),
        ("PayInputTerm", "pay"): _("工资数据中的一项"),
        ("TiersTerm", "of"): _("数量取自"),
        ("Pool", "amount"): _("总额（元）"),
        ("Pool", "by"): _("按什么分"),
        ("Change", "method_changed"): _("改变了计分办法"),
        ("Note", "place"): _("针对（位置）"),
        ("Position", "id"): _("岗位代码"),
        ("ResultSource", "results"): _("汇总哪种周期"),
        ("MetricCondition", "within"): _("值在"),
        ("ScoreCondition", "within"): _("得分在"),
        ("ViolationCondition", "at_least"): _("合计至少几次"),
        ("GradeCondition", "in_a_row"): _("连续几次"),
        ("Deadlines", "rating"): _("评分天数"),
    }


@cache
def _helps(language: str) -> Mapping[tuple[str, str], str]:
    del language  # it keys the cache
    return {
        ("Scheme", "style"): _("权重制：各维度按权重平均，满分 100；积分制：各项得分直接相加"),
        ("Scheme", "status"): _("原文照录的方案只供对照，永远不能发布"),
        ("Scheme", "positions"): _("岗位代码要与名册中的岗位一致"),
        ("Cycle", "below_minimum"): _("如 1：按系数 1 计酬"),
        ("Dimension", "points"): _("只用于加分、扣分维度；写了就不要写权重"),
        ("Dimension", "positions"): _("不选：适用所有岗位"),
        ("Indicator", "positions"): _("不选：适用所有岗位"),
        ("Indicator", "weight"): _("同一维度全部留空：平均分配"),
        ("Indicator", "missing"): _("没有数据或样本太少时怎么办"),
        ("Indicator", "minimum_sample"): _("少于这么多条记录视同没有数据；留空按运营指标自己的规定"),
        ("Indicator", "target"): _("在结果页上显示是否达标，不影响得分"),
        ("Indicator", "part_of_total"): _("不计入时只供其他指标、门槛或薪酬使用"),
        ("BandsMethod", "full"): _("留空按 100 分（积分制按最高分值）"),
        ("BandsMethod", "bands"): _("每个值只能落在一段里：一段含端点，相邻的一段就不含"),
        ("CurveMethod", "points"): _("两点之间按比例，两端以外不变"),
        ("TiersMethod", "mode"): _("全部数量按所在档计，或各档分别计再相加"),
        ("DeductMethod", "each"): _("按违规清单扣分时留空"),
        ("AttainmentMethod", "cap"): _("1 表示最多按 100% 计；1.2 表示最多按 120% 计"),
        ("RatingMethod", "decimals"): _("评分可以带几位小数"),
        ("RatingMethod", "full"): _("最高一档的分值"),
        ("RaterRole", "if_missing"): _("暂缓：这个角色没评就不出结果；折算：权重由评了的人分担"),
        ("Raters", "anonymous"): _("这些角色的评分不显示评分人"),
        ("Raters", "smallest_group"): _("少于这么多人评分时不单独显示，免得猜出来"),
        ("Raters", "calibration"): _("两位评分人相差太大时，列入校准会"),
        ("Grade", "requires"): _("除总分外还要达到的得分"),
        ("Distribution", "shares"): _("写百分号，合计 100%，如 20%"),
        ("Distribution", "order"): _("总分相同时依次比较；不按姓名、工号"),
        ("Veto", "cap_grade"): _("最高只能评到这个等级"),
        ("Pay", "largest_deduction"): _("扣款合计占当月工资的比例，法定上限 20%"),
        ("Pay", "minimum_wage"): _("当地最低工资，元"),
        ("PayItem", "times"): _("金额依次乘以这些数；扣除项写正数"),
        ("PayInputTerm", "at_most"): _("超过这个数的数据会被拒绝；系数才需要"),
        ("EventSource", "event"): _("事件的代码，与导入数据一致"),
        ("Deadlines", "appeal"): _("从收到通知的次日起算，工作日"),
        ("Change", "notice"): _("一年内改办法，须写原因、批准人和公示日期"),
        ("Use", "then"): _("出现时系统提示做什么；由人决定"),
    }


@cache
def _choices(language: str) -> Mapping[str, str]:
    del language  # it keys the cache
    return {
        "month": _("每月"), "quarter": _("每季度"), "half_year": _("每半年"), "year": _("每年"),
        "probation": _("试用期转正"), "project": _("项目结束"),
        "style:weights": _("权重制：满分 100"), "style:points": _("积分制：得分相加"),
        "ready": _("可以使用"), "as_printed": _("原文照录（不能发布）"),
        "redistribute": _("权重分给其余各项"), "missing:hold": _("暂缓出结果"), "neutral": _("按固定分数计"),
        "if_missing:rescale": _("折算给其余角色"), "if_missing:hold": _("暂缓出结果"),
        "combine:mean": _("各次平均"), "days": _("按在岗天数加权"),
        "metric": _("运营指标"), "rating": _("由人评分"), "violations": _("违规记录"), "event": _("事件次数"),
        "results": _("其他周期的总分"), "of": _("其他指标的得分"),
        "bands": _("分段计分"), "curve": _("折线计分"), "range": _("合理区间"), "tiers": _("阶梯计件"),
        "table": _("对照表"), "deduct": _("扣分"), "bonus": _("加分"), "attainment": _("目标达成"),
        "rank": _("排名计分"), "method:rating": _("评分档次"), "levels": _("等级对应"),
        "sum": _("相加"), "weighted": _("加权平均"), "min": _("取最低"), "max": _("取最高"),
        "whole": _("全部数量按所在档计"), "marginal": _("各档分别计再相加"),
        "by:position": _("名次"), "percentile": _("超过多少人（百分位）"),
        "team": _("班组"), "department": _("部门"), "position": _("岗位"), "all": _("全体"),
        "force": _("以比例为准"), "cap": _("两者都要满足，比例只限上限"), "advise": _("以分数线为准，比例只提示"),
        "honour": _("表彰"), "promotion": _("晋升候选"), "training": _("安排培训"),
        "improvement_plan": _("改进计划"), "transfer": _("调岗"), "review": _("复核"),
        "base": _("基本工资"), "performance": _("绩效工资"), "piece": _("计件"), "commission": _("提成"),
        "kind:bonus": _("奖金"), "allowance": _("津贴"), "pool": _("奖金池"), "deduction": _("扣款"),
        "year_end": _("年终奖"),
        "assumption": _("假设"), "mend": _("修订"), "remark": _("说明"),
        "number": _("固定数"), "interval": _("一个范围"), "none": _("无"), "coefficient": _("绩效系数"),
        "pay": _("工资数据"), "score": _("得分"), "grade": _("等级"), "change": _("比本人基线提升"),
        "personal": _("与本人商定的目标"), "present": _("有"), "target:number": _("统一的目标值"),
        "amount:grade": _("每个等级一个数"), "times:grade": _("每个等级一个数"), "amount:of": _("阶梯提成"),
        "times:of": _("阶梯提成"),
    }  # fmt: skip
