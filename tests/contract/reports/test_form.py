"""The evaluation form on paper: everything is on it, nothing is split or lost, and the bytes do not change (R4.10)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from meritdesk.reports import form, form_text
from meritdesk.reports.form import file_names, missing_glyphs, write_forms
from meritdesk.reports.wording import fixed
from meritdesk.results import Appraisal, Rating, Results
from tests.contract.reports.pages import bare, outside, page_texts
from tests.contract.reports.sample import LONG_REMARK, ROWS, sample


def with_remarks(results: Results, remarks: Sequence[str]) -> Results:
    """Return `results` of one person, the remarks replaced in the order of the form, each once."""
    left = iter(remarks)

    def changed(rating: Rating) -> Rating:
        return replace(rating, remark=next(left, "")) if rating.role == "supervisor" else replace(rating, remark="")

    person = results.appraisals[0]
    dimensions = tuple(
        replace(d, indicators=tuple(replace(i, ratings=tuple(map(changed, i.ratings))) for i in d.indicators))
        for d in person.main.dimensions
    )
    return of_one(results, replace(person, segments=(replace(person.main, dimensions=dimensions),)))


def of_one(results: Results, person: Appraisal) -> Results:
    """Return `results` with this person only."""
    return replace(results, appraisals=(person,))


@pytest.fixture(scope="module")
def forms(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return the form of every person of the sample, by staff number."""
    results = sample()
    paths = write_forms(results, tmp_path_factory.mktemp("forms"), one_file=False)
    return {a.person: path for a, path in zip(results.appraisals, paths, strict=True)}


def test_every_form_names_the_person_and_every_figure(forms: dict[str, Path]) -> None:
    for appraisal in sample().appraisals:
        text = "".join(page_texts(forms[appraisal.person]))
        wanted = [appraisal.name, appraisal.person, appraisal.team, appraisal.superior, fixed(appraisal.total)]
        if appraisal.state == "graded":
            wanted += [appraisal.grade_title, fixed(appraisal.coefficient)]
            for segment in appraisal.segments:
                for dimension in segment.dimensions:
                    wanted += [dimension.title, fixed(dimension.contribution)]
                    wanted += [part for i in dimension.indicators for part in (i.title, fixed(i.contribution))]
        absent = [word for word in wanted if bare(word) not in text]
        assert not absent, f"{appraisal.name}: not on the form: {absent}"


def test_rubric_remarks_summary_plan_and_signatures_are_on_the_form(forms: dict[str, Path]) -> None:
    text = "".join(page_texts(forms["100001"]))
    first = sample().of("100001")
    for words in (*first.strengths, *first.gaps, *first.plan, LONG_REMARK, "全程标准化，用语专业", "≥80%且<90%"):
        assert bare(words) in text
    for words in ("优点", "不足", "改进计划", "责任人", "完成日期", "被考核人", "直接上级", "人力资源", "签名"):
        assert words in text


def test_the_line_of_the_rubric_that_was_reached_is_marked(forms: dict[str, Path]) -> None:
    text = "".join(page_texts(forms["100003"]))
    assert "■3分≥80%且<90%" in text
    assert "□5分≥90%" in text


def test_held_and_not_appraised_say_why_and_show_no_grade(forms: dict[str, Path]) -> None:
    held, absent = ("".join(page_texts(forms[person])) for person in ("100009", "100010"))
    assert bare("结果暂缓，尚未评定。原因：主管评分尚缺") in held
    assert bare("本期不参加考核。原因：在岗 6 天，少于最低 10 天") in absent
    assert "考核评分" not in absent
    assert "总分—" in held.replace("等级绩效系数", "")


def test_two_posts_are_shown_with_their_days_and_scores(forms: dict[str, Path]) -> None:
    text = "".join(page_texts(forms["100008"]))
    segments = sample().of("100008").segments
    for segment in segments:
        assert bare(f"{segment.position_title}（{segment.from_day} – {segment.to_day}，{segment.days} 天") in text


def test_a_grade_changed_by_forced_shares_is_explained(forms: dict[str, Path]) -> None:
    assert bare("按分数线为“优秀”，经一票否决、等级门槛或强制分布后为“良好”") in "".join(page_texts(forms["100007"]))


def test_the_second_page_bears_the_name_and_the_pages_are_counted_per_person(tmp_path: Path) -> None:
    results = sample()
    (path,) = write_forms(results, tmp_path, one_file=True)
    pages = page_texts(path)
    starts = [n for n, text in enumerate(pages) if "绩效考核表" in text]
    assert len(starts) == len(results.appraisals)
    for appraisal, first, after in zip(results.appraisals, starts, [*starts[1:], len(pages)], strict=True):
        for number in range(first, after):
            assert bare(appraisal.name) in pages[number]
            assert f"第{number - first + 1}页，共{after - first}页" in pages[number]


@pytest.mark.parametrize("length", [180, 300, 420, 520])
def test_no_row_and_no_signature_block_is_split(length: int, tmp_path: Path) -> None:
    remarks = [f"始{n}" + "句" * length + f"终{n}" for n in range(1, 3)]
    (path,) = write_forms(with_remarks(sample(), remarks), tmp_path, one_file=False)
    pages = page_texts(path)
    for n in range(1, 3):
        assert [f"始{n}" in page for page in pages] == [f"终{n}" in page for page in pages]
    assert sum("签字人" in page and "被考核人" in page and "人力资源" in page for page in pages) == 1
    assert outside(path) == []


