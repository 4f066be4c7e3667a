"""The addresses of the app, each with the rights it demands."""

from __future__ import annotations

from django.urls import URLPattern

from meritdesk.web.access.routes import route
from meritdesk.web.people.views import calendar, imports, organisation, persons

READ, WRITE = "people.read", "people.write"

urlpatterns: list[URLPattern] = [
    route("", organisation.people, name="people", GET=READ),
    route("export/", organisation.export, name="people-export", GET=READ),
    route("teams/<int:pk>/", organisation.team, name="people-team", GET=READ),
    # setting up
    route("organisation/", organisation.organisation, name="organisation", GET=WRITE),
    route("departments/new/", organisation.department_create, name="department-new", POST=WRITE),
    route("departments/<int:pk>/", organisation.department_rename, name="department-rename", POST=WRITE),
    route("departments/<int:pk>/teams/", organisation.team_create, name="team-edit-new", POST=WRITE),
    route("teams/<int:pk>/name/", organisation.team_rename, name="team-edit", POST=WRITE),
    route("positions/new/", organisation.position_create, name="position-new", POST=WRITE),
    route("positions/<int:pk>/", organisation.position_rename, name="position-rename", POST=WRITE),
    # import
    route("import/", imports.hand_in, name="people-import", GET=WRITE, POST=WRITE),
    route("import/template/", imports.template, name="people-import-template", GET=WRITE, personal=False),
    route("import/<str:token>/", imports.preview, name="people-import-preview", GET=WRITE, POST=WRITE),
    route("import/<str:token>/confirm/", imports.confirm, name="people-import-confirm", POST=WRITE),
    route("import/<str:token>/errors/", imports.errors, name="people-import-errors", GET=WRITE),
    # calendar
    route("calendar/", calendar.calendar, name="calendar", GET=READ, POST=WRITE),
    route("calendar/days/<int:pk>/clear/", calendar.clear, name="calendar-clear", POST=WRITE),
    route("calendar/years/<int:year>/", calendar.cover, name="calendar-cover", POST=WRITE),
    # one person
    route("new/", persons.new, name="person-new", GET=WRITE, POST=WRITE),
    route("<int:pk>/", persons.person, name="person", GET=READ),
    route("<int:pk>/edit/", persons.edit, name="person-edit", GET=WRITE, POST=WRITE),
    route("<int:pk>/transfer/", persons.transfer, name="person-transfer", GET=WRITE, POST=WRITE),
    route("<int:pk>/superior/", persons.superior, name="person-superior", GET=WRITE, POST=WRITE),
    route("<int:pk>/end/", persons.end, name="person-end", GET=WRITE, POST=WRITE),
    route("<int:pk>/stay/", persons.stay, name="person-stay", POST=WRITE),
    route("assignments/<int:pk>/", persons.assignment_change, name="assignment", GET=WRITE, POST=WRITE),
    route("assignments/<int:pk>/withdraw/", persons.assignment_withdraw, name="assignment-withdraw", POST=WRITE),
]
