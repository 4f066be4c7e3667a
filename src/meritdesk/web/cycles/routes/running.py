"""Opening, roster, data, targets and board of a cycle."""

from __future__ import annotations

from functools import partial

from django.urls import URLPattern

from meritdesk.web.access.routes import View, route
from meritdesk.web.cycles.views import board, data, opening, roster, targets

RUN = "cycles.run"


def _act(name: str) -> View:
    return partial(opening.act, name=name)


urlpatterns: list[URLPattern] = [
    route("", opening.cycles, name="cycles", GET="cycles.read"),
    route("new/", opening.new, name="cycle-new", GET=RUN, POST=RUN),
    route("<int:pk>/", board.board, name="cycle-board", GET="cycles.read"),
    route("<int:pk>/remind/", board.remind, name="cycle-remind", POST=RUN),
    route("<int:pk>/setup/", opening.setup, name="cycle-setup", GET=RUN),
    route("<int:pk>/open/", _act("open"), name="cycle-open", POST=RUN),
    route("<int:pk>/collect/", _act("collect"), name="cycle-collect", POST=RUN),
    route("<int:pk>/begin-rating/", _act("begin_rating"), name="cycle-begin-rating", POST=RUN),
    route("<int:pk>/deadlines/", opening.deadlines, name="cycle-deadlines", POST=RUN),
    route("<int:pk>/drop/", opening.drop, name="cycle-drop", POST=RUN),
    route("<int:pk>/raters/", opening.raters, name="cycle-raters", GET=RUN, POST=RUN),
    route("<int:pk>/roster/", roster.roster, name="cycle-roster", GET=RUN, POST=RUN),
    route("<int:pk>/data/", data.data, name="cycle-data", GET=RUN),
    route("<int:pk>/data/upload/", data.upload, name="cycle-upload", POST=RUN),
    route("<int:pk>/data/read/", data.read, name="cycle-read", POST=RUN),
    route("<int:pk>/data/quarantined/", data.quarantine, name="cycle-quarantine", GET=RUN),
    route("<int:pk>/data/files/<int:file>/", data.withdraw, name="cycle-file", POST=RUN),
    route("<int:pk>/targets/", targets.targets, name="cycle-targets", GET="targets.propose", POST="targets.propose"),
    route("targets/", targets.mine, name="targets-mine", GET="targets.agree", POST="targets.agree"),
]
