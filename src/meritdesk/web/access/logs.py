"""Logs as one JSON object a line, without personal data: addresses by the name of their route, accounts by number.

What an exception says may quote what somebody typed; so a line names the kind of exception and where it came from, not
its text.
"""

from __future__ import annotations

import json
import logging
import time
import traceback
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse

log = logging.getLogger("meritdesk.request")

_FIELDS = ("request_id", "method", "route", "status", "milliseconds", "user", "event", "job", "kind")


class JsonFormatter(logging.Formatter):
    """Writes a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            # The pattern of the text, not the values filled in; only our own lines are known to carry none.
            "message": record.getMessage() if record.name.startswith("meritdesk") else str(record.msg),
        }
        for name in _FIELDS:
            if (value := getattr(record, name, None)) is not None:
                line[name] = value
        if record.exc_info and record.exc_info[0] is not None:
            line["exception"] = record.exc_info[0].__name__
            line["frames"] = [
                f"{frame.filename}:{frame.lineno} {frame.name}"
                for frame in traceback.extract_tb(record.exc_info[2])[-12:]
            ]
        return json.dumps(line, ensure_ascii=False)


class RequestLogMiddleware:
    """Writes a line for each request: route, status, duration, number of the account."""

    def __init__(self, following: Callable[[HttpRequest], HttpResponse]) -> None:
        self.following = following

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        request.log_id = uuid.uuid4().hex[:12]  # type: ignore[attr-defined]
        response = self.following(request)
        match = request.resolver_match
        user = getattr(request, "user", None)
        log.info(
            "request",
            extra={
                "request_id": request.log_id,  # type: ignore[attr-defined]
                "method": request.method if request.method in ("GET", "HEAD", "POST") else "other",
                "route": match.view_name if match else "",
                "status": response.status_code,
                "milliseconds": round((time.perf_counter() - started) * 1000),
                "user": user.pk if user is not None and user.is_authenticated else None,
            },
        )
        response.headers["X-Request-Id"] = request.log_id  # type: ignore[attr-defined]
        return response
