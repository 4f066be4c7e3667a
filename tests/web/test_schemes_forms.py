"""The forms of the designer: what was not changed stays, every scoring method can be edited, comments survive."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from decimal import Decimal
from typing import Any, get_args

import pytest
from django.http import QueryDict

from meritdesk.scheme.diff import diff
from meritdesk.scheme.document import Indicator
from meritdesk.scheme.load import load_document, load_scheme, shipped, shipped_as_printed
from meritdesk.scheme.methods import CombineMethod
from meritdesk.scheme.reading import read_yaml
from meritdesk.web.schemes.forms.grammar import forms_of, hints
from meritdesk.web.schemes.forms.parts import Part, at, changed, nodes, restructured, weighed
from meritdesk.web.schemes.forms.starters import METHODS_OF
from meritdesk.web.schemes.forms.text import comments_lost, rewrite, write
from meritdesk.web.schemes.forms.typed import Step
from meritdesk.web.schemes.queries.documents import metrics
from meritdesk.web.schemes.queries.picture import picture
from meritdesk.web.schemes.queries.trial import Trial, try_out
from tests.web.schemes_company import filled, parts_of

EVERY = {**shipped(), **shipped_as_printed()}
FCR = Part("contents", "efficiency", "fcr")


@pytest.mark.parametrize("name", EVERY)
def test_a_form_sent_without_a_change_changes_nothing(name: str) -> None:
    found = load_document(EVERY[name])
    document = dict(found.document)
    for part in parts_of(found):
        assert changed(part, document, filled(part, document), metrics(), None) == document, part


@pytest.mark.parametrize("name", EVERY)
def test_a_document_written_anew_means_the_same(name: str) -> None:
    found = load_document(EVERY[name])
    assert diff(found.scheme, load_scheme(write(found.document))) == []
    assert read_yaml(write(found.document), "")[0] == found.document


@pytest.mark.parametrize("name", EVERY)
def test_a_changed_indicator_leaves_the_other_rows_as_they_are(name: str) -> None:
    found = load_document(EVERY[name])
    document = deepcopy(dict(found.document))
    indicator = document["dimensions"][-1]["indicators"][0]
    indicator["title"] = "改了名"
    text = rewrite(found.text, document)
    assert read_yaml(text, "")[0] == document
    old, new = found.text.split("\n"), text.split("\n")
    assert sum(row not in old for row in new) == 1
    assert comments_lost(found.text, text) == []


def test_a_row_that_is_rewritten_keeps_the_comment_behind_it() -> None:
    text = "a: {x: 1}\n# stays\nb:\n  c: 1 # stays too\n  d: '1 # is text'\n"
    document = read_yaml(text, "")[0]
    document["b"] = {"c": Decimal(2), "d": "2"}
    assert rewrite(text, document) == 'a: {x: 1}\n# stays\nb:\n  c: 2 # stays too\n  d: "2"\n'


def test_a_comment_between_rows_that_are_rewritten_is_lost_and_told() -> None:
    text = "b:\n  c: 1\n  # goes\n  d: 2\n"
    new = rewrite(text, {"b": [Decimal(1)]})
    assert new == "b: [1]\n"
    assert comments_lost(text, new) == ["# goes"]


def _typed(document: dict[str, Any], part: Part, step: str = "", **fields: str) -> dict[str, Any]:
    posted = filled(part, document)
    for name, value in fields.items():
        posted[name] = value
    return changed(part, document, posted, metrics(), Step.of(step))


def _r4() -> dict[str, Any]:
    return deepcopy(dict(load_document(EVERY["r4-support-center"]).document))


METHODS = sorted({method for fit in METHODS_OF.values() for method in fit})


def test_every_method_of_the_grammar_is_offered() -> None:
    grammar = {form.key for form in forms_of(hints(Indicator)["scoring"])}
    assert grammar == set(METHODS)
    assert set(get_args(CombineMethod.model_fields["method"].annotation)) <= set(METHODS)


SOURCE_OF = {method: source for source, fit in reversed(list(METHODS_OF.items())) for method in fit}


@pytest.mark.parametrize("method", METHODS)
def test_each_method_can_be_chosen_edited_and_tried(method: str) -> None:
    document = _r4()
    source = SOURCE_OF[method]
    if source == "violations":
        document["violation_lists"] = {"red": [{"code": "R1", "title": "违规", "points": Decimal(5)}]}
    document = _typed(document, FCR, **{"source.kind": source})
    if source == "metric" and method in ("tiers", "deduct", "bonus"):  # these count whole things
        document = _typed(document, FCR, **{"source.metric": "contacts_handled"})
    document = _typed(document, FCR, **{"scoring.kind": method})
    indicator = at(document, FCR.path(document) or ())
    assert indicator["scoring"]["method"] == method
    loaded = load_document(write(document))
    assert changed(FCR, document, filled(FCR, document), metrics(), None) == document
    drawn_form = next(node for node in nodes(FCR, document, metrics()) if node.name == "scoring")
    assert drawn_form.children
    assert method in dict(drawn_form.options)
    trial = Trial(loaded.scheme, next(i for _d, i in loaded.scheme.indicators() if i.id == "fcr"))
    drawn = picture(trial)
    assert drawn.lines or drawn.bars or drawn.note
    given = {asked.name: asked.default or "4" for asked in trial.fields()}
    answer = try_out(trial, given)
    assert not answer.problems, answer.problems
    assert answer.text


EDITS: dict[str, tuple[str, str, Callable[[Any], object], object]] = {
    "bands": ("scoring.bands.0.points", "4", lambda s: s["bands"][0]["points"], Decimal(4)),
    "curve": ("scoring.points.0.1", "12", lambda s: s["points"][0][1], Decimal(12)),
    "range": ("scoring.best_to", "95%", lambda s: s["best_to"], "95%"),
    "tiers": ("scoring.tiers.0.rate", "0.5", lambda s: s["tiers"][0]["rate"], Decimal("0.5")),
    "table": ("scoring.rows.1.points", "７0", lambda s: s["rows"][1]["points"], Decimal(70)),
    "deduct": ("scoring.floor", "10", lambda s: s["floor"], Decimal(10)),
    "bonus": ("scoring.cap", "8", lambda s: s["cap"], Decimal(8)),
    "attainment": ("scoring.cap", "1.2", lambda s: s["cap"], Decimal("1.2")),
    "rank": ("scoring.bands.0.points", "95", lambda s: s["bands"][0]["points"], Decimal(95)),
    "levels": ("scoring.levels.0.points", "25", lambda s: s["levels"][0]["points"], Decimal(25)),
    "rating": ("scoring.levels.0.title", "最低", lambda s: s["levels"][0]["title"], "最低"),
    "weighted": ("scoring.weights.csat", "3", lambda s: s["weights"]["csat"], Decimal(3)),
}


@pytest.mark.parametrize("method", EDITS)
def test_a_field_of_each_method_is_edited(method: str) -> None:
    field, text, value_of, expected = EDITS[method]
    document = _typed(_r4(), FCR, **{"source.kind": SOURCE_OF[method]})
    if method == "weighted":
        posted = filled(FCR, document)
        posted.setlist("source.of", ["csat", "complaints"])
        document = changed(FCR, document, posted, metrics(), None)
    document = _typed(document, FCR, **{"scoring.kind": method})
    new = _typed(document, FCR, **{field: text})
    assert value_of(at(new, FCR.path(new) or ())["scoring"]) == expected
    load_document(write(new))


def test_rows_are_added_moved_and_removed() -> None:
    document = _r4()
    part = Part("grades")
    added = _typed(document, part, "add:grades")
    assert [g["id"] for g in added["grades"]][-1] == "grade_1"
    load_document(write(added))
    moved = _typed(added, part, "up:grades:5")
    assert [g["id"] for g in moved["grades"]][-2] == "grade_1"
    assert _typed(moved, part, "remove:grades:4") == document


def test_an_interval_keeps_its_ends() -> None:
    document = _typed(_r4(), FCR, **{"scoring.bands.1.when.from": "open", "scoring.bands.1.when.to": "closed"})
    assert at(document, FCR.path(document) or ())["scoring"]["bands"][1]["when"] == "(80%, 90%]"


def test_the_tree_takes_weights_and_parts() -> None:
    posted = QueryDict(mutable=True)
    posted.update({"w.quality": "35", "w.efficiency": "35", "w.feedback.csat": "60", "w.feedback.complaints": "40"})
    document = weighed(_r4(), posted)
    assert [str(d["weight"]) for d in document["dimensions"]] == ["35", "35", "20", "10"]
    assert list(document["dimensions"][2]["indicators"][0])[:4] == ["id", "title", "title_en", "weight"]
    more, shown = restructured(document, "add-dimension", Part("contents"), metrics())
    more, shown = restructured(more, "add-indicator", shown, metrics())
    load_document(write(more))
    assert shown.indicator
    fewer, _shown = restructured(more, "remove", Part("contents", shown.dimension), metrics())
    assert fewer == document
    load_document(write(fewer))
