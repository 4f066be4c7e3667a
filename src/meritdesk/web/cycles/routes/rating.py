"""Self-appraisal, rating forms, evidence, notes and invitations."""

from __future__ import annotations

from django.urls import URLPattern

from meritdesk.web.access.rights import PUBLIC, SIGNED_IN
from meritdesk.web.access.routes import route
from meritdesk.web.cycles.views import evidence, invitations, notes, rating, self_appraisal

RATE, OWN, NOTE, RUN = "ratings.write", "self.write", "notes.write", "cycles.run"

urlpatterns: list[URLPattern] = [
    route("ratings/", rating.ratings, name="ratings", GET=RATE),
    route("ratings/<int:pk>/", rating.rating_form, name="rating-form", GET=RATE),
    route("ratings/<int:pk>/items/<str:indicator>/", rating.rating_item, name="rating-item", POST=RATE),
    route("ratings/<int:pk>/submit/", rating.rating_submit, name="rating-submit", POST=RATE),
    route("ratings/<int:pk>/withdraw/", rating.rating_withdraw, name="rating-withdraw", POST=RATE),
    route("ratings/<int:pk>/evidence/", evidence.rating_drawer, name="rating-drawer", GET=RATE),
    route("ratings/<int:pk>/records/<str:metric>/", evidence.rating_records, name="rating-records", GET=RATE),
    route("ratings/<int:pk>/files/", evidence.rating_attach, name="rating-attach", POST=RATE),
    route("<int:pk>/indicators/<str:indicator>/", rating.rating_team, name="rating-team", GET=RATE),
    route("<int:pk>/self-appraisals/", self_appraisal.self_appraisals, name="self-appraisals", GET=RUN),
    route("appraisals/<int:pk>/self/", self_appraisal.self_appraisal, name="self-appraisal", GET=OWN, POST=OWN),
    route("appraisals/<int:pk>/self/submit/", self_appraisal.self_submit, name="self-submit", POST=OWN),
    route("appraisals/<int:pk>/self/files/", self_appraisal.self_attach, name="self-attach", POST=OWN),
    route("appraisals/<int:pk>/self/reopen/", self_appraisal.self_reopen, name="self-reopen", POST=RUN),
    route("notes/", notes.notes, name="notes", GET=NOTE, POST=NOTE),
    route("notes/people/", notes.note_people, name="note-people", GET=NOTE),
    route("notes/<int:pk>/withdraw/", notes.note_withdraw, name="note-withdraw", POST=NOTE),
    route("files/<int:pk>/", evidence.attachment, name="attachment", GET=SIGNED_IN),
    route("<int:pk>/invitations/", invitations.invitations, name="invitations", GET=RUN, POST=RUN),
    route("invitations/<int:pk>/revoke/", invitations.invitation_revoke, name="invitation-revoke", POST=RUN),
    route("guest/<str:token>/", invitations.guest_rating, name="guest-rating", GET=PUBLIC, POST=PUBLIC),
    route("guest/<str:token>/<int:pk>/<str:indicator>/", invitations.guest_item, name="guest-item", POST=PUBLIC),
]
