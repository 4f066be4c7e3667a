"""All reading about schemes: doors to versions, the library, the check, worked cases, trials.

For other apps: `access_version`, `published_versions`, `loaded`.
"""

from meritdesk.web.schemes.queries.documents import loaded, metrics
from meritdesk.web.schemes.queries.versions import access_scheme, access_version, published_versions

__all__ = ["access_scheme", "access_version", "loaded", "metrics", "published_versions"]
