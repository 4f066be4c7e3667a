"""Every wrong way to write a scheme: file, line, what is wrong and how to mend it.

Each fixture is the same small scheme with one mistake; one mistake makes one problem.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from meritdesk.errors import MeritdeskError
from meritdesk.scheme.load import load_document, load_scheme

FIXTURES = Path(__file__).parent / "scheme_errors"

# fixture, line, code, part of the message
WRONG_WAYS = [
    ("empty", 1, "yaml-empty", "文件是空的"),
    ("tab", 7, "yaml-tab", "这一行不符合 YAML 写法"),
    ("key_twice", 3, "yaml-key-twice", "“version”写了两次，第一次在第 2 行"),
    ("anchor", 5, "yaml-anchor", "不支持锚点（&c）"),
    ("alias", 3, "yaml-anchor", "不支持引用（*name）"),
    ("merge_key", 5, "yaml-merge-key", "不支持合并键（<<）"),
    ("tag", 3, "yaml-tag", "不支持类型标记（tag:yaml.org,2002:str）"),
    ("second_document", 56, "yaml-documents", "文件里有第二份文档（---）"),
    ("unclosed_bracket", 6, "yaml-syntax", "这一行不符合 YAML 写法"),
    ("unclosed_quote", 27, "yaml-syntax", "这一行不符合 YAML 写法"),
    ("colon_in_text", 3, "yaml-syntax", "这一行不符合 YAML 写法"),
    ("bad_indent", 4, "yaml-syntax", "这一行不符合 YAML 写法"),
    ("missing_colon", 5, "yaml-syntax", "这一行不符合 YAML 写法"),
    ("list_key", 5, "yaml-key", "键必须是一个词"),
    ("too_deep", 3, "yaml-too-deep", "嵌套太深或内容太多"),
    ("control_character", 3, "yaml-character", "这一行有不能显示的控制字符"),
    ("not_a_mapping", 1, "not-a-mapping", "这里要写一组字段，写成了“一个列表”"),
    ("just_text", 1, "not-a-mapping", "这里要写一组字段，写成了“r4-support-center.yaml”"),
    ("unknown_field", 5, "unknown-field", "没有“colour”这个字段"),
    ("misspelled_field", 22, "unknown-field", "没有“sorce”这个字段"),
    ("missing_title", 16, "missing-field", "缺少字段“title”"),
    ("missing_cycle", 1, "missing-field", "缺少字段“cycle”"),
    ("missing_scoring", 42, "missing-field", "缺少字段“scoring”"),
    ("empty_list", 6, "too-few", "至少要有 1 项，只有 0 项"),
    ("list_for_value", 3, "not-a-value", "这里要写一个值，写成了“一个列表”"),
    ("value_for_list", 6, "not-a-list", "这里要写一个列表，写成了“agent”"),
    ("value_for_fields", 5, "not-a-mapping", "这里要写一组字段，写成了“month”"),
    ("list_for_fields", 51, "not-a-mapping", "这里要写一组“名称: 值”，写成了“一个列表”"),
    ("nothing_for_value", 3, "not-a-value", "这里要写一个值，写成了“空值”"),
    ("number_for_text", 3, "bad-value", "“2024”不是文字"),
    ("text_for_number", 18, "bad-value", "“sixty”不是数字"),
    ("thousands_separator", 27, "bad-value", "“1,000”不是数字"),
    ("exponent", 27, "bad-value", "“1e2”不是数字"),
    ("too_many_decimals", 14, "number-too-long", "“0.12345678”太大或小数位太多"),
    ("number_too_large", 27, "number-too-long", "“99999999999”太大或小数位太多"),
    ("fraction_for_whole", 2, "bad-value", "“1.5”不是整数"),
    ("negative_days", 5, "too-small", "不能小于 0，写了 -1"),
    ("yes_for_true", 24, "not-true-or-false", "“yes”不是 true 或 false"),
    ("one_for_true", 24, "not-true-or-false", "“1”不是 true 或 false"),
    ("true_for_text", 3, "not-a-value", "这里要写一个值，写成了“true”"),
    ("upper_case_id", 20, "bad-name", "“Response”不能用作标识"),
    ("id_with_dash", 20, "bad-name", "“first-response”不能用作标识"),
    ("chinese_id", 20, "bad-name", "“响应”不能用作标识"),
    ("bad_choice", 4, "unknown-choice", "“weight”不是可选的值"),
    ("bad_cycle_kind", 5, "unknown-choice", "“weekly”不是可选的值"),
    ("bad_missing_rule", 23, "unknown-choice", "“zero”不是可选的值"),
    ("date_as_number", 57, "bad-date", "“20240101”不是日期"),
    ("impossible_date", 57, "bad-date", "“2024-02-30”不是日期"),
    ("interval_reversed", 27, "bad-value", "“[30, 0]”不是一个区间"),
    ("interval_without_bracket", 27, "bad-value", "“0-30”不是一个区间"),
    ("interval_as_list", 27, "not-an-interval", "“一个列表”不是一个区间"),
    ("interval_as_number", 27, "not-an-interval", "“30”不是一个区间"),
    ("interval_with_unit", 27, "bad-value", "“[0, 30s]”不是一个区间"),
    ("unknown_method", 25, "unknown-method", "没有“band”这种计分方法"),
    ("method_missing", 24, "missing-method", "缺少计分方法 method"),
    ("scoring_as_word", 45, "missing-method", "计分方法要写一组字段"),
    ("field_of_another_method", 26, "unknown-field", "没有“tiers”这个字段"),
    ("bands_missing", 24, "missing-field", "缺少字段“bands”"),
    ("curve_with_three", 26, "wrong-length", "这里要写 2 个数，写了 3 个"),
    ("curve_with_one_point", 26, "too-few", "至少要有 2 项，只有 1 项"),
    ("tiers_without_mode", 24, "missing-field", "缺少字段“mode”"),
    ("target_of_wrong_kind", 26, "unknown-choice", "“personel”不是可选的值"),
    ("two_sources", 22, "one-of-many", "metric、event 只能写其中一个"),
    ("no_source", 22, "none-of-many", "这里要写 metric、rating、violations、event、results、of 之一"),
    ("unknown_source", 22, "none-of-many", "这里要写 metric、rating、violations、event、results、of 之一"),
    ("source_as_word", 22, "none-of-many", "这里要写 metric、rating、violations、event、results、of 之一"),
    ("condition_of_two", 57, "one-of-many", "score、grade 只能写其中一个"),
    ("term_of_wrong_kind", 55, "unknown-choice", "“coefficent”不是可选的值"),
    ("term_unknown", 55, "none-of-many", "这里要写 pay、score、metric、grade、of 之一"),
    ("condition_incomplete", 57, "missing-field", "缺少字段“within”"),
    ("unknown_position", 24, "unknown-reference", "没有“agnet”这个岗位"),
    ("unknown_dimension_position", 41, "unknown-reference", "没有“lead”这个岗位"),
    ("unknown_role", 31, "unknown-reference", "没有“quality”这个评分角色"),
    ("role_without_raters", 27, "unknown-reference", "方案没有写评分人"),
    ("unknown_violation_list", 44, "unknown-reference", "没有“conducts”这个违规清单"),
    ("unknown_violation_code", 57, "unknown-reference", "没有“A2”这个违规代码"),
    ("unknown_cap_grade", 57, "unknown-reference", "没有“bad”这个等级"),
    ("unknown_zero_dimension", 57, "unknown-reference", "没有“respect”这个考核维度"),
    ("veto_without_effect", 57, "one-of-many", "cap_grade、zero_dimension、zero_total 要写且只写一个"),
    ("veto_with_two_effects", 57, "one-of-many", "cap_grade、zero_dimension、zero_total 要写且只写一个"),
    ("unknown_grade_in_use", 57, "unknown-reference", "没有“excellent”这个等级"),
    ("unknown_grade_in_shares", 51, "unknown-reference", "没有“bad”这个等级"),
    ("unknown_score_in_order", 51, "unknown-reference", "没有“respons”这个分数"),
    ("unknown_score_in_gate", 47, "unknown-reference", "没有“csat”这个分数"),
    ("unknown_score_in_pay", 55, "unknown-reference", "没有“totals”这个分数"),
    ("unknown_grade_in_pay", 55, "unknown-reference", "没有“bad”这个等级"),
    ("unknown_item_in_budget", 56, "unknown-reference", "没有“bonuses”这个薪酬项目"),
    ("amount_and_pool", 55, "one-of-many", "amount 和 pool 要写且只写一个"),
    ("neither_amount_nor_pool", 54, "one-of-many", "amount 和 pool 要写且只写一个"),
    ("unknown_anonymous_role", 9, "unknown-reference", "没有“peer”这个评分角色"),
    ("part_of_unknown", 22, "unknown-reference", "没有“manners”这个考核指标"),
    ("part_of_itself", 22, "unknown-reference", "没有“response”这个考核指标"),
    ("circle", 22, "circle", "“响应时长”绕回来用到了自己"),
    ("weights_incomplete", 23, "missing-field", "没有写“violations”的权重"),
    ("indicator_twice", 29, "used-twice", "“response”已经用过了"),
    ("indicator_named_like_dimension", 29, "used-twice", "“quality”已经用过了"),
    ("indicator_named_total", 29, "used-twice", "“total”已经用过了"),
    ("grade_twice", 48, "used-twice", "“good”已经用过了"),
    ("role_twice", 11, "used-twice", "“superior”已经用过了"),
    ("position_twice", 8, "used-twice", "“agent”已经用过了"),
    ("item_twice", 55, "used-twice", "“base”已经用过了"),
    ("use_twice", 58, "used-twice", "“honour”已经用过了"),
    ("code_twice", 15, "used-twice", "“A1”已经用过了"),
    ("level_twice", 37, "used-twice", "“1”已经用过了"),
    ("rating_method_on_metric", 32, "method-does-not-fit", "rating 方法与来源 rating 要一起用"),
    ("metric_method_on_rating", 24, "method-does-not-fit", "rating 方法与来源 rating 要一起用"),
    ("deduct_without_points", 45, "method-does-not-fit", "扣分没有写每次扣多少"),
    ("deduct_list_and_each", 45, "method-does-not-fit", "违规清单里每条已有分值，不能再写 each"),
    ("levels_on_violations", 45, "method-does-not-fit", "bonus 方法的来源要是 metric 或 event"),
    ("sum_without_parts", 45, "method-does-not-fit", "sum、weighted、min、max 方法与来源 of 要一起用"),
    ("results_of_longer_cycle", 22, "results-not-inside", "month 周期里没有 year 周期"),
    ("points_in_weights", 24, "points-in-weights", "权重制方案的这个维度里不写 points"),
    ("weight_in_points", 24, "weight-in-points", "分值相加的维度里不写 weight"),
    ("feed_by_rating", 11, "method-does-not-fit", "由指标得出的评分不能用 rating 方法"),
]
# A name that is used twice leaves the other name unknown to those who refer to it.
TWO_PROBLEMS = {"grade_twice", "role_twice"}
SMALL = (FIXTURES / "clean.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(("case", "line", "code", "part"), WRONG_WAYS, ids=[row[0] for row in WRONG_WAYS])
def test_a_mistake_is_named_with_file_line_and_cure(case: str, line: int, code: str, part: str) -> None:
    with pytest.raises(MeritdeskError) as caught:
        load_scheme(FIXTURES / f"{case}.yaml")
    first, *more = caught.value.problems
    assert (first.place, first.code) == (f"{case}.yaml:{line}", code)
    assert part in first.message
    assert first.fix, "a problem says how to mend it"
    assert len(more) == (case in TWO_PROBLEMS), [str(problem) for problem in more]


def test_every_fixture_has_its_row() -> None:
    rows = [row[0] for row in WRONG_WAYS]
    assert sorted([*rows, "clean"]) == sorted(path.stem for path in FIXTURES.glob("*.yaml"))
    assert len(rows) == len(set(rows)) >= 60


def test_the_scheme_without_a_mistake_is_read() -> None:
    loaded = load_document(FIXTURES / "clean.yaml")
    assert loaded.scheme.scheme == "small"
    assert loaded.line("dimensions.quality.response.scoring.bands") == 26
    assert loaded.line("dimensions.quality.response.scoring.bands.2@31") == 28
    assert loaded.line("grades.poor.coefficient") == 48


def test_all_mistakes_of_a_file_are_told_at_once() -> None:
    text = SMALL.replace("weight: 60}", "wieght: 60}").replace("method: bands", "method: band").replace("month", "moon")
    with pytest.raises(MeritdeskError) as caught:
        load_scheme(text, name="three.yaml")
    assert [problem.code for problem in caught.value.problems] == ["unknown-choice", "unknown-field", "unknown-method"]
    text = SMALL.replace("rating: [superior, qa]", "rating: [boss, qa]").replace("grade: [good]", "grade: [best]")
    with pytest.raises(MeritdeskError) as caught:
        load_scheme(text)
    assert [problem.code for problem in caught.value.problems] == ["unknown-reference"] * 2


def test_a_misspelled_field_is_told_what_it_was_meant_to_be() -> None:
    with pytest.raises(MeritdeskError) as caught:
        load_scheme(FIXTURES / "misspelled_field.yaml")
    assert "是不是想写 source？" in caught.value.problems[0].fix


def test_a_file_that_is_not_text_and_one_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "gbk.yaml").write_bytes("title: 客服".encode("gbk"))
    for name, code in (("gbk.yaml", "file-encoding"), ("absent.yaml", "file-unreadable")):
        with pytest.raises(MeritdeskError) as caught:
            load_scheme(tmp_path / name)
        assert caught.value.problems[0].code == code


def test_comments_layout_and_order_of_keys_do_not_change_the_content_hash() -> None:
    clean = load_document(SMALL).content_hash
    same = "# a comment\n" + SMALL.replace("{kind: month}", "\n  kind: month  # monthly").replace("0.5", "0.50")
    moved = SMALL.replace("version: 1\n", "").replace("style: weights\n", "style: weights\nversion: 1\n")
    assert load_document(same).content_hash == load_document(moved).content_hash == clean
    assert load_document(SMALL.replace("weight: 60}", "weight: 61}")).content_hash != clean


def test_numbers_are_read_as_written_and_never_as_float() -> None:
    scheme = load_scheme(SMALL.replace("points: 100}", "points: 0.1}").replace('"[0, 30]"', '"[0, 33.3%]"'))
    bands = scheme.dimensions[0].indicators[0].scoring
    assert bands.method == "bands"
    assert (str(bands.bands[0].points), str(bands.bands[0].when)) == ("0.1", "[0, 0.333]")


@pytest.mark.parametrize("word", ["no", "off", "010", "1:30", "0x10", ".5", "1_000", "2024-01-31", "~"])
def test_a_plain_word_stays_text(word: str) -> None:
    assert load_scheme(SMALL.replace("title: 小方案", f"title: {word}")).title == word


@pytest.mark.parametrize(
    "bomb",
    ["[" * 100_000, "- " * 100_000, "? " * 50_000, "a: [" + "1, " * 200_000 + "1]", "a: b\n" * 2 + "x" * 1_100_000],
    ids=["brackets", "dashes", "question marks", "many values", "long"],
)
def test_a_file_made_to_exhaust_the_reader_is_refused(bomb: str) -> None:
    with pytest.raises(MeritdeskError) as caught:
        load_scheme(bomb, name="bomb.yaml")
    assert caught.value.problems[0].place.startswith("bomb.yaml")


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("title: 服务质量", "title：服务质量", "有全角标点“：”"),
        ("{metric: average_response}", "{metric：average_response}", "有全角标点“：”"),
    ],
)
def test_full_width_punctuation_is_told(right: str, wrong: str, told: str, tmp_path: Path) -> None:
    text = (FIXTURES / "misspelled_field.yaml").read_text(encoding="utf-8").replace("sorce:", "source:")
    assert right in text
    path = tmp_path / "scheme.yaml"
    path.write_text(text.replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(MeritdeskError) as caught:
        load_document(path)
    assert any(told in problem.fix for problem in caught.value.problems)
