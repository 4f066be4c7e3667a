"""Departments, teams, positions, people and their assignments over time. Fields and constraints only."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class Department(models.Model):
    """A department; cycles are run for one."""

    name = models.CharField(max_length=80, unique=True)

    def __str__(self) -> str:
        return self.name


class Team(models.Model):
    """A team (班组) of a department."""

    department = models.ForeignKey(Department, on_delete=models.PROTECT, related_name="teams")
    name = models.CharField(max_length=80)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["department", "name"], name="team_named_once"),)

    def __str__(self) -> str:
        return self.name


class Position(models.Model):
    """A post; schemes name it by its id or title."""

    code = models.SlugField(max_length=40, unique=True)
    title = models.CharField(max_length=80)
    title_en = models.CharField(max_length=80, blank=True)

    def __str__(self) -> str:
        return self.title


class Person(models.Model):
    """Somebody on the roster, by staff key; never deleted."""

    key = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    email = models.EmailField(blank=True)
    version = models.PositiveIntegerField(default=1)

    def __str__(self) -> str:
        return self.name


class Assignment(models.Model):
    """A person on a post in a team on the days [valid_from, valid_to); an empty end means: still on it."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="assignments")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="assignments")
    position = models.ForeignKey(Position, on_delete=models.PROTECT, related_name="assignments")
    superior = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="reports")
    job_grade = models.CharField(max_length=20, blank=True)
    skill_grade = models.CharField(max_length=20, blank=True)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_from__lt=F("valid_to")), name="assignment_days"
            ),
            models.CheckConstraint(
                condition=Q(superior__isnull=True) | ~Q(superior=F("person")), name="nobody_ones_own_superior"
            ),
            models.UniqueConstraint(fields=["person", "valid_from"], name="assignment_begins_once"),
        )
        indexes = (models.Index(fields=["team", "valid_from"], name="assignment_of_team"),)


class CalendarDay(models.Model):
    """A day of the working calendar that differs from the published one: an own holiday or shifted workday."""

    day = models.DateField(unique=True)
    working = models.BooleanField()
    note = models.CharField(max_length=80, blank=True)


class CoveredYear(models.Model):
    """A year whose exceptions are all entered under `CalendarDay`, because no published calendar covers it yet."""

    year = models.PositiveSmallIntegerField(unique=True)
