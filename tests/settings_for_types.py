"""The settings as the type checker reads them: with a home that is not the project folder."""

# isort: off
from tests import surroundings as surroundings
from meritdesk.web.settings import *  # noqa: F403  the checker wants all of them
