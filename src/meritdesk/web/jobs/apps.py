"""The app's name for Django."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """Work in the background, with progress, that survives a restart."""

    name = "meritdesk.web.jobs"
    label = "jobs"
