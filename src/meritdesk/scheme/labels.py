"""What the fields of a scheme are called by people: one word per field, for problems, differences, schema and
reference."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from meritdesk.language import _, current


def labels() -> Mapping[str, str]:
    """Return field → its word in the current language."""
    return _labels(current())


@cache
def _labels(language: str) -> Mapping[str, str]:
    del language  # it keys the cache
    return {**_document(), **_judged(), **_graded_and_paid()}


def _document() -> dict[str, str]:
    return {
        "scheme": _("方案标识"),
        "version": _("版本"),
        "title": _("名称"),
        "title_en": _("英文名称"),
        "source": _("来源"),
        "parent": _("上级方案"),
        "status": _("状态"),
        "style": _("计分方式"),
        "description": _("说明"),
        "notes": _("附注"),
        "kind": _("类别"),
        "place": _("位置"),
        "text": _("文字"),
        "history": _("修订记录"),
        "day": _("日期"),
        "what": _("内容"),
        "method_changed": _("改了办法"),
        "reason": _("原因"),
        "approved_by": _("批准人"),
        "notice": _("公示日期"),
        "cycle": _("考核周期"),
        "minimum_days": _("最少在岗天数"),
        "below_minimum": _("不足天数时的系数"),
        "positions": _("岗位"),
        "raters": _("评分人"),
        "roles": _("评分角色"),
        "anonymous": _("匿名角色"),
        "smallest_group": _("匿名最小人数"),
        "if_missing": _("缺评时"),
        "feed": _("数据来源"),
        "calibration": _("评分校准"),
        "threshold": _("阈值"),
        "violation_lists": _("违规清单"),
        "code": _("违规代码"),
        "deadlines": _("时限"),
        "self_appraisal": _("自评天数"),
        "review": _("复核天数"),
        "sign_off": _("签字天数"),
        "appeal": _("申诉天数"),
        "appeal_answer": _("答复天数"),
        "uses": _("结果应用"),
        "then": _("处理"),
        "id": _("标识"),
    }


def _judged() -> dict[str, str]:
    return {
        "dimensions": _("考核维度"),
        "indicators": _("考核指标"),
        "weight": _("权重"),
        "points": _("分值"),
        "metric": _("运营指标"),
        "rating": _("评分"),
        "violations": _("违规"),
        "event": _("事件"),
        "results": _("汇总周期"),
        "combine": _("汇总方式"),
        "of": _("取自"),
        "scoring": _("计分方法"),
        "missing": _("缺数据时"),
        "neutral": _("中性分"),
        "minimum_sample": _("最小样本"),
        "target": _("目标"),
        "part_of_total": _("计入总分"),
        "method": _("方法"),
        "bands": _("分段"),
        "tiers": _("阶梯"),
        "rows": _("对照行"),
        "levels": _("等级档"),
        "level": _("档"),
        "when": _("适用范围"),
        "rate": _("单价"),
        "value": _("值"),
        "otherwise": _("其余"),
        "best_from": _("最佳下限"),
        "best_to": _("最佳上限"),
        "zero_below": _("低于此得零分"),
        "zero_above": _("高于此得零分"),
        "mode": _("方式"),
        "each": _("每次分值"),
        "floor": _("下限"),
        "cap": _("上限"),
        "full": _("满分"),
        "change": _("变化幅度"),
        "by": _("依据"),
        "group": _("分组"),
        "decimals": _("小数位"),
        "weights": _("权重"),
    }


def _graded_and_paid() -> dict[str, str]:
    return {
        "vetoes": _("一票否决"),
        "grades": _("等级"),
        "distribution": _("强制分布"),
        "pay": _("薪酬"),
        "items": _("薪酬项目"),
        "coefficient": _("系数"),
        "shares": _("比例"),
        "order": _("次序"),
        "smallest": _("最小人数"),
        "requires": _("门槛"),
        "within": _("区间"),
        "amount": _("金额"),
        "times": _("乘数"),
        "pool": _("奖金池"),
        "budget": _("预算"),
        "at_least": _("至少"),
        "at_most": _("至多"),
        "minimum_wage": _("最低工资"),
        "largest_deduction": _("最大扣款"),
        "grade": _("等级"),
        "prorate": _("按天折算"),
        "mean_coefficient": _("平均系数"),
        "cap_grade": _("最高等级"),
        "zero_dimension": _("归零维度"),
        "zero_total": _("总分归零"),
        "score": _("分数"),
        "in_a_row": _("连续次数"),
    }
