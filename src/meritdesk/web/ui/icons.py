"""Our own icons: strokes on a 24 × 24 field, written into the page, so that no icon costs a request."""

from __future__ import annotations

from collections.abc import Mapping

STROKES: Mapping[str, str] = {
    "home": "M4 11l8-7 8 7M6 9.5V20h12V9.5M10 20v-6h4v6",
    "user": "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21c.6-4 3.7-6 8-6s7.4 2 8 6",
    "users": "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20c.5-3.7 3-5.5 6.5-5.5s6 1.8 6.5 5.5"
    "M16 4.3a3.5 3.5 0 0 1 0 6.4M18 14.8c2 .8 3.2 2.5 3.5 5.2",
    "list": "M9 6h11M9 12h11M9 18h11M4.5 6h.01M4.5 12h.01M4.5 18h.01",
    "board": "M4 5h4.5v14H4zM10 5h4.5v9H10zM16 5h4v11h-4z",
    "scale": "M12 4v16M7 20h10M5 7l7-2 7 2M5 7l-2.5 6a2.7 2.7 0 0 0 5 0zM19 7l-2.5 6a2.7 2.7 0 0 0 5 0z",
    "chart": "M4 4v16h16M8 16v-4M12.5 16V8M17 16v-6",
    "trend": "M4 4v16h16M7 15l4-4 3 2.5 5-6",
    "file": "M6 3h8l4 4v14H6zM14 3v4h4M9 12h6M9 16h6",
    "files": "M8 3h7l4 4v11H8zM15 3v4h4M5 7v14h11",
    "folder": "M3.5 6h6l2 2.5h9V19h-17z",
    "settings": "M12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM12 3v3M12 18v3M3 12h3M18 12h3M5.6 5.6l2.2 2.2M16.2 16.2l2.2 2.2"
    "M5.6 18.4l2.2-2.2M16.2 7.8l2.2-2.2",
    "check": "M5 12.5l4.5 4.5L19 7.5",
    "checks": "M2.5 12.5L7 17l8-9M11.5 15.5L13 17l8.5-9",
    "x": "M6 6l12 12M18 6L6 18",
    "alert": "M12 4L2.5 20h19zM12 10v4.5M12 17.5h.01",
    "info": "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 11v5.5M12 7.5h.01",
    "clock": "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5.5l3.5 2",
    "calendar": "M4 6h16v14H4zM4 10.5h16M8 3.5V7M16 3.5V7",
    "message": "M4 5h16v11H11l-4.5 4v-4H4z",
    "bell": "M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 1.5h-15zM10 20.5h4",
    "download": "M12 4v11M7 10.5l5 5 5-5M4 20h16",
    "upload": "M12 16V5M7 9.5l5-5 5 5M4 20h16",
    "search": "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.5 15.5L20.5 20.5",
    "plus": "M12 5v14M5 12h14",
    "minus": "M5 12h14",
    "edit": "M4 20h4L19.5 8.5l-4-4L4 16zM13 7l4 4",
    "trash": "M4.5 7h15M9.5 7V4h5v3M6.5 7l1 13h9l1-13M10 11v5.5M14 11v5.5",
    "copy": "M8 8h12v12H8zM16 8V4H4v12h4",
    "print": "M7 8V3.5h10V8M7 17H4V8h16v9h-3M7 14h10v6.5H7z",
    "arrow-right": "M4 12h15M13 6l6 6-6 6",
    "arrow-left": "M20 12H5M11 6l-6 6 6 6",
    "arrow-up": "M12 20V5M6 11l6-6 6 6",
    "arrow-down": "M12 4v15M6 13l6 6 6-6",
    "chevron-right": "M9 5l7 7-7 7",
    "chevron-down": "M5 9l7 7 7-7",
    "sort": "M8 10l4-5 4 5M8 14l4 5 4-5",
    "filter": "M4 5h16l-6 7.5V19l-4-2v-4.5z",
    "eye": "M2.5 12C5 7.5 8.2 5.5 12 5.5s7 2 9.5 6.5c-2.5 4.5-5.7 6.5-9.5 6.5S5 16.5 2.5 12z"
    "M12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6z",
    "lock": "M5.5 11h13v9.5h-13zM8 11V8a4 4 0 0 1 8 0v3",
    "key": "M8 18.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM11.5 11L20 4M16.5 7l3 3",
    "shield": "M12 3l8 3v6c0 4.5-3 7.5-8 9.5-5-2-8-5-8-9.5V6zM8.5 12l2.5 2.5 4.5-5",
    "sign": "M3 17c3-8 5-11 7-11s1 5-1 9c2-3 4-4 5-3s0 3 2 3 3-1 5-2M3 21h18",
    "flag": "M5 21V4h13l-2.5 4.5L18 13H5",
    "target": "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 16.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM12 12h.01",
    "archive": "M3.5 4h17v4.5h-17zM5 8.5V20h14V8.5M10 12.5h4",
    "refresh": "M20 11a8 8 0 0 0-14.5-4L4 9M4 4v5h5M4 13a8 8 0 0 0 14.5 4L20 15M20 20v-5h-5",
    "logout": "M13 4H5v16h8M10 12h11M17 8l4 4-4 4",
    "menu": "M4 6h16M4 12h16M4 18h16",
    "more": "M5 12h.01M12 12h.01M19 12h.01",
    "link": "M10 14a4.5 4.5 0 0 0 6.5 0l3-3A4.6 4.6 0 0 0 13 4.5l-1 1"
    "M14 10a4.5 4.5 0 0 0-6.5 0l-3 3A4.6 4.6 0 0 0 11 19.5l1-1",
    "data": "M12 9c4.4 0 8-1.3 8-3s-3.6-3-8-3-8 1.3-8 3 3.6 3 8 3z"
    "M4 6v12c0 1.7 3.6 3 8 3s8-1.3 8-3V6M4 12c0 1.7 3.6 3 8 3s8-1.3 8-3",
    "building": "M5 21V4h9v17M14 9h5v12M3 21h18M8 8h3M8 12h3M8 16h3",
    "star": "M12 3.5l2.6 5.6 6 .7-4.5 4.1 1.2 6L12 16.9 6.7 19.9l1.2-6L3.4 9.8l6-.7z",
    "play": "M7 4.5l12 7.5-12 7.5z",
    "globe": "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM3 12h18M12 3c3 3 4 6 4 9s-1 6-4 9c-3-3-4-6-4-9s1-6 4-9z",
}


def strokes(name: str) -> str:
    """Return the path of the icon `name`; KeyError where there is no such icon, so that a slip is seen at once."""
    return STROKES[name]
