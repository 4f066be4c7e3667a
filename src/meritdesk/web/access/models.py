"""Accounts, the roles granted to them, who stands in for whom, and the audit chain. Fields and constraints only."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from meritdesk.web.access.rights import Role


class UserManager(BaseUserManager["User"]):
    """Looks accounts up by their sign-in name."""

    def get_by_natural_key(self, username: str | None) -> User:
        """Return the account with this sign-in name, capitals disregarded."""
        return self.get(username__iexact=username)


class User(AbstractBaseUser):
    """Somebody who signs in. `person` is who they are on the roster; an auditor from outside has none."""

    username = models.CharField(max_length=80, unique=True)
    name = models.CharField(max_length=80)
    email = models.EmailField(blank=True)
    person = models.OneToOneField("people.Person", on_delete=models.PROTECT, null=True, blank=True, related_name="user")
    is_active = models.BooleanField(default=True)
    must_change_password = models.BooleanField(default=False)
    language = models.CharField(max_length=10, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects: ClassVar[UserManager] = UserManager()

    def __str__(self) -> str:
        return self.name or self.username


class RoleGrant(models.Model):
    """A role given to an account: for one team, for one department, or (both empty) for all."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="grants")
    role = models.CharField(max_length=20, choices=Role.choices)
    department = models.ForeignKey("people.Department", on_delete=models.CASCADE, null=True, blank=True)
    team = models.ForeignKey("people.Team", on_delete=models.CASCADE, null=True, blank=True)

    class Meta:
        constraints = (
            # Three, because SQLite knows no unique constraint in which empty values are equal.
            models.UniqueConstraint(
                fields=["user", "role"],
                condition=models.Q(department__isnull=True, team__isnull=True),
                name="role_granted_once",
            ),
            models.UniqueConstraint(
                fields=["user", "role", "department"],
                condition=models.Q(department__isnull=False),
                name="role_granted_once_for_a_department",
            ),
            models.UniqueConstraint(
                fields=["user", "role", "team"],
                condition=models.Q(team__isnull=False),
                name="role_granted_once_for_a_team",
            ),
            models.CheckConstraint(
                condition=models.Q(department__isnull=True) | models.Q(team__isnull=True), name="one_scope_of_a_grant"
            ),
        )


class Delegation(models.Model):
    """`delegate` does what falls to `absent` on the days [first_day, last_day], in addition to their own work."""

    absent = models.ForeignKey(User, on_delete=models.CASCADE, related_name="delegations")
    delegate = models.ForeignKey(User, on_delete=models.CASCADE, related_name="stands_in_for")
    first_day = models.DateField()
    last_day = models.DateField()
    reason = models.CharField(max_length=200, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=models.Q(first_day__lte=models.F("last_day")), name="delegation_days"),
            models.CheckConstraint(condition=~models.Q(absent=models.F("delegate")), name="delegation_to_another"),
        )


class AuditEntry(models.Model):
    """One act: who did what to what, old and new values, chained to the entry before it."""

    sequence = models.PositiveBigIntegerField(primary_key=True)
    at = models.DateTimeField()
    actor = models.CharField(max_length=80)
    """Sign-in name of who acted; empty for the system itself."""
    actor_name = models.CharField(max_length=80)
    absent = models.CharField(max_length=80, blank=True)
    """Sign-in name of whom the actor stood in for, where the act rested on that; empty otherwise."""
    absent_name = models.CharField(max_length=80, blank=True)
    action = models.CharField(max_length=60)
    target_type = models.CharField(max_length=40)
    target_id = models.CharField(max_length=40)
    target_name = models.CharField(max_length=200, blank=True)
    person = models.CharField(max_length=40, blank=True, db_index=True)
    """Staff key of whom it is about; empty where it is about nobody."""
    old = models.TextField(blank=True)
    new = models.TextField(blank=True)
    """Canonical JSON."""
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64, unique=True)

    class Meta:
        indexes = (models.Index(fields=["target_type", "target_id"], name="audit_target"),)


class AuditHead(models.Model):
    """The end of the chain: locked by every act, so that acts follow one another, and proof that none was cut off."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    sequence = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64)
    seal = models.CharField(max_length=64, default="")
    """Keyed hash of both, so that nobody without the key can set the end back."""


class OnceKey(models.Model):
    """A form that was sent: the same form sent again has no second effect."""

    key = models.CharField(max_length=64, primary_key=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True)
    action = models.CharField(max_length=60)
    at = models.DateTimeField(auto_now_add=True)


class SignInFailure(models.Model):
    """A sign-in that failed, for the waiting time: by account and by address, both as keyed hashes."""

    key = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=["key", "at"], name="failures_of_a_key"),)