@pytest.mark.parametrize("remark", ["句" * 6000, "事\n" * 150 + "完"])
def test_a_row_longer_than_a_page_is_split_and_nothing_is_lost(remark: str, tmp_path: Path) -> None:
    (path,) = write_forms(with_remarks(sample(), ["始1" + remark + "终1"]), tmp_path, one_file=False)
    pages = page_texts(path)
    # The negative control of the test above: a split row is seen as such.
    assert [f"始{1}" in page for page in pages] != ["终1" in page for page in pages]
    assert sum(page.count(remark[0]) for page in pages) >= len(remark.replace("\n", "").replace("完", ""))
    assert outside(path) == []


def test_a_row_kept_together_that_no_page_can_hold_would_be_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(form_text, "LONGEST_ROW", 10_000)
    (path,) = write_forms(with_remarks(sample(), ["句" * 6000]), tmp_path, one_file=False)
    assert outside(path) or sum(page.count("句") for page in page_texts(path)) < 6000


def test_the_same_results_give_the_same_bytes(tmp_path: Path) -> None:
    results = sample()
    for one_file in (True, False):
        first = [p.read_bytes() for p in write_forms(results, tmp_path / "a", one_file=one_file)]
        again = [p.read_bytes() for p in write_forms(results, tmp_path / "b", one_file=one_file)]
        assert first == again
    other = replace(results.appraisals[0], name="王吉")
    (changed,) = write_forms(of_one(results, other), tmp_path / "c", one_file=False)
    assert changed.read_bytes() != first[0]


def test_texts_are_never_markup(tmp_path: Path) -> None:
    hostile = '#panic("x") *a* _b_ $c$ \\ <form-end> @ref `r` #let x = 1 // rest [y] "'
    results = with_remarks(sample(), [hostile])
    (path,) = write_forms(of_one(results, replace(results.appraisals[0], team=hostile)), tmp_path, one_file=False)
    assert "".join(page_texts(path)).count(bare(hostile)) >= 2


def test_rare_characters_of_names_are_in_the_font() -> None:
    assert missing_glyphs(sample()) == []
    assert {"喆", "堃", "玥", "珺", "昇", "㛃"} <= {c for row in ROWS for c in row.name}


def test_a_character_the_font_lacks_is_reported_and_printed_as_its_code(tmp_path: Path) -> None:
    results = sample()
    person = replace(results.appraisals[0], name="李\U0002a6a5龘")
    changed = of_one(results, person)
    (problem,) = missing_glyphs(changed)
    assert problem.code == "glyph-missing"
    assert "100001" in problem.place
    assert "U+2A6A5" in problem.message
    assert "\U0002a6a5" in problem.message
    text = "".join(page_texts(write_forms(changed, tmp_path, one_file=False)[0]))
    assert "李〔U+2A6A5〕龘" in text
    assert bare("〔U+2A6A5〕：字体中没有此字，请手写补上") in text


def test_an_anonymous_role_shows_its_mean_only_from_the_smallest_group_on(forms: dict[str, Path]) -> None:
    results = sample()
    assert bare("同事（3 人匿名）：平均 5 分") in "".join(page_texts(forms["100001"]))
    raters = results.scheme.raters
    assert raters is not None
    stricter = results.scheme.model_copy(update={"raters": raters.model_copy(update={"smallest_group": 4})})
    shown = form_text.sheet(replace(results, scheme=stricter), results.appraisals[0])
    bodies = [part["body"] for row in shown["parts"][0]["dimensions"][0]["rows"] for part in row["remarks"]]
    assert "同事：不足 4 人，不单列" in bodies


def test_file_names_are_safe_and_never_twice() -> None:
    person = sample().appraisals[0]
    named = [
        replace(person, person=key, name=name)
        for key, name in [("a/1", "x"), ("A\\1", "X"), ("..", ""), ("1", "长" * 99)]
    ]
    names = file_names(named)
    assert len({name.casefold() for name in names}) == 4
    assert not any(set(name) & set('/\\:*?"<>|') for name in names)
    assert all(len(name.encode()) <= 210 and not name.startswith(".") for name in names)


def test_many_people_are_spread_over_volumes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(form, "VOLUME", 5)
    paths = write_forms(sample(), tmp_path, one_file=True)
    assert [path.name for path in paths] == [f"考核表_全部_00{n}.pdf" for n in (1, 2, 3)]
    text = "".join("".join(page_texts(path)) for path in paths)
    assert all(bare(row.name) in text for row in ROWS)


def test_a_scheme_of_points_without_grades_shows_points_and_no_grade() -> None:
    results = sample()
    person = results.appraisals[0]
    dimensions = tuple(replace(d, weight=None) for d in person.main.dimensions)
    scheme = results.scheme.model_copy(update={"grades": (), "style": "points"})
    points = replace(person, segments=(replace(person.main, dimensions=dimensions),), grade=None, grade_title="")
    shown = form_text.sheet(replace(results, scheme=scheme), points)
    assert [label for label, _value in shown["outcome"]] == ["总分"]
    first = shown["parts"][0]["dimensions"][0]
    assert (first["weight"], first["rows"][0]["weight"]) == ("", "16 分")
