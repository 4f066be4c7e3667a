"""The reference of the scheme language is current, its examples are read, and its JSON Schema agrees with the
reader."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import jsonschema
import pytest

from meritdesk.metrics.load import load_metrics
from meritdesk.scheme.check import check
from meritdesk.scheme.labels import labels
from meritdesk.scheme.load import load_document, shipped, shipped_as_printed
from meritdesk.scheme.reading import read_yaml
from meritdesk.scheme.schema import scheme_schema
from tests.contract.scheme_flaws import CLEAN
from tests.house.scheme_reference import EXAMPLES, PAGE, SCHEMA, indented, method_names, page, schema_text

EVERY = {**shipped(), **shipped_as_printed()}
VALIDATOR = jsonschema.Draft202012Validator(scheme_schema())


def as_json(value: Any) -> Any:
    """Return a parsed document as an editor sees it: whole numbers and fractions are JSON numbers."""
    if isinstance(value, Decimal):
        return int(value) if value == int(value) else float(value)
    if isinstance(value, dict):
        return {key: as_json(item) for key, item in value.items()}
    return [as_json(item) for item in value] if isinstance(value, list) else value


def test_the_committed_reference_is_what_the_models_say() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == schema_text(), "run python -m tests.house.scheme_reference"
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m tests.house.scheme_reference"


def test_the_schema_is_one_and_titles_every_field() -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    fields = {name for model in (schema, *schema["$defs"].values()) for name in model.get("properties", {})}
    assert fields - set(labels()) == set()
    assert set(labels()) - fields - {"indicators", "items"} == set(), "words for fields that are gone"
    assert [name for name, model in schema["$defs"].items() if not model.get("description")] == []


@pytest.mark.parametrize("name", EVERY)
def test_shipped_schemes_fit_the_schema(name: str) -> None:
    assert list(VALIDATOR.iter_errors(as_json(load_document(EVERY[name]).document))) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("title: 清白方案\n", ""),
        ("style: weights", "style: weight"),
        ("kind: month", "kind: week"),
        ('"(30, 60]"', '"30-60"'),
        ("method: bands", "method: band"),
        ("id: response", "id: First-Response"),
        ("weight: 40\n", "weight: forty\n"),
        ("weight: 40\n", "wieght: 40\n"),
    ],
)
def test_what_the_reader_refuses_the_schema_refuses(old: str, new: str) -> None:
    assert old in CLEAN
    assert not list(VALIDATOR.iter_errors(as_json(read_yaml(CLEAN, "x")[0])))
    assert list(VALIDATOR.iter_errors(as_json(read_yaml(CLEAN.replace(old, new, 1), "x")[0])))


@pytest.mark.parametrize("method", EXAMPLES)
def test_an_example_is_read_and_its_method_has_no_error(method: str) -> None:
    loaded = load_document(indented(EXAMPLES[method]))
    problems = check(loaded, metrics=load_metrics())
    errors = [p for p in problems if p.severity == "error" and "example_indicator.scoring" in p.place]
    assert errors == []
    assert "unknown-metric" not in {problem.code for problem in problems}


def test_every_method_has_an_example() -> None:
    assert set(EXAMPLES) == method_names()
