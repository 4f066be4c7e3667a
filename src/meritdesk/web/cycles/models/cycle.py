"""The cycle, who is in it, and the data attached to it."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from meritdesk.web.ui.text import lazy


class Cycle(models.Model):
    """One run over a period for a department, or for one team of it."""

    class State(models.TextChoices):
        """Where a cycle stands; the ways between are in `states.CYCLE`."""

        DRAFT = "draft", lazy("筹备")
        OPEN = "open", lazy("定目标")
        COLLECTING = "collecting", lazy("收集数据")
        RATING = "rating", lazy("评分")
        CALIBRATING = "calibrating", lazy("校准")
        REVIEWING = "reviewing", lazy("复核")
        PUBLISHED = "published", lazy("已发布")
        CLOSED = "closed", lazy("已关闭")
        ARCHIVED = "archived", lazy("已归档")

    title = models.CharField(max_length=120)
    department = models.ForeignKey("people.Department", on_delete=models.PROTECT, related_name="cycles")
    team = models.ForeignKey("people.Team", on_delete=models.PROTECT, null=True, blank=True, related_name="cycles")
    kind = models.CharField(max_length=12)
    """As the scheme's: month, quarter, half_year, year, probation, project."""
    first_day = models.DateField()
    last_day = models.DateField()
    scheme_version = models.ForeignKey("schemes.SchemeVersion", on_delete=models.PROTECT, related_name="cycles")
    state = models.CharField(max_length=12, choices=State.choices, default=State.DRAFT)
    version = models.PositiveIntegerField(default=1)
    self_due = models.DateField(null=True, blank=True)
    rating_due = models.DateField(null=True, blank=True)
    review_due = models.DateField(null=True, blank=True)
    sign_due = models.DateField(null=True, blank=True)
    appeal_until = models.DateTimeField(null=True, blank=True)
    """End (exclusive) of the time in which anybody may still appeal; set at publication, longer after a correction."""
    run = models.ForeignKey("cycles.Run", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    """The newest run: a preview until publication, then the one published."""
    input_hash = models.CharField(max_length=64, blank=True)
    """Of the batches attached, when the data was snapshotted."""
    data_report = models.JSONField(default=dict)
    created_by = models.ForeignKey("access.User", on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    opened_at = models.DateTimeField(null=True)
    published_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(first_day__lte=F("last_day")), name="cycle_days"),
            # Two, because SQLite knows no constraint that takes empty fields for equal.
            models.UniqueConstraint(
                fields=["department", "team", "scheme_version", "first_day", "last_day"], name="cycle_opened_once"
            ),
            models.UniqueConstraint(
                fields=["department", "scheme_version", "first_day", "last_day"],
                condition=Q(team__isnull=True),
                name="cycle_of_a_department_opened_once",
            ),
        )

    def __str__(self) -> str:
        return self.title


class RosterEntry(models.Model):
    """An assignment as it was when the cycle was opened, or as a roster action changed it since."""

    cycle = models.ForeignKey(Cycle, on_delete=models.CASCADE, related_name="roster")
    person = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=80)
    department = models.CharField(max_length=80)
    team_name = models.CharField(max_length=80)
    position = models.CharField(max_length=40)
    superior = models.CharField(max_length=40, blank=True)
    """Staff key."""
    job_grade = models.CharField(max_length=20, blank=True)
    skill_grade = models.CharField(max_length=20, blank=True)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["cycle", "person", "valid_from"], name="roster_entry_begins_once"),
        )


class RaterPlan(models.Model):
    """Who rates in a role of the scheme. `people` only where the kind does not already say who it is."""

    class Kind(models.TextChoices):
        """Where the raters of a role come from."""

        SUPERIOR = "superior", lazy("直接上级")
        UPPER = "upper", lazy("上级的上级")
        SELF = "self", lazy("本人")
        PEERS = "peers", lazy("同组同事")
        PEOPLE = "people", lazy("指定人员")
        GUEST = "guest", lazy("受邀的客户代表")

    cycle = models.ForeignKey(Cycle, on_delete=models.CASCADE, related_name="rater_plans")
    role = models.CharField(max_length=40)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    people = models.ManyToManyField("people.Person", blank=True, related_name="+")
    number = models.PositiveSmallIntegerField(default=3)
    """How many rate each, of peers or of named people, by turns."""

    class Meta:
        constraints = (models.UniqueConstraint(fields=["cycle", "role"], name="rater_plan_once_a_role"),)


