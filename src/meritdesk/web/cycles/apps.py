"""The app's name for Django."""

from django.apps import AppConfig


class CyclesConfig(AppConfig):
    """Appraisal cycles: from opening a period to signed results and the archive."""

    name = "meritdesk.web.cycles"
    label = "cycles"
