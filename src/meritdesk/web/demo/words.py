"""What people in the demo company write. All of it is invented; it stays Chinese in every language."""

from __future__ import annotations

from typing import Any

CONSULTATION = "职工代表座谈会，参会 23 人；采纳两条意见：响应时长改为各档含上限，申诉答复期为三个工作日。"
REMARK = "基本达标，遇复杂问题需提醒。"
KEPT = "调听双方引用的通话后，两位评分人看的是不同的事：主管看跟进，质检看话术。双方依据都成立，维持原评分。"
APPROVED = "抽查六人的原始记录与评分依据，数据无误，评分有据。"

LEFT = "本人已离职，电话告知结果，不再签字。"
UPHELD = "调阅当日录音与工单：问题涉及三个部门，本人主动协调并在 24 小时内闭环，符合最高一档。原评分未看到后续工单。"
GROUNDS = (
    "问题解决能力评为 3 分，依据的是首通电话；后续两张工单由本人协调仓储和物流当日解决，请复核工单记录。",
    "服务规范度扣分引用的录音不是我的通话，当时我在参加培训，请核对坐席工号与排班。",
)
NOTES = (
    "客户账户被锁，主动联系风控，当天恢复，客户来电致谢。",
    "带教新人一上午，话术讲解清楚。",
    "一通投诉电话情绪激动，安抚得当，没有升级。",
    "工单备注过于简略，已当面提醒。",
    "主动整理物流延误的统一答复，全组使用。",
)

RESULTS = (
    "本月处理咨询四百余件，一次解决率比上月提高；整理退换货常见问题一份，已在组内分享。",
    "按时完成全部工单，配合新人带教两周；大促期间主动加班三次。",
    "完成话术复训并通过测试，连续三周没有投诉。",
)
GAPS = ("复杂账户问题仍需请教同事。", "高峰时段响应偏慢。", "个别通话结束语不完整。")
SUPPORT = ("希望安排账户系统进阶培训。", "希望高峰时段增加一名支援。", "暂无。")

_NOTES = {
    "excellent": ("服务规范和客户评价都在班组前列。", "讨论了担任带教人的意愿。"),
    "good": ("整体稳定，一次解决率是下一步的重点。", "约定每周复盘两通典型通话。"),
    "qualified": ("达到要求，响应时长仍有提升空间。", "一起听了两通录音，找到可以缩短的环节。"),
}
_PLANS = (
    (("每周复盘两通未一次解决的通话，写下原因", 4), ("参加账户系统进阶培训", 6)),
    (("整理本人最常见的五类问题的答复", 3),),
    (("高峰时段优先处理排队超过 30 秒的来电", 4), ("旁听优秀同事两次", 2)),
)


def self_appraisal(number: int) -> dict[str, str]:
    """Return what the person of that number writes of the month."""
    pick = number % 3
    return {"results": RESULTS[pick], "gaps": GAPS[pick], "support": SUPPORT[pick]}


def interview(number: int, grade: str) -> dict[str, Any]:
    """Return agenda, notes and plan (text, weeks) of an interview."""
    good, next_step = _NOTES.get(grade, ("部分指标没有达到要求，已逐项说明依据。", "约定改进计划，每月复核。"))
    return {
        "agenda": "1. 本月结果与依据\n2. 做得好的地方\n3. 差距与原因\n4. 改进计划",
        "notes": f"{good}{next_step}",
        "plan": _PLANS[number % len(_PLANS)],
    }
