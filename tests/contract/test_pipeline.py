"""A run from exports to results: contributions add up, figures lead back to their records, facts go to the post they
happened on, and what is missing, excluded or pending is shown.
"""

from __future__ import annotations

import datetime
import json
import zipfile
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from click.testing import CliRunner

from meritdesk.archive.seal import canonical, manifest_of, pack
from meritdesk.cli import main
from meritdesk.explain import explain
from meritdesk.facts import Measuring
from meritdesk.metrics.records import recomputed
from meritdesk.results import Appraisal, IndicatorScore, Results, Segment
from meritdesk.roster import parse_period, roster
from meritdesk.simulate import compare
from tests.contract import company

MOVER, JOINER, LEAVER = "A0004", "A0002", "A0003"
HALF = Decimal("0.005")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = company.exports(tmp_path_factory.mktemp("exports"), ((2025, 8), (2025, 9)))
    (folder / "orders.csv").write_text("order_id,person,wrong,day\n", encoding="utf-8")  # handed in, and none wrong
    return folder


@pytest.fixture(scope="module")
def tables(folder: Path) -> dict[str, pa.Table]:
    return company.tables(company.read(folder))


@pytest.fixture(scope="module")
def august(folder: Path) -> Results:
    """The first month: the one with the transfer, the joiner and the leaver."""
    return company.run(folder, period="2025-08")


def indicator(segment: Segment, name: str) -> IndicatorScore:
    return next(i for d in segment.dimensions for i in d.indicators if i.id == name)


def rerun(folder: Path, tables: dict[str, pa.Table], **changed: pa.Table) -> Results:
    return company.run(company.write(folder, {**tables, **changed}), period="2025-08")


# ------------------------------------------------------------------ everything adds up


def shown_sums(appraisal: Appraisal) -> list[tuple[Decimal, Decimal, int]]:
    """Return (shown sum, shown whole, number of roundings) for everything on the form that ought to add up."""
    found = []
    for segment in appraisal.segments:
        if segment.total is None:
            continue
        present = [d for d in segment.dimensions if d.contribution is not None]
        found.append((sum((d.contribution or Decimal(0) for d in present), Decimal(0)), segment.total, len(present)))
        found.append((sum((d.most or Decimal(0) for d in present), Decimal(0)), Decimal(100), len(present)))
        for dimension in present:
            assert dimension.contribution is not None
            inside = [i for i in dimension.indicators if i.contribution is not None]
            parts = sum((i.contribution or Decimal(0) for i in inside), Decimal(0))
            found.append((parts, dimension.contribution, len(inside)))
    return found


@pytest.mark.parametrize("scheme", [company.SCHEME, "r2d-contact-centre-2013"])
def test_contributions_add_up_to_the_total(scheme: str, folder: Path) -> None:
    results = company.run(folder, scheme, "2025-08")
    compared = 0
    for appraisal in results.appraisals:
        for parts, whole, roundings in shown_sums(appraisal):
            if results.scheme.style == "weights" or whole != 100:
                # the total is rounded to 0.01, each part shown to 0.0001
                assert abs(parts - whole) <= HALF + Decimal("0.0001") * (roundings + 1), (
                    appraisal.person,
                    parts,
                    whole,
                )
                compared += 1
    assert compared >= 20


def test_total_of_several_posts_is_their_mean_by_days(august: Results) -> None:
    mover = august.of(MOVER)
    assert [s.days for s in mover.segments] == [14, 17]
    assert [s.team for s in mover.segments] == ["一组", "二组"]
    totals = [s.total for s in mover.segments]
    assert totals[0] is not None
    assert totals[1] is not None
    assert mover.total is not None
    mean = (totals[0] * 14 + totals[1] * 17) / 31
    assert abs(mean - mover.total) <= HALF + HALF, "each post is rounded to 0.01, and so is the total"


def test_pay_is_the_sum_of_its_lines_to_the_fen(august: Results) -> None:
    paid = [a for a in august.appraisals if a.pay_total is not None]
    assert len(paid) >= 8
    for appraisal in paid:
        amounts = [line.amount for line in appraisal.pay if line.amount is not None]
        assert sum(amounts, Decimal(0)) == appraisal.pay_total
        assert all(amount == amount.quantize(Decimal("0.01")) for amount in amounts)


# ------------------------------------------------------------------ back to the records


