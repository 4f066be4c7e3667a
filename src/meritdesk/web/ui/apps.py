"""The app's name for Django."""

from django.apps import AppConfig


class UiConfig(AppConfig):
    """Frame, components and static files of the pages."""

    name = "meritdesk.web.ui"
    label = "ui"

    def ready(self) -> None:
        """Register the check that the fetched files are there."""
        from meritdesk.web.ui import assets  # noqa: F401  registers itself
