"""Calibration, review, publication, interview, sign-off, appeal, correction, closing."""

from __future__ import annotations

from django.urls import URLPattern

from meritdesk.web.access.routes import route
from meritdesk.web.cycles.views import anomalies, appeals, calibration, closing, corrections, interviews, review

RUN, READ, DECIDE = "cycles.run", "ratings.read", "calibration.decide"
PUBLISH, CLOSE, APPROVE = "results.publish", "cycles.close", "corrections.approve"

urlpatterns: list[URLPattern] = [
    route("<int:pk>/calibrate/", calibration.calibrate, name="calibrate", GET=RUN, POST=RUN),
    route("<int:pk>/recompute/", calibration.recompute, name="recompute", POST=RUN),
    route("<int:pk>/calibration/", calibration.calibration, name="calibration", GET=READ),
    route("<int:pk>/calibration/submit/", calibration.submit_review, name="submit-review", POST=RUN),
    route("<int:pk>/calibration/back/", calibration.back_to_rating, name="back-to-rating", POST=DECIDE),
    route("calibration/<int:pk>/", calibration.calibration_case, name="calibration-case", GET=READ, POST=DECIDE),
    route("<int:pk>/anomalies/", anomalies.anomalies, name="anomalies", GET=READ, POST=RUN),
    route("anomalies/<int:pk>/withdraw/", anomalies.anomaly_withdraw, name="anomaly-withdraw", POST=RUN),
    route("<int:pk>/review/", review.review, name="review", GET=READ, POST="review.decide"),
    route("<int:pk>/publish/", review.publish, name="publish", GET=PUBLISH),
    route("<int:pk>/publish/now/", review.publish_now, name="publish-now", POST=PUBLISH),
    route("appraisals/<int:pk>/interview/", interviews.interview, name="interview", GET="results.read",
          POST="interviews.hold"),
    route("appraisals/<int:pk>/interview/confirm/", interviews.interview_confirm, name="interview-confirm",
          POST="interviews.confirm"),
    route("appraisals/<int:pk>/sign/", interviews.sign, name="sign", GET="results.sign", POST="results.sign"),
    route("appraisals/<int:pk>/witness/", interviews.witness, name="witness", GET="results.witness",
          POST="results.witness"),
    route("appraisals/<int:pk>/appeal/", appeals.appeal_new, name="appeal-new", GET="appeals.file",
          POST="appeals.file"),
    route("appeals/", appeals.appeals, name="appeals", GET="appeals.read"),
    route("appeals/<int:pk>/", appeals.appeal, name="appeal", GET="appeals.read", POST="appeals.decide"),
    route("appeals/<int:pk>/withdraw/", appeals.appeal_withdraw, name="appeal-withdraw", POST="appeals.file"),
    route("appeals/<int:pk>/remind/", appeals.appeal_remind, name="appeal-remind", POST=RUN),
    route("appraisals/<int:pk>/correct/", corrections.correction_new, name="correction-new", GET=PUBLISH, POST=PUBLISH),
    route("corrections/<int:pk>/", corrections.correction, name="correction", GET=APPROVE, POST=APPROVE),
    route("<int:pk>/close/", closing.close, name="close", GET=CLOSE, POST=CLOSE),
    route("<int:pk>/archive/", closing.archive, name="archive", GET=CLOSE, POST=CLOSE),
    route("<int:pk>/archive/download/", closing.archive_download, name="archive-download", GET="archives.read"),
]  # fmt: skip
