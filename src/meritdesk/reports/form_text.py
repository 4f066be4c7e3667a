"""What stands on the evaluation form (R4.10), field by field, as plain texts in the current language.

Only words: the layout is the template's, the numbers are those of the results. The structure returned here is exactly
what `form.typ` reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from meritdesk.language import _
from meritdesk.reports import wording
from meritdesk.reports.wording import fixed, percent, short
from meritdesk.results import Appraisal, DimensionScore, IndicatorScore, Rating, Results, Segment
from meritdesk.scheme.document import Indicator, Scheme

LONGEST_ROW = 46
"""Lines up to which a row of the table is kept on one page; a longer one would not fit on any."""
REMARK_WIDTH = 44
RUBRIC_WIDTH = 24
"""Digits that fit into a line of the two columns that can grow; a Chinese character counts two."""

Sheet = dict[str, Any]


def form_title(results: Results) -> str:
    """Return the heading of the form."""
    return wording.title(results.scheme)


def words(results: Results) -> Sheet:
    """Return the fixed words of the form."""
    return {
        "form": _("绩效考核表"),
        "page": _("第 {page} 页，共 {pages} 页"),
        "posts": _("任职情况"),
        "posts_columns": [_("期间"), _("岗位"), _("班组"), _("直接上级"), _("天数"), _("是否计入"), _("得分")],
        "score_columns": [_("权重"), _("维度与指标"), _("评分标准"), _("得分"), _("实绩、评语与具体事例")],
        "score": _("得分"),
        "development": _("总结与面谈"),
        "strengths": _("优点"),
        "gaps": _("不足"),
        "plan": _("改进计划"),
        "plan_columns": [_("序号"), _("改进措施"), _("责任人"), _("完成日期")],
        "signatures": _("签字确认"),
        "signature_columns": [_("签字人"), _("意见"), _("签名"), _("日期")],
        "signers": [
            [_("被考核人"), [_("同意"), _("有异议，拟申诉")]],
            [_("直接上级"), []],
            [_("人力资源"), []],
        ],
        "date": _("　　年　　月　　日"),
    }


def sheet(results: Results, appraisal: Appraisal) -> Sheet:
    """Return the texts of one person's form."""
    counted = [s for s in appraisal.segments if s.counted] if appraisal.state != "not_appraised" else []
    return {
        "name": appraisal.name,
        "person": appraisal.person,
        "position": appraisal.position_title,
        "period": str(results.run.period),
        "basics": _basics(results, appraisal),
        "notice": _notice(appraisal),
        "posts": _posts(appraisal),
        "parts": [_part(results.scheme, segment, len(counted)) for segment in counted],
        "outcome": _outcome(results.scheme, appraisal),
        "outcome_notes": list(_outcome_notes(results.scheme, appraisal)),
        "strengths": list(appraisal.strengths),
        "gaps": list(appraisal.gaps),
        "plan": list(appraisal.plan),
        "appeal": _appeal(results.scheme),
        "foot": _("方案 {scheme} 第 {version} 版　校验 {hash}").format(
            scheme=results.run.scheme, version=results.run.scheme_version, hash=results.run.scheme_hash[:12]
        ),
        "notes": [],
    }


def _basics(results: Results, appraisal: Appraisal) -> list[list[str]]:
    days = sum(segment.days for segment in appraisal.segments)
    scheme = _("{title} 第 {version} 版").format(title=form_title(results), version=results.run.scheme_version)
    return [
        [_("姓名"), appraisal.name],
        [_("工号"), appraisal.person],
        [_("岗位"), appraisal.position_title],
        [_("部门"), appraisal.department],
        [_("班组"), appraisal.team],
        [_("直接上级"), appraisal.superior],
        [_("考核期间"), str(results.run.period)],
        [_("在岗天数"), _("{n} 天").format(n=days)],
        [_("考核方案"), scheme],
    ]


