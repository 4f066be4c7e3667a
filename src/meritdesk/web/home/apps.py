"""The app's name for Django."""

from django.apps import AppConfig


class HomeConfig(AppConfig):
    """What each person has to do next, search, notices, and the frame around every page."""

    name = "meritdesk.web.home"
    label = "home"
