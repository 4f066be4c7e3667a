"""The addresses of the app, each with the rights it demands. What is published is open to everybody signed in (R2f)."""

from __future__ import annotations

from django.urls import URLPattern

from meritdesk.web.access.rights import SIGNED_IN
from meritdesk.web.access.routes import route
from meritdesk.web.schemes.views import cases, design, library, publication, reading

READ, WRITE, PUBLISH = "schemes.read", "schemes.write", "schemes.publish"
ONE = "versions/<int:pk>/"

urlpatterns: list[URLPattern] = [
    route("", library.library, name="schemes", GET=SIGNED_IN),
    route("templates/<str:name>/", library.template_page, name="scheme-template", GET=READ),
    route("templates/<str:name>/use/", library.use_template, name="scheme-use", GET=WRITE, POST=WRITE),
    route("<int:pk>/begin/", publication.begin, name="scheme-begin", POST=WRITE),
    route(ONE, reading.version_page, name="scheme-version", GET=SIGNED_IN),
    route(ONE + "design/<slug:section>/", design.design, name="scheme-design", GET=READ, POST=WRITE),
    route(ONE + "tree/", design.tree, name="scheme-tree", POST=WRITE),
    route(ONE + "try/", design.try_it, name="scheme-try", GET=READ),
    route(ONE + "text/", reading.text_page, name="scheme-text", GET=READ, POST=WRITE),
    route(ONE + "check/", reading.check_page, name="scheme-check", GET=READ),
    route(ONE + "cases/", cases.cases_page, name="scheme-cases", GET=READ, POST=WRITE),
    route(ONE + "compare/", reading.compare_page, name="scheme-compare", GET=SIGNED_IN),
    route(ONE + "publication/", publication.publication_page, name="scheme-publication", GET=READ),
    route(ONE + "submit/", publication.submit, name="scheme-submit", POST=WRITE),
    route(ONE + "take-back/", publication.take_back, name="scheme-take-back", POST=WRITE),
    route(ONE + "send-back/", publication.send_back, name="scheme-send-back", POST=PUBLISH),
    route(ONE + "publish/", publication.publish, name="scheme-publish", POST=PUBLISH),
    route(ONE + "retire/", publication.retire, name="scheme-retire", POST=PUBLISH),
    route(ONE + "discard/", publication.discard, name="scheme-discard", POST=WRITE),
]
