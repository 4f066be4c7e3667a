"""The surroundings of every test run, set before the settings are read: nothing is written into the project folder.

Loaded by pytest ahead of everything else (`-p` in pyproject.toml). MERITDESK_DATABASE is left as it is: with it, the
tests run on PostgreSQL.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

HOME = tempfile.mkdtemp(prefix="meritdesk-tests-")
atexit.register(shutil.rmtree, HOME, ignore_errors=True)

for name in ("DEMO", "HTTPS", "PROXIES", "HOSTS", "IDLE_MINUTES", "TEST_FILE"):
    os.environ.pop(f"MERITDESK_{name}", None)
os.environ["MERITDESK_HOME"] = HOME
os.environ["MERITDESK_SECRET_KEY"] = "a key for tests, of no worth anywhere else, long enough to be taken for a key"
# Demanded of nobody but in the tests about it.
os.environ["MERITDESK_MFA"] = "optional"
