"""The WSGI door, for `meritdesk serve` and for any WSGI server."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "meritdesk.web.settings")
application = get_wsgi_application()
