"""Texts read by the engine: the document of a version, of a template, of a parent framework; read once per process."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from meritdesk.metrics.definitions import Metric
from meritdesk.metrics.load import load_metrics
from meritdesk.scheme.load import LoadedScheme, load_document, shipped, shipped_as_printed
from meritdesk.web.schemes.models import Scheme, SchemeVersion


def loaded(version: SchemeVersion) -> LoadedScheme:
    """Return the document of a version; MeritdeskError with every problem if its text cannot be read."""
    return read(version.text)


@lru_cache(maxsize=64)
def read(text: str) -> LoadedScheme:
    """Return the document in a text, read at most once per text; MeritdeskError with every problem of it."""
    return load_document(text, name="scheme.yaml")


def metrics() -> Mapping[str, Metric]:
    """Return the metrics that schemes may name, by id."""
    return load_metrics()


@lru_cache(maxsize=64)
def template(name: str) -> LoadedScheme | None:
    """Return a shipped scheme by its name, as printed ones included; None if none is called so."""
    path = {**shipped(), **shipped_as_printed()}.get(name)
    return load_document(path) if path is not None else None


def template_cases(name: str) -> str:
    """Return the worked cases that ship beside a template; empty if there are none."""
    path = shipped().get(name)
    beside = path.with_name(f"{name}.cases.yaml") if path is not None else None
    return beside.read_text(encoding="utf-8") if beside is not None and beside.exists() else ""


def parent_of(scheme: Scheme) -> LoadedScheme | None:
    """Return the framework that a local scheme is derived from: the latest published version of a company scheme of
    that name, else the template of that name; None if it has none (R1.8)."""
    if not scheme.parent:
        return None
    version = (
        SchemeVersion.objects.filter(scheme__name=scheme.parent, state=SchemeVersion.State.PUBLISHED)
        .order_by("-number")
        .first()
    )
    return loaded(version) if version is not None else template(scheme.parent)
