"""The app's name for Django."""

from django.apps import AppConfig


class SchemesConfig(AppConfig):
    """Schemes in the browser: library, designer, check, cases, versions, publication."""

    name = "meritdesk.web.schemes"
    label = "schemes"