def _appeal(scheme: Scheme) -> str:
    words = _("如有异议，请在结果公布次日起 {days} 个工作日内书面申诉并附事实依据；{answer} 个工作日内书面答复。")
    return words.format(days=scheme.deadlines.appeal, answer=scheme.deadlines.appeal_answer)


def _notice(appraisal: Appraisal) -> str:
    if appraisal.state == "held":
        return _("结果暂缓，尚未评定。原因：{reason}").format(reason=appraisal.reason)
    if appraisal.state == "not_appraised":
        return _("本期不参加考核。原因：{reason}").format(reason=appraisal.reason)
    return ""


def _posts(appraisal: Appraisal) -> list[list[str]]:
    """Return one line per assignment; none where there is a single one that counts."""
    if len(appraisal.segments) == 1 and appraisal.segments[0].counted:
        return []
    return [
        [
            f"{segment.from_day.isoformat()} – {segment.to_day.isoformat()}",
            segment.position_title,
            segment.team,
            segment.superior,
            str(segment.days),
            _("计入") if segment.counted else _("不计入"),
            fixed(segment.total),
        ]
        for segment in appraisal.segments
    ]


def _part(scheme: Scheme, segment: Segment, parts: int) -> Sheet:
    heading = _("考核评分")
    if parts > 1:
        heading = _("考核评分：{position}（{first} – {last}，{days} 天，得分 {total}）").format(
            position=segment.position_title,
            first=segment.from_day.isoformat(),
            last=segment.to_day.isoformat(),
            days=segment.days,
            total=fixed(segment.total),
        )
    return {"heading": heading, "dimensions": [_dimension(scheme, d) for d in segment.dimensions if d.indicators]}


def _dimension(scheme: Scheme, dimension: DimensionScore) -> Sheet:
    documents = {indicator.id: indicator for _dimension, indicator in scheme.indicators()}
    return {
        "title": wording.title(dimension),
        "weight": "" if dimension.weight is None else _("权重 {weight}%").format(weight=short(dimension.weight)),
        "score": fixed(dimension.contribution),
        "most": "" if dimension.most is None else f" / {short(dimension.most)}",
        "rows": [_row(scheme, documents.get(score.id), score, dimension) for score in dimension.indicators],
    }


def _worth(score: IndicatorScore, dimension: DimensionScore) -> str:
    """Return the share of the dimension, or in a scheme that adds points up the most points."""
    if dimension.weight is None:
        return "" if score.most is None else _("{n} 分").format(n=short(score.most))
    return "" if score.share is None else f"{short(score.share * 100)}%"


def _row(scheme: Scheme, indicator: Indicator | None, score: IndicatorScore, dimension: DimensionScore) -> Sheet:
    remarks = list(_remarks(scheme, score))
    lines = [] if indicator is None else [list(line) for line in wording.rubric(scheme, indicator, score.unit)]
    height = max(
        sum(_lines(text, REMARK_WIDTH) for part in remarks for text in part.values() if text),
        sum(_lines(words, RUBRIC_WIDTH) for _worth, words in lines),
    )
    return {
        "title": wording.title(score),
        "weight": _worth(score, dimension),
        "target": _target(indicator, score),
        "rubric": lines,
        "reached": None if indicator is None else wording.reached(indicator, score),
        "score": short(score.points),
        "full": "" if score.full is None or score.points is None else short(score.full),
        "status": "" if score.status == "scored" else wording.status_word(score.status),
        "contribution": ""
        if score.contribution is None
        else _("计 {points} 分").format(points=fixed(score.contribution)),
        "remarks": remarks,
        "breakable": height > LONGEST_ROW,
    }


