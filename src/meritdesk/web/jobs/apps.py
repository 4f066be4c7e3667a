"""The app's name for Django."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class JobsConfig(AppConfig):
    """Work in the background, with progress, that survives a restart."""

    name = "meritdesk.web.jobs"
    label = "jobs"

    def ready(self) -> None:
        """Let every app register its work: its module `background`, if it has one."""
        autodiscover_modules("background")
        from meritdesk.web.access import health
        from meritdesk.web.jobs.queue import workers_lack

        health.register("worker", workers_lack)
