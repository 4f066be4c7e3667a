"""The results as a workbook that a manager forwards as it is: overview, ranking, detail, pay, data report, notes.

Values only, no formulas. Pay is in it only when it is asked for. Nothing is computed here but sums and counts for
reading.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

from xlsxwriter import Workbook

from meritdesk.errors import Problem
from meritdesk.language import _
from meritdesk.reports import wording
from meritdesk.reports.overview import write_overview
from meritdesk.reports.tables import BAR, As, Book, Cell, Column, Value, fit, put, stay, table
from meritdesk.results import Appraisal, DimensionScore, IndicatorScore, PayLine, Results, Segment

FONT = "Microsoft YaHei"


def write_workbook(results: Results, path: Path, *, include_pay: bool, scheme_text: str | None = None) -> None:
    """Write `results` to `path` (.xlsx) in the current language.

    `include_pay` adds the sheet of pay, if there is any; `scheme_text` is the scheme in plain words, printed in the
    notes. The same results give the same bytes. MeritdeskError if a sheet would not hold the rows.
    """
    options = {"default_format_properties": {"font_name": FONT, "font_size": 10}}
    with Workbook(str(path), options) as workbook:
        workbook.set_size(2400, 1350)
        title = wording.title(results.scheme)
        # No clock: a file is identified by its content.
        created = datetime.datetime.combine(results.run.period.last, datetime.time.min)
        workbook.set_properties({"title": title, "subject": str(results.run.period), "created": created})
        book = Book(workbook)
        write_overview(book, results)
        _ranking(book, results)
        _detail(book, results)
        if include_pay and any(appraisal.pay for appraisal in results.appraisals):
            _pay(book, results)
        _data_report(book, results)
        _problems(book, results)
        _notes(book, results, scheme_text)


def ranked(results: Results) -> list[Appraisal]:
    """Return the appraisals, best total first, equal totals by staff number; those without a total at the end."""
    order = {"graded": 0, "held": 1, "not_appraised": 2}
    return sorted(results.appraisals, key=lambda a: (order[a.state], -(a.total or Decimal(0)), a.person))


def _ranking(book: Book, results: Results) -> None:
    people = ranked(results)
    dimensions = _dimensions_of(people)
    differs = any(a.grade != a.threshold_grade for a in people)
    columns = [
        Column(_("名次"), "place"),
        Column(_("工号")),
        Column(_("姓名"), "wrap", 22),
        Column(_("班组"), "wrap", 20),
        Column(_("岗位"), "wrap", 20),
        *(Column(heading, "score") for heading in dimensions.values()),
        Column(_("总分"), "score", least=18),
        Column(_("等级"), "centre"),
        *([Column(_("按分数线"), "centre")] if differs else []),
        Column(_("系数"), "factor"),
        Column(_("状态"), "centre"),
        Column(_("说明"), "wrap", 40),
    ]
    rows: list[list[Cell]] = []
    for a in people:
        contributions = {d.id: d.contribution for d in _main_dimensions(a)}
        threshold: list[Cell] = [wording.grade_word(results.scheme, a.threshold_grade)] if differs else []
        rows.append(
            [
                a.rank,
                a.person,
                a.name,
                a.team,
                a.position_title,
                *(contributions.get(key) for key in dimensions),
                a.total,
                wording.grade_word(results.scheme, a.grade) if a.grade else a.grade_title or wording.NONE,
                *threshold,
                a.coefficient,
                wording.state_word(a.state),
                _explanation(a),
            ]
        )
    sheet = book.sheet(_("排名"), title=wording.title(results.scheme))
    table(book, sheet, columns, rows)
    fit(sheet, (columns, rows), filtered=True)
    stay(sheet, columns, len(rows), left=3)
    if rows:
        at = 5 + len(dimensions)
        ends = {"min_type": "num", "min_value": 0}
        if results.scheme.style == "weights":
            ends |= {"max_type": "num", "max_value": 100}
        bar = {
            "type": "data_bar",
            "bar_color": BAR,
            "bar_solid": True,
            "data_bar_2010": True,
            "bar_border_color": "#404040",
        }
        sheet.conditional_format(1, at, len(rows), at, bar | ends)


def _dimensions_of(people: Sequence[Appraisal]) -> dict[str, str]:
    """Return the heading of each dimension by its id, in the order of the form; with its most where that is one."""
    found: dict[str, list[DimensionScore]] = {}
    for appraisal in people:
        for dimension in _main_dimensions(appraisal):
            found.setdefault(dimension.id, []).append(dimension)
    headings = {}
    for key, scores in found.items():
        most = {score.most for score in scores}
        words = _("（满分 {most}）").format(most=wording.short(scores[0].most)) if len(most) == 1 else ""
        headings[key] = wording.title(scores[0]) + (f"\n{words}" if words and scores[0].most is not None else "")
    return headings


def _main_dimensions(appraisal: Appraisal) -> Sequence[DimensionScore]:
    return appraisal.main.dimensions if appraisal.segments and appraisal.state == "graded" else ()


def _explanation(appraisal: Appraisal) -> str:
    parts = [appraisal.reason] if appraisal.reason else []
    if appraisal.vetoes:
        parts.append(_("一票否决：{titles}").format(titles=_("、").join(appraisal.vetoes)))
    counted = [segment for segment in appraisal.segments if segment.counted]
    if len(counted) > 1 and appraisal.state == "graded":
        words = _("{n} 段任职按天数平均（{totals}）；维度得分为末段")
        totals = _("、").join(_("{days} 天 {total}").format(days=s.days, total=wording.fixed(s.total)) for s in counted)
        parts.append(words.format(n=len(counted), totals=totals))
    if words := wording.left_out(appraisal):
        parts.append(words)
    parts += [_("结果应用：{title}").format(title=use.title) for use in appraisal.uses]
    return _("；").join(parts)


def _detail(book: Book, results: Results) -> None:
    columns = [
        Column(_("工号")),
        Column(_("姓名"), "wrap", 22),
        Column(_("班组"), "wrap", 20),
        Column(_("岗位"), "wrap", 20),
        Column(_("起始日"), "centre"),
        Column(_("截止日"), "centre"),
        Column(_("维度")),
        Column(_("指标")),
        Column(_("实绩"), "score"),
        Column(_("单位"), "centre"),
        Column(_("样本量 n"), "count"),
        Column(_("分子"), "count"),
        Column(_("分母"), "count"),
        Column(_("剔除"), "count"),
        Column(_("待定"), "count"),
        Column(_("95% 区间\n下限"), "percent"),
        Column(_("95% 区间\n上限"), "percent"),
        Column(_("目标"), "centre"),
        Column(_("达成"), "centre"),
        Column(_("得分"), "score"),
        Column(_("满分"), "score"),
        Column(_("计入总分"), "score"),
        Column(_("最多计入"), "score"),
        Column(_("状态"), "centre"),
    ]
    documents = {indicator.id: indicator for _dimension, indicator in results.scheme.indicators()}
    rows = [
        _detail_row(appraisal, segment, dimension, score, wording.target(documents.get(score.id), score))
        for appraisal in results.appraisals
        for segment in appraisal.segments
        for dimension in segment.dimensions
        for score in dimension.indicators
    ]
    sheet = book.sheet(_("明细"), title=wording.title(results.scheme), pages_wide=2)
    table(book, sheet, columns, rows)
    fit(sheet, (columns, rows), filtered=True)
    stay(sheet, columns, len(rows), left=2)


def _detail_row(
    a: Appraisal, segment: Segment, dimension: DimensionScore, score: IndicatorScore, target: str
) -> list[Cell]:
    low, high = score.interval or (None, None)
    met = {True: _("是"), False: _("否"), None: ""}[score.target_met]
    status = wording.status_word(score.status)
    return [
        a.person,
        a.name,
        segment.team,
        segment.position_title,
        segment.from_day.isoformat(),
        segment.to_day.isoformat(),
        wording.title(dimension),
        wording.title(score),
        _measure(score.value, score.unit),
        wording.unit_word(score.unit),
        score.n,
        _measure(score.numerator),
        _measure(score.denominator),
        score.excluded,
        score.pending,
        low,
        high,
        target,
        met,
        score.points,
        score.full,
        score.contribution,
        score.most,
        status if segment.counted else _("{status}（本段不计入）").format(status=status),
    ]


def _measure(value: Decimal | None, unit: str = "") -> As:
    if unit == wording.RATE:
        return As(value, "percent")
    whole = value is not None and value == value.to_integral_value()
    return As(value, "count" if whole else "score")


def _pay(book: Book, results: Results) -> None:
    items: dict[str, PayLine] = {}
    for appraisal in results.appraisals:
        for line in appraisal.pay:
            items.setdefault(line.id, line)
    columns = [
        Column(_("工号")),
        Column(_("姓名"), "wrap", 26),
        Column(_("班组"), "wrap", 24),
        Column(_("等级"), "centre"),
        Column(_("系数"), "factor"),
        *(Column(wording.title(line) + "\n" + _("（元）"), "money") for line in items.values()),
        Column(_("合计（元）"), "money"),
        Column(_("说明"), "wrap"),
    ]
    rows: list[list[Cell]] = []
    for a in results.appraisals:
        amounts = {line.id: line.amount for line in a.pay}
        open_items = [wording.title(line) for line in a.pay if line.amount is None]
        note = _("未定：{items}").format(items=_("、").join(open_items)) if open_items else ""
        grade = wording.outcome_word(results.scheme, a)
        rows.append(
            [a.person, a.name, a.team, grade, a.coefficient, *(amounts.get(i) for i in items), a.pay_total, note]
        )
    # Only complete slips are added up, so that the items add up to the total of totals.
    settled = [row for row, a in zip(rows, results.appraisals, strict=True) if a.pay_total is not None]
    sums = [_sum([row[at] for row in settled]) for at in range(5, 6 + len(items))]
    left_out = len(rows) - len(settled)
    note = _("不含未定的 {n} 人").format(n=left_out) if left_out else ""
    total: list[Cell] = [_("合计"), _("{n} 人").format(n=len(settled)), "", "", None, *sums, note]
    sheet = book.sheet(_("薪酬"), title=wording.title(results.scheme))
    table(book, sheet, columns, rows, total=total)
    fit(sheet, (columns, [*rows, total]), filtered=True)
    stay(sheet, columns, len(rows), left=2)


def _sum(cells: Sequence[Cell]) -> Decimal:
    return sum((cell for cell in cells if isinstance(cell, Decimal)), Decimal(0))


def _data_report(book: Book, results: Results) -> None:
    keys = list(dict.fromkeys(key for row in results.data_report for key in row))
    columns = [Column(key, "wrap") for key in keys] or [Column(_("文件"))]
    rows: list[list[Cell]] = [[_report_cell(row.get(key)) for key in keys] for row in results.data_report]
    sheet = book.sheet(_("数据报告"), title=wording.title(results.scheme))
    table(book, sheet, columns, rows)
    fit(sheet, (columns, rows), filtered=True)
    stay(sheet, columns, len(rows), left=1)


def _problems(book: Book, results: Results) -> None:
    found: list[tuple[Appraisal | None, Problem]] = [(None, problem) for problem in results.problems]
    found += [(a, problem) for a in results.appraisals for problem in a.problems]
    if not found:
        return
    columns = [
        Column(_("级别"), "centre"),
        Column(_("位置"), "wrap"),
        Column(_("问题"), "wrap"),
        Column(_("建议"), "wrap"),
        Column(_("影响"), "wrap"),
        Column(_("代码")),
    ]
    rows = [_problem_row(appraisal, problem) for appraisal, problem in found]
    sheet = book.sheet(_("问题"), title=wording.title(results.scheme))
    table(book, sheet, columns, rows)
    fit(sheet, (columns, rows), filtered=True)
    stay(sheet, columns, len(rows), left=1)


def _report_cell(value: object) -> Cell:
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return As(value, "count")
    if isinstance(value, Decimal):
        return _measure(value)
    if isinstance(value, Sequence | set | frozenset):
        return _("、").join(str(part) for part in value)
    if isinstance(value, Mapping):
        return _("、").join(f"{key} {part}" for key, part in value.items())
    return str(value)


def _problem_row(appraisal: Appraisal | None, problem: Problem) -> list[Cell]:
    level = {"error": _("错误"), "warning": _("警告"), "info": _("提示")}[problem.severity]
    person = f"{appraisal.name}（{appraisal.person}）" if appraisal else ""
    place = " ".join(part for part in (person, problem.place) if part)
    return [level, place, problem.message, problem.fix, problem.why, problem.code]


def _notes(book: Book, results: Results, scheme_text: str | None) -> None:
    kinds = {"assumption": _("假设"), "mend": _("修订"), "remark": _("备注")}
    scheme = results.scheme
    told = scheme_text or ""
    sections: list[tuple[str, list[tuple[str, Value]]]] = [
        (_("方案说明"), _outline(scheme_text or scheme.description)),
        (_("假设与备注"), [(kinds[n.kind], _noted(n.place, n.text)) for n in scheme.notes if n.text not in told]),
        (_("各列含义"), list(_glossary())),
        (_("运行信息"), list(_run_lines(results))),
        (_("数据文件"), [(batch.name, _batch_words(batch.rows, batch.sha256)) for batch in results.run.batches]),
    ]
    sheet = book.sheet(_("说明"), title=wording.title(scheme))
    columns = [Column(_("项目"), "wrap", 26), Column(_("内容"), "wrap", 108)]
    row = 0
    for heading, lines in sections:
        if lines:
            put(sheet, row, 0, heading, book.style(bold=True, font_size=12))
            row = table(book, sheet, columns, lines, top=row + 1) + 1
    for at, column in enumerate(columns):
        sheet.set_column(at, at, column.widest + 2)


def _outline(text: str) -> list[tuple[str, Value]]:
    """Return Markdown as lines of two columns: the heading beside the first line of what stands below it."""
    lines: list[tuple[str, Value]] = []
    heading = ""
    for line in text.splitlines():
        plain = line.replace("**", "").rstrip()
        if plain.startswith("#"):
            if heading:
                lines.append((heading, ""))
            heading = plain.lstrip("#").strip()
        elif plain:
            depth = (len(plain) - len(plain.lstrip())) // 2
            body = plain.strip()
            item = "　" * depth + "· " + body[2:] if body.startswith("- ") else body
            lines.append((heading, item))
            heading = ""
    return lines


def _noted(place: str, text: str) -> str:
    return f"{text}（{place}）" if place else text


def _batch_words(rows: int, sha256: str) -> str:
    return _("{rows} 行，校验值 {sha256}").format(rows=f"{rows:,}", sha256=sha256)


def _glossary() -> list[tuple[str, Value]]:
    return [
        (_("名次"), _("在同一分布组内的名次，同分同名次；暂缓和不参加考核的人没有名次。")),
        (_("维度得分"), _("该维度计入总分的分数；各维度相加即为总分。")),
        (_("按分数线"), _("未经强制分布、一票否决和等级门槛时的等级。")),
        (_("样本量 n"), _("实绩所依据的记录数。")),
        (_("分子、分母"), _("比率等于分子除以分母；部门的比率由各人分子之和除以分母之和得出。")),
        (_("剔除、待定"), _("因注明的原因不计入的记录数；观察期未满、结果未定的记录数。")),
        (_("95% 区间"), _("比率的威尔逊区间：样本越少，区间越宽。")),
        (_("计入总分"), _("该指标为总分带来的分数；最多计入是满分时的分数。")),
    ]


def _run_lines(results: Results) -> list[tuple[str, Value]]:
    run = results.run
    return [
        (_("考核期间"), str(run.period)),
        (_("方案"), _("{scheme} 第 {version} 版").format(scheme=run.scheme, version=run.scheme_version)),
        (_("方案校验值"), run.scheme_hash),
        (_("计算程序校验值"), run.program_hash),
        (_("数据校验值"), run.input_hash),
        (_("计算引擎"), run.engine),
        (_("软件版本"), run.code_version),
    ]