def test_records_of_a_metric_add_up_to_its_figure(folder: Path, august: Results) -> None:
    dataset = company.read(folder)
    assignments, _problems = roster(dataset.tables["people"], august.scheme, parse_period("2025-08"))
    used = sorted({i.source.removeprefix("metric:") for a in august.appraisals for i in _measured(a.main)})
    measuring = Measuring(dataset.tables, assignments, [company.METRICS[name] for name in used])
    compared: Counter[str] = Counter()
    for appraisal in (august.of(MOVER), august.of(JOINER), august.of(LEAVER)):
        for segment in appraisal.segments:
            for score in _measured(segment):
                metric = company.METRICS[score.source.removeprefix("metric:")]
                rows = measuring.records(metric.id, segment.key)
                again = (
                    recomputed(metric, pa.Table.from_pylist(rows)) if rows else {"n": 0, "excluded": 0, "pending": 0}
                )
                assert (again["n"], again["excluded"], again["pending"]) == (score.n, score.excluded, score.pending)
                for part, scale in (("numerator", metric.numerator_scale), ("denominator", metric.denominator_scale)):
                    shown = getattr(score, part)
                    if shown is not None and rows:
                        assert Decimal(again[part] or 0).scaleb(-scale) == shown, (
                            f"{appraisal.person} {metric.id} {part}"
                        )
                        compared[metric.id] += 1
                days = [row["day"] for row in rows]
                assert all(segment.from_day <= _date(day) <= segment.to_day for day in days)
    assert set(compared) == set(used), "every metric of the scheme was followed back"


def _measured(segment: Segment) -> list[IndicatorScore]:
    return [i for d in segment.dimensions for i in d.indicators if i.source.startswith("metric:")]


def _date(day: int) -> datetime.date:
    return datetime.date(1970, 1, 1) + datetime.timedelta(days=day)


def test_explanation_names_the_figures_the_raters_and_the_records(folder: Path, august: Results) -> None:
    dataset = company.read(folder)
    assignments, _problems = roster(dataset.tables["people"], august.scheme, parse_period("2025-08"))
    used = [company.METRICS[name] for name in ("first_response", "fcr_recorded", "csat_top2", "complaint_rate")]
    text = explain(
        august, MOVER, company.METRICS, records=Measuring(dataset.tables, assignments, used).records
    ).render()
    mover = august.of(MOVER)
    assert f"总分 {mover.total}" in text
    for segment in mover.segments:
        for score in _measured(segment):
            assert f"样本 {score.n}，排除 {score.excluded}，待定 {score.pending}" in text
        for rating in indicator(segment, "problem_solving").ratings:
            assert f"{rating.role_title} {rating.rater}".strip() + f"：{rating.score:.2f} 分" in text
    assert "见 通话记录_2025-08.csv#" in text
    assert "取自“满意度均分”" in text
    assert august.run.scheme_hash[:12] in text


def test_ratings_shown_give_the_points_shown(august: Results) -> None:
    seen = 0
    for appraisal in august.appraisals:
        for score in (i for s in appraisal.segments for d in s.dimensions for i in d.indicators if i.ratings):
            assert abs(sum((r.weight for r in score.ratings), Decimal(0)) - 1) <= Decimal("0.0003")
            if score.points is not None:
                mean = sum(((r.score or Decimal(0)) * r.weight for r in score.ratings), Decimal(0))
                assert abs(mean - score.points) <= Decimal("0.002"), (appraisal.person, score.id)
                seen += 1
    assert seen >= 20


# ------------------------------------------------------------------ who, and when


def test_facts_belong_to_the_post_at_the_time_of_the_event(
    tables: dict[str, pa.Table], august: Results, tmp_path: Path
) -> None:
    """A call moved from the old post's days to the first day on the new one counts for the other segment."""
    contacts = tables["contacts"]
    first_day_there = (datetime.date(2025, 8, 15) - datetime.date(1970, 1, 1)).days
    mine = pc.and_(pc.equal(contacts["person"], MOVER), pc.less(contacts["day"], first_day_there))
    moved = next(
        row for row, wanted in enumerate(mine.to_pylist())
        if wanted and contacts["outcome"][row].as_py() == "answered" and contacts["excluded"][row].as_py() is None
    )  # fmt: skip
    days = contacts["day"].to_pylist()
    days[moved] = first_day_there
    later = contacts.set_column(contacts.column_names.index("day"), "day", pa.array(days, contacts["day"].type))
    after = rerun(tmp_path, tables, contacts=later).of(MOVER)
    before = august.of(MOVER)
    counts = [[indicator(s, "fcr").n or 0 for s in a.segments] for a in (before, after)]
    assert counts[1] == [counts[0][0] - 1, counts[0][1] + 1]


