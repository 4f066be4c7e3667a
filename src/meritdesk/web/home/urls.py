"""The addresses of the app, each with the rights it demands."""

from __future__ import annotations

from meritdesk.web.access.rights import PUBLIC, SIGNED_IN
from meritdesk.web.access.routes import route
from meritdesk.web.home.views import frame, own, search, work

urlpatterns = [
    route("", work.home, name="home", GET=SIGNED_IN),
    route("language/", frame.choose_language, name="language", POST=PUBLIC, personal=False),
    route("search/", search.search, name="search", GET=SIGNED_IN),
    route("notices/", frame.notices, name="notices", GET=SIGNED_IN),
    route("notices/read/", frame.read_notices, name="notices-read", POST=SIGNED_IN),
    route("me/", own.me, name="me", GET=SIGNED_IN),
    route("me/data/", own.my_data, name="my-data", GET=SIGNED_IN),
    route("me/data/copy/", own.copy, name="my-data-copy", POST=SIGNED_IN),
]
