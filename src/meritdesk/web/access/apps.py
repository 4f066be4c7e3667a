"""The app's name for Django."""

from django.apps import AppConfig


class AccessConfig(AppConfig):
    """Accounts, rights and audit."""

    name = "meritdesk.web.access"
    label = "access"

    def ready(self) -> None:
        """Leave the time of the last sign-in to the action that also writes the audit entry."""
        from django.contrib.auth.signals import user_logged_in

        user_logged_in.disconnect(dispatch_uid="update_last_login")