def test_joiner_and_leaver(august: Results) -> None:
    joiner, leaver = august.of(JOINER), august.of(LEAVER)
    assert (joiner.main.from_day, joiner.main.days, joiner.state) == (datetime.date(2025, 8, 10), 22, "graded")
    assert (leaver.main.to_day, leaver.main.days, leaver.state) == (datetime.date(2025, 8, 7), 7, "not_appraised")
    assert leaver.total is None
    assert leaver.grade is None
    assert "7 天" in leaver.reason
    assert "10 天" in leaver.reason
    assert leaver.coefficient == 1, "paid by the scheme's rule for those who are not appraised"
    base, whole = leaver.pay[0].amount, Decimal(31)
    assert base is not None
    assert base < joiner.pay[0].amount if joiner.pay[0].amount else False
    assert 7 / whole * 4500 <= base <= 7 / whole * 6100, "base pay by days"


def test_every_person_on_the_roster_is_accounted_for(folder: Path, august: Results) -> None:
    dataset = company.read(folder)
    on_roster = {
        row["person"] for row in dataset.tables["people"].to_pylist() if row["position"] in ("agent", "team_lead")
    }
    assert {a.person for a in august.appraisals} == on_roster
    unasked = {p.place for p in august.problems if p.code == "position-not-in-scheme"}
    assert unasked == {"客服经理", "质检员", "人事专员"}
    assert all(a.reason for a in august.appraisals if a.state != "graded")


# ------------------------------------------------------------------ what is left out, and what is missing


def test_excluded_facts_are_left_out_and_counted(tables: dict[str, pa.Table], august: Results, tmp_path: Path) -> None:
    excluded = sum(indicator(s, "fcr").excluded for a in august.appraisals for s in a.segments)
    assert excluded > 0, "the outage of the 11th"
    contacts = tables["contacts"]
    none = pa.array([None] * contacts.num_rows, pa.string())
    without = rerun(
        tmp_path, tables, contacts=contacts.set_column(contacts.column_names.index("excluded"), "excluded", none)
    )
    for before, after in zip(august.appraisals, without.appraisals, strict=True):
        for one, other in zip(before.segments, after.segments, strict=True):
            old, new = indicator(one, "fcr"), indicator(other, "fcr")
            assert new.excluded == 0
            assert (new.n or 0) == (old.n or 0) + old.excluded


def test_pending_facts_are_shown(august: Results) -> None:
    pending = {a.person: sum(indicator(s, "complaints").pending for s in a.segments) for a in august.appraisals}
    assert sum(pending.values()) > 0, "complaints still being looked into"
    somebody = next(person for person, n in pending.items() if n)
    assert f"待定 {pending[somebody]}" in explain(august, somebody, company.METRICS).render()


def without_ratings(tables: dict[str, pa.Table], person: str, role: str) -> pa.Table:
    ratings = tables["ratings"]
    gone = pc.and_(pc.equal(ratings["person"], person), pc.equal(ratings["role"], role))
    return ratings.filter(pc.invert(gone))


def test_missing_rating_of_one_who_may_be_missing_is_rescaled(
    tables: dict[str, pa.Table], august: Results, tmp_path: Path
) -> None:
    after = rerun(tmp_path, tables, ratings=without_ratings(tables, JOINER, "hr")).of(JOINER)
    before = august.of(JOINER)
    shares = [[r.weight for r in indicator(a.main, "standards").ratings] for a in (before, after)]
    assert shares == [
        [Decimal("0.6667"), Decimal("0.2222"), Decimal("0.1111")],
        [Decimal("0.7500"), Decimal("0.2500")],
    ]
    assert after.state == "graded"
    assert after.total is not None


