"""All writing about schemes: drafts (create, edit, begin, discard) and their publication."""

from meritdesk.web.schemes.actions.drafts import (
    do_adopt_computed,
    do_begin_version,
    do_create_scheme,
    do_discard_draft,
    do_edit_cases,
    do_edit_draft,
)
from meritdesk.web.schemes.actions.publication import do_publish, do_retire, do_send_back, do_submit, do_take_back

__all__ = [
    "do_adopt_computed",
    "do_begin_version",
    "do_create_scheme",
    "do_discard_draft",
    "do_edit_cases",
    "do_edit_draft",
    "do_publish",
    "do_retire",
    "do_send_back",
    "do_submit",
    "do_take_back",
]