def _lines(text: str, width: int) -> int:
    return sum(-(-wording.text_width(line) // width) for line in text.split("\n"))


def _target(indicator: Indicator | None, score: IndicatorScore) -> str:
    target = wording.target(indicator, score)
    if not target:
        return ""
    met = {True: _("已达成"), False: _("未达成"), None: ""}[score.target_met]
    return "\n".join(part for part in (_("目标 {target}").format(target=target), met) if part)


def _remarks(scheme: Scheme, score: IndicatorScore) -> Iterator[dict[str, str]]:
    if score.value is not None:
        head = _("实绩 {value}").format(value=wording.figure(score.value, score.unit))
        yield {"head": head, "body": "", "note": wording.measured(score)}
    elif note := wording.measured(score):
        yield {"head": "", "body": "", "note": note}
    for code, title, count, each in score.violations:
        words = _("{code} {title}：{count} 次，每次 {each} 分")
        yield {"head": "", "body": words.format(code=code, title=title, count=count, each=short(each)), "note": ""}
    if score.decision:
        yield {"head": _("得分经裁定：{decision}").format(decision=score.decision), "body": "", "note": ""}
    hidden = scheme.raters.anonymous if scheme.raters else ()
    for rating in score.ratings:
        if rating.role not in hidden:
            yield {"head": _rating_head(rating), "body": rating.remark, "note": ""}
    for role in hidden:
        given = [rating for rating in score.ratings if rating.role == role]
        if given:
            yield _anonymous(given, scheme.raters.smallest_group if scheme.raters else 1)


def _rating_head(rating: Rating) -> str:
    share = percent(rating.weight, 0)
    if rating.level is None and rating.score is None:
        return _("{role}（占 {share}）：未评").format(role=rating.role_title, share=share)
    score = rating.score if rating.score is not None else Decimal(rating.level or 0)
    return _("{role}（占 {share}）：{score} 分").format(role=rating.role_title, share=share, score=short(score))


def _anonymous(given: Sequence[Rating], smallest: int) -> dict[str, str]:
    """Return what an anonymous role says: how many and their mean, or nothing where so few could be told apart."""
    role = given[0].role_title
    if len(given) < smallest:
        return {"head": "", "body": _("{role}：不足 {n} 人，不单列").format(role=role, n=smallest), "note": ""}
    scores = [rating.score for rating in given if rating.score is not None]
    mean = short(sum(scores, Decimal(0)) / len(scores)) if scores else wording.NONE
    head = _("{role}（{n} 人匿名）：平均 {mean} 分").format(role=role, n=len(given), mean=mean)
    return {"head": head, "body": "\n".join(sorted(rating.remark for rating in given if rating.remark)), "note": ""}


def _outcome(scheme: Scheme, appraisal: Appraisal) -> list[list[str]]:
    graded = bool(scheme.grades) or appraisal.state != "graded"
    return [
        [_("总分"), fixed(appraisal.total)],
        *([[_("等级"), wording.outcome_word(scheme, appraisal)]] if graded else []),
        *([[_("绩效系数"), fixed(appraisal.coefficient)]] if scheme.grades else []),
    ]


def _outcome_notes(scheme: Scheme, appraisal: Appraisal) -> Iterator[str]:
    total = appraisal.total
    by_score = next((g.id for g in scheme.grades if total is not None and g.when and total in g.when), None)
    if by_score is not None and appraisal.grade != by_score:
        yield _("按分数线为“{threshold}”，经一票否决、等级门槛或强制分布后为“{grade}”。").format(
            threshold=wording.grade_word(scheme, by_score),
            grade=wording.grade_word(scheme, appraisal.grade),
        )
    if appraisal.rank is not None and appraisal.rank_of is not None and scheme.distribution:
        yield _("分布组内第 {rank} 名，共 {n} 人。").format(rank=appraisal.rank, n=appraisal.rank_of)
    if appraisal.vetoes:
        yield _("一票否决：{titles}").format(titles=_("、").join(appraisal.vetoes))
    for outcome in appraisal.uses:
        yield _("结果应用：{title}（{reason}）").format(title=outcome.title, reason=outcome.reason)
