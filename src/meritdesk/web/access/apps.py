"""The app's name for Django."""

from django.apps import AppConfig


class AccessConfig(AppConfig):
    """Accounts, rights and audit."""

    name = "meritdesk.web.access"
    label = "access"
