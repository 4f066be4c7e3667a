"""The app's name for Django."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """Departments, teams, posts, people and their assignments over time."""

    name = "meritdesk.web.people"
    label = "people"
