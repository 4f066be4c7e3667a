"""The first sheet of the workbook: the figures of the run at a glance, with charts that Excel draws itself.

Counts, means and shares for reading only; scores and grades are those of the results.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal

from xlsxwriter.worksheet import Worksheet

from meritdesk.language import _
from meritdesk.reports import wording
from meritdesk.reports.tables import ACCENT, GREY, LINE, Book, Cell, Column, Kind, put, table
from meritdesk.results import Appraisal, Results
from meritdesk.rules.numbers import rounded

CENT = 2
MOST_BINS = 14
LEFT_WIDTHS = (32, 22, 12, 12, 12, 12, 12)
CHART_COLUMN = 8
CHART_ROWS = 12
ONE_PAGE = 60
"""Rows that are still legible on a single page."""

Figure = tuple[str, int | Decimal | None, Kind]


def write_overview(book: Book, results: Results) -> None:
    """Write the overview as the next sheet of `book`."""
    title = wording.title(results.scheme)
    sheet = book.sheet(_("概览"), title=title)
    for at, width in enumerate(LEFT_WIDTHS):
        sheet.set_column(at, at, width)
    sheet.set_column(len(LEFT_WIDTHS), len(LEFT_WIDTHS), 3)
    sheet.set_row(0, 30)
    put(sheet, 0, 0, title, book.style(bold=True, font_size=18))
    run = results.run
    line = _("考核期间 {period}　方案 {scheme} 第 {version} 版").format(
        period=run.period, scheme=run.scheme, version=run.scheme_version
    )
    put(sheet, 1, 0, line, book.style(font_color="#404040"))
    row = _figures(book, sheet, 3, headline(results))
    row = _grades(book, sheet, row + 1, results)
    row = _histogram(book, sheet, row + 1, results)
    row = _teams(book, sheet, row + 1, results)
    _run(book, sheet, row + 1, results)
    if row < ONE_PAGE:
        sheet.fit_to_pages(1, 1)


def totals(results: Results) -> list[Decimal]:
    """Return the totals of those graded, lowest first."""
    return sorted(a.total for a in results.appraisals if a.total is not None and a.state == "graded")


def headline(results: Results) -> list[Figure]:
    """Return the figures at the head of the sheet: label, value, how it is shown."""
    states = Counter(appraisal.state for appraisal in results.appraisals)
    found = totals(results)
    return [
        (_("名单人数"), len(results.appraisals), "count"),
        (_("已评定"), states["graded"], "count"),
        (_("暂缓"), states["held"], "count"),
        (_("不参加考核"), states["not_appraised"], "count"),
        (_("平均分"), mean(found), "score"),
        (_("最高分"), found[-1] if found else None, "score"),
        (_("最低分"), found[0] if found else None, "score"),
    ]


def mean(values: Sequence[Decimal]) -> Decimal | None:
    """Return the mean rounded half up to two decimals; None of none."""
    return rounded(sum(values, Decimal(0)) / len(values), CENT) if values else None


def _figures(book: Book, sheet: Worksheet, row: int, figures: Sequence[Figure]) -> int:
    label = book.style(font_color="#404040", align="center", bg_color=GREY, border=1, border_color=LINE)
    sheet.set_row(row + 1, 28)
    for at, (words, value, kind) in enumerate(figures):
        put(sheet, row, at, words, label)
        put(sheet, row + 1, at, value, book.cell_style(kind, bold=True, font_size=16, align="center"))
    return row + 2


def _heading(book: Book, sheet: Worksheet, row: int, text: str) -> int:
    put(sheet, row, 0, text, book.style(bold=True, font_size=12))
    return row + 1


def grade_rows(results: Results) -> tuple[list[Column], list[list[Cell]], list[Cell]]:
    """Return the distribution over grades: columns, one row per grade of the scheme in its order, and the total."""
    scheme = results.scheme
    graded = [a for a in results.appraisals if a.state == "graded"]
    counts = Counter(a.grade for a in graded)
    shares = scheme.distribution.shares if scheme.distribution else {}
    columns = [
        Column(_("等级"), "centre"),
        Column(_("分数范围"), "centre"),
        Column(_("系数"), "factor"),
        Column(_("人数"), "count"),
        Column(_("占比"), "percent"),
    ]
    rows: list[list[Cell]] = [
        [
            wording.title(grade),
            wording.NONE if grade.when is None else wording.limits(grade.when),
            grade.coefficient,
            counts[grade.id],
            _share(counts[grade.id], len(graded)),
        ]
        for grade in scheme.grades
    ]
    total: list[Cell] = [
        _("合计"),
        "",
        None,
        sum(counts[g.id] for g in scheme.grades),
        _share(1, 1) if graded else None,
    ]
    if shares:
        columns.append(Column(_("规定占比"), "percent"))
        for row, grade in zip(rows, scheme.grades, strict=True):
            row.append(shares.get(grade.id))
        total.append(None)
    return columns, rows, total


def _share(part: int, whole: int) -> Decimal | None:
    return rounded(Decimal(part) / whole, 4) if whole else None


def _grades(book: Book, sheet: Worksheet, row: int, results: Results) -> int:
    columns, rows, total = grade_rows(results)
    if not rows or not totals(results):
        return row
    top = _heading(book, sheet, row, _("等级分布（已评定者）"))
    end = table(book, sheet, columns, rows, top=top, total=total)
    _chart(book, sheet, row, _("各等级人数"), (top + 1, top + len(rows)), values=3, gap=60)
    return max(end, row + CHART_ROWS)


def bins(values: Sequence[Decimal]) -> list[tuple[Decimal, Decimal, int]]:
    """Return the histogram of `values`: lower end (included), upper end (excluded, in the last bin included), count."""
    if not values:
        return []
    low, high = min(values), max(values)
    width = next(w for w in _widths() if (high - low) / w <= MOST_BINS - 2)
    first = (low / width).to_integral_value(ROUND_FLOOR) * width
    found = []
    while first <= high:
        # 100 belongs to 95–100, not to a bin of its own.
        last = first + width >= high
        inside = sum(first <= v and (v < first + width or last) for v in values)
        found.append((first, first + width, inside))
        if last:
            break
        first += width
    return found


def _widths() -> Sequence[Decimal]:
    return [Decimal(n).scaleb(power) for power in range(12) for n in (1, 2, 5)][2:]


def _histogram(book: Book, sheet: Worksheet, row: int, results: Results) -> int:
    found = bins(totals(results))
    if not found:
        return row
    columns = [Column(_("分数段"), "centre"), Column(_("范围"), "centre"), Column(_("人数"), "count")]
    rows: list[list[Cell]] = []
    for number, (low, high, count) in enumerate(found):
        ends = {"low": wording.short(low), "high": wording.short(high)}
        last = number == len(found) - 1
        words = _("≥ {low} 且 ≤ {high}") if last else _("≥ {low} 且 < {high}")
        rows.append(["{low} – {high}".format(**ends), words.format(**ends), count])
    top = _heading(book, sheet, row, _("总分分布（已评定者）"))
    end = table(book, sheet, columns, rows, top=top)
    _chart(book, sheet, row, _("各分数段人数"), (top + 1, top + len(rows)), values=2, gap=8)
    return max(end, row + CHART_ROWS)


def _chart(book: Book, sheet: Worksheet, row: int, title: str, rows: tuple[int, int], *, values: int, gap: int) -> None:
    chart = book.workbook.add_chart({"type": "column"})
    name = sheet.get_name()
    chart.add_series(
        {
            "name": title,
            "categories": [name, rows[0], 0, rows[1], 0],
            "values": [name, rows[0], values, rows[1], values],
            "fill": {"color": ACCENT},
            "gap": gap,
            "data_labels": {"value": True, "font": {"size": 10, "bold": True}},
        }
    )
    chart.set_title({"name": title, "overlay": False, "name_font": {"size": 12, "bold": True}})
    chart.set_legend({"none": True})
    chart.set_x_axis({"num_font": {"size": 9}, "line": {"color": "#404040"}})
    chart.set_y_axis({"min": 0, "major_gridlines": {"visible": False}, "visible": False})
    chart.set_size({"width": 560, "height": 268})
    sheet.insert_chart(row, CHART_COLUMN, chart, {"object_position": 2, "description": title})


def team_rows(results: Results) -> tuple[list[Column], list[list[Cell]]]:
    """Return people, mean and grades per team, in the order in which teams first appear."""
    teams: dict[str, list[Appraisal]] = {}
    for appraisal in results.appraisals:
        teams.setdefault(appraisal.team, []).append(appraisal)
    columns = [
        Column(_("班组"), "wrap", 32),
        Column(_("部门"), "wrap", 22),
        Column(_("人数"), "count"),
        Column(_("已评定"), "count"),
    ]
    columns += [Column(_("平均分"), "score"), Column(_("最高分"), "score"), Column(_("最低分"), "score")]
    rows: list[list[Cell]] = []
    for team, people in teams.items():
        found = sorted(a.total for a in people if a.total is not None and a.state == "graded")
        ends: list[Cell] = [found[-1], found[0]] if found else [None, None]
        rows.append([team, people[0].department, len(people), len(found), mean(found), *ends])
    return columns, rows


def _teams(book: Book, sheet: Worksheet, row: int, results: Results) -> int:
    columns, rows = team_rows(results)
    return table(book, sheet, columns, rows, top=_heading(book, sheet, row, _("各班组")))


def _run(book: Book, sheet: Worksheet, row: int, results: Results) -> int:
    top = _heading(book, sheet, row, _("运行信息"))
    run = results.run
    read = sum(batch.rows for batch in run.batches)
    for at, (label, value) in enumerate(
        [
            (_("数据文件"), _("{n} 个，共 {rows} 行").format(n=len(run.batches), rows=f"{read:,}")),
            (_("方案校验值"), run.scheme_hash),
            (_("数据校验值"), run.input_hash),
            (_("计算引擎"), run.engine),
            (_("软件版本"), run.code_version),
        ]
    ):
        put(sheet, top + at, 0, label, book.style(font_color="#404040"))
        put(sheet, top + at, 1, value, book.style())
    return top + 5