def test_missing_rating_of_the_superior_holds_the_result(
    tables: dict[str, pa.Table], august: Results, tmp_path: Path
) -> None:
    results = rerun(tmp_path, tables, ratings=without_ratings(tables, JOINER, "superior"))
    held = results.of(JOINER)
    assert (held.state, held.total, held.grade, held.rank) == ("held", None, None, None)
    assert "服务规范度" in held.reason
    assert "暂不出结果" in explain(results, JOINER, company.METRICS).render()
    assert held.pay_total is None
    assert "pay-not-computed" in {p.code for p in held.problems}
    others = [a.total for a in results.appraisals if a.person != JOINER]
    assert others == [a.total for a in august.appraisals if a.person != JOINER], "nobody else is touched"


# ------------------------------------------------------------------ another scheme


def test_simulation_counts_winners_losers_cost_and_who_cannot_be_compared(
    folder: Path, august: Results, tmp_path: Path
) -> None:
    stricter = tmp_path / "stricter.yaml"
    text = company.scheme_text().replace("minimum_days: 10", "minimum_days: 1")
    text = text.replace("coefficient: 1.5}", "coefficient: 1.6}").replace("coefficient: 0.8}", "coefficient: 0.5}")
    stricter.write_text(text, encoding="utf-8")
    other = company.run(folder, stricter, "2025-08")
    found = compare([august], [other])
    assert found.winners + found.losers + found.unchanged == len(found.changes) == len(august.appraisals)
    grades = Counter(a.grade for a in august.appraisals)
    assert found.winners >= grades["excellent"] > 0
    assert found.losers >= grades["improve"]
    both = [c for c in found.changes if c.pay_before is not None and c.pay_after is not None]
    cost = sum((c.pay_after for c in both if c.pay_after), Decimal(0)) - sum(
        (c.pay_before for c in both if c.pay_before), Decimal(0)
    )
    assert found.cost == cost != 0
    assert found.not_compared == len(found.changes) - len(both)
    nothing = compare([august], [august])
    assert (nothing.winners, nothing.losers, nothing.cost) == (0, 0, Decimal("0.00"))


def test_simulation_with_a_scheme_that_gives_no_result_says_so(folder: Path, august: Results, tmp_path: Path) -> None:
    unrated = tmp_path / "unrated.yaml"
    unrated.write_text(company.scheme_text().replace("id: hr,", "id: panel,").replace("hr]", "panel]").replace(
        "weight: 10, if_missing: rescale}", "weight: 10, if_missing: hold}"), encoding="utf-8")  # fmt: skip
    found = compare([august], [company.run(folder, unrated, "2025-08")])
    paid_before = sum(a.pay_total is not None for a in august.appraisals)
    paid_after = sum(c.pay_after is not None for c in found.changes)
    assert paid_after < paid_before
    assert found.not_compared == len(found.changes) - paid_after


# ------------------------------------------------------------------ sealed


def verified(package: Path) -> tuple[int, dict[str, object]]:
    result = CliRunner().invoke(main, ["verify", str(package), "--json"])
    return result.exit_code, json.loads(result.stdout)


def test_package_of_a_run_verifies_and_one_changed_digit_is_found(folder: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(
        main,
        ["appraise", company.SCHEME, str(folder), "-p", "2025-08", "-o", str(tmp_path), "--forms", "none"],
    )
    assert done.exit_code == 0, done.output
    package = tmp_path / "存档包.zip"
    assert verified(package) == (0, {"verified": True, "differences": []})
    with zipfile.ZipFile(package) as sealed:
        members = {name: sealed.read(name) for name in sealed.namelist() if name != "manifest.json"}
    table = json.loads(members["results.json"])["appraisals"]
    column = table["columns"].index("total")
    row = next(number for number, cells in enumerate(table["rows"]) if cells[column] is not None)
    document = json.loads(members["results.json"])
    document["appraisals"]["rows"][row][column] += 1
    members["results.json"] = canonical(document)
    run = json.loads(members["run.json"])
    run["sealed"]["results.json"] = manifest_of({"results.json": members["results.json"]})["results.json"]
    members["run.json"] = canonical(run)
    forged = tmp_path / "forged.zip"
    forged.write_bytes(pack({**members, "manifest.json": canonical(manifest_of(members))}))
    code, report = verified(forged)
    assert code == 1, "all hashes were made to fit, yet the number does not follow from its inputs"
    person = table["rows"][row][0]
    assert [f"appraisals · {person} · total" in str(line) for line in report["differences"]] == [True]  # type: ignore[attr-defined]
