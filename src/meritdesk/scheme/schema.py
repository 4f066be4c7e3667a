"""The JSON Schema of a scheme document, for editors that complete and check while one types.

Generated from the models, never written by hand; what it cannot say (references, sums, gaps) `load` and `check` find.
"""

from __future__ import annotations

from typing import Any

from meritdesk.scheme.document import Scheme
from meritdesk.scheme.labels import labels

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def scheme_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a scheme; each field is titled with its word in the current
    language."""
    schema = Scheme.model_json_schema()
    for model in (schema, *schema["$defs"].values()):
        for name, field in model.get("properties", {}).items():
            if name in labels():
                field["title"] = labels()[name]
            else:
                field.pop("title", None)
        if "description" in model:
            model["description"] = " ".join(model["description"].split())
    return {"$schema": DIALECT, **schema}