class Appraisal(models.Model):
    """One person in one cycle. Team and superior are those of the last day in it."""

    class State(models.TextChoices):
        """Where an appraisal stands; the ways between are in `states.APPRAISAL`."""

        RUNNING = "running", lazy("考核中")
        HELD = "held", lazy("暂不出结果")
        NOT_APPRAISED = "not_appraised", lazy("不参加考核")
        INTERVIEW = "interview", lazy("待面谈")
        SIGN_OFF = "sign_off", lazy("待签字")
        SIGNED = "signed", lazy("已签字")
        UNSIGNED = "unsigned", lazy("未签字")
        APPEALING = "appealing", lazy("申诉中")
        UPHELD = "upheld", lazy("申诉成立")
        REJECTED = "rejected", lazy("申诉驳回")
        WITHDRAWN = "withdrawn", lazy("申诉撤回")

    cycle = models.ForeignKey(Cycle, on_delete=models.CASCADE, related_name="appraisals")
    person = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="appraisals")
    team = models.ForeignKey("people.Team", on_delete=models.PROTECT, related_name="+")
    superior = models.ForeignKey("people.Person", on_delete=models.PROTECT, null=True, related_name="+")
    position = models.CharField(max_length=40)
    scheme_hash = models.CharField(max_length=64)
    """Content hash of the scheme version pinned at opening."""
    state = models.CharField(max_length=14, choices=State.choices, default=State.RUNNING)
    version = models.PositiveIntegerField(default=1)
    result = models.ForeignKey("cycles.Result", on_delete=models.PROTECT, null=True, related_name="+")
    """The result that stands: as published, or as corrected."""
    appeal_until = models.DateTimeField(null=True, blank=True)
    """End (exclusive) of this person's time to appeal: the cycle's, or a later one after a correction."""

    class Meta:
        constraints = (models.UniqueConstraint(fields=["cycle", "person"], name="one_appraisal_a_cycle"),)
        indexes = (models.Index(fields=["cycle", "team"], name="appraisal_of_team"),)

    def __str__(self) -> str:
        return f"{self.person} · {self.cycle}"


class DataFile(models.Model):
    """A file attached to a cycle: where its rows went, and under which mapping it was read."""

    cycle = models.ForeignKey(Cycle, on_delete=models.CASCADE, related_name="files")
    name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    batch = models.CharField(max_length=20, blank=True)
    """Id of the engine's batch."""
    mapping_name = models.CharField(max_length=80, blank=True)
    mapping_text = models.TextField(blank=True)
    rows = models.PositiveIntegerField(default=0)
    accepted = models.PositiveIntegerField(default=0)
    quarantined = models.PositiveIntegerField(default=0)
    withdrawn = models.BooleanField(default=False)
    attached_by = models.ForeignKey("access.User", on_delete=models.PROTECT, related_name="+")
    attached_at = models.DateTimeField(auto_now_add=True)


class PanelReview(models.Model):
    """What the panel decided on a run: approved, or sent back to rating with a reason."""

    class Outcome(models.TextChoices):
        """How a panel review ends."""

        APPROVED = "approved", lazy("通过")
        SENT_BACK = "sent_back", lazy("退回评分")

    cycle = models.ForeignKey(Cycle, on_delete=models.CASCADE, related_name="reviews")
    run = models.ForeignKey("cycles.Run", on_delete=models.PROTECT, related_name="reviews")
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    reason = models.TextField(blank=True)
    decided_by = models.ForeignKey("access.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)


class Notice(models.Model):
    """A message to one account: something to do, or something that happened."""

    user = models.ForeignKey("access.User", on_delete=models.CASCADE, related_name="notices")
    cycle = models.ForeignKey(Cycle, on_delete=models.CASCADE, null=True, blank=True, related_name="notices")
    text = models.CharField(max_length=300)
    url = models.CharField(max_length=200, blank=True)
    due = models.DateTimeField(null=True, blank=True)
    at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = (models.Index(fields=["user", "read_at"], name="notices_unread"),)
