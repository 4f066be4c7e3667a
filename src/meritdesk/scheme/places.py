"""Places in a scheme: stable paths made of ids, and the same in words.

``dimensions.quality.first_response.scoring.bands`` names a part of a scheme by ids, so that it survives re-ordering;
a list item without an id goes by its place in the list, from 1. The word ``indicators`` is left out, because ids of
dimensions and indicators never clash. A place may end with ``@value`` for one value of a method.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from meritdesk.language import _, current
from meritdesk.scheme.reading import Steps

KEYS = ("id", "code", "level")
"""Fields that name an item of a list, the first present wins."""


def labels() -> Mapping[str, str]:
    """Return field → its word in the current language."""
    return _labels(current())


@cache
def _labels(language: str) -> Mapping[str, str]:
    del language  # it keys the cache
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
        "history": _("修订记录"),
        "cycle": _("考核周期"),
        "positions": _("岗位"),
        "dimensions": _("考核维度"),
        "indicators": _("考核指标"),
        "raters": _("评分人"),
        "roles": _("评分角色"),
        "violation_lists": _("违规清单"),
        "vetoes": _("一票否决"),
        "grades": _("等级"),
        "distribution": _("强制分布"),
        "deadlines": _("时限"),
        "pay": _("薪酬"),
        "items": _("薪酬项目"),
        "uses": _("结果应用"),
        "weight": _("权重"),
        "points": _("分值"),
        "scoring": _("计分方法"),
        "method": _("方法"),
        "bands": _("分段"),
        "tiers": _("阶梯"),
        "rows": _("对照行"),
        "levels": _("等级档"),
        "when": _("适用范围"),
        "missing": _("缺数据时"),
        "minimum_sample": _("最小样本"),
        "target": _("目标"),
        "coefficient": _("系数"),
        "shares": _("比例"),
        "mode": _("方式"),
        "group": _("分组"),
        "order": _("次序"),
        "smallest": _("最小人数"),
        "requires": _("门槛"),
        "within": _("区间"),
        "rate": _("单价"),
        "amount": _("金额"),
        "times": _("乘数"),
        "pool": _("奖金池"),
        "budget": _("预算"),
        "calibration": _("评分校准"),
        "threshold": _("阈值"),
        "at_least": _("至少"),
        "at_most": _("至多"),
        "minimum_wage": _("最低工资"),
        "largest_deduction": _("最大扣款"),
        "minimum_days": _("最少在岗天数"),
        "below_minimum": _("不足天数时的系数"),
        "kind": _("类别"),
        "full": _("满分"),
        "floor": _("下限"),
        "cap": _("上限"),
        "each": _("每次分值"),
        "value": _("值"),
        "otherwise": _("其余"),
        "feed": _("数据来源"),
        "weights": _("权重"),
        "of": _("取自"),
        "place": _("位置"),
        "text": _("文字"),
        "day": _("日期"),
        "what": _("内容"),
        "reason": _("原因"),
        "approved_by": _("批准人"),
        "notice": _("公示日期"),
        "then": _("处理"),
        "metric": _("运营指标"),
        "rating": _("评分"),
        "violations": _("违规"),
        "best_from": _("最佳下限"),
        "best_to": _("最佳上限"),
        "zero_below": _("低于此得零分"),
        "zero_above": _("高于此得零分"),
        "anonymous": _("匿名角色"),
        "smallest_group": _("匿名最小人数"),
        "event": _("事件"),
        "results": _("汇总周期"),
        "combine": _("汇总方式"),
        "code": _("违规代码"),
        "change": _("变化幅度"),
        "grade": _("等级"),
        "by": _("依据"),
        "if_missing": _("缺评时"),
        "part_of_total": _("计入总分"),
        "prorate": _("按天折算"),
        "method_changed": _("改了办法"),
        "mean_coefficient": _("平均系数"),
        "cap_grade": _("最高等级"),
        "zero_dimension": _("归零维度"),
        "zero_total": _("总分归零"),
        "score": _("分数"),
        "decimals": _("小数位"),
        "level": _("档"),
        "in_a_row": _("连续次数"),
        "neutral": _("中性分"),
        "self_appraisal": _("自评天数"),
        "review": _("复核天数"),
        "sign_off": _("签字天数"),
        "appeal": _("申诉天数"),
        "appeal_answer": _("答复天数"),
        "id": _("标识"),
    }


def words(document: Any, path: Steps) -> str:
    """Return `path` in words, titles of the parts included: 考核维度“质量” › 考核指标“响应” › 计分方法."""
    known = labels()
    parts: list[str] = []
    for step in path:
        document = _step(document, step)
        if isinstance(step, int):
            item = document if isinstance(document, Mapping) else {}
            name = item.get("title") or item.get("id") or _("第 {n} 项").format(n=step + 1)
            parts[-1:] = [f"{parts[-1] if parts else ''}“{name}”"]
        else:
            parts.append(known.get(step, step))
    return " › ".join(parts) or _("整个文件")


def _step(value: Any, step: str | int) -> Any:
    if isinstance(step, int):
        return value[step] if isinstance(value, Sequence) and not isinstance(value, str) and step < len(value) else None
    return value.get(step) if isinstance(value, Mapping) else None


def item_key(item: Any, index: int) -> str:
    """Return what a list item is called in a place: its id, code or level, else its number from 1."""
    for key in KEYS:
        found = item.get(key) if isinstance(item, Mapping) else getattr(item, key, None)
        if found is not None:
            return str(found)
    return str(index + 1)


def place_of(document: Any, path: Steps) -> str:
    """Return the stable place of a document path."""
    parts: list[str] = []
    for step in path:
        document = _step(document, step)
        if isinstance(step, int):
            parts.append(item_key(document, step))
        elif step != "indicators" or len(parts) != 2:
            parts.append(step)
    return ".".join(parts)


def path_of(document: Any, place: str) -> Steps:
    """Return the document path of a place: the whole of it, or as far as the document goes."""
    path: list[str | int] = []
    for part in place.partition("@")[0].split("."):
        if isinstance(document, Mapping) and part not in document and "indicators" in document:
            path.append("indicators")
            document = document["indicators"]
        step: str | int = part
        if isinstance(document, list):
            step = next((i for i, item in enumerate(document) if item_key(item, i) == part), -1)
        following = None if step == -1 else _step(document, step)
        if following is None:
            if isinstance(document, list) and path and path[-1] == "indicators":
                path.pop()
            break
        path.append(step)
        document = following
    return tuple(path)


def exists(scheme: Any, place: str) -> bool:
    """True if `place` names a part of `scheme` (the document's model), fields left at their default included."""
    found = scheme
    for part in place.partition("@")[0].split("."):
        fields = type(found).model_fields if hasattr(type(found), "model_fields") else {}
        if part not in fields and "indicators" in fields:
            found, fields = found.indicators, {}
        if part in fields:
            found = getattr(found, part)
        elif isinstance(found, Mapping):
            if part not in found:
                return False
            found = found[part]
        elif isinstance(found, tuple):
            named = [item for index, item in enumerate(found) if item_key(item, index) == part]
            if not named:
                return False
            found = named[0]
        else:
            return False
    return True
