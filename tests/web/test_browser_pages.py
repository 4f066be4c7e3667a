"""The main pages of every role in a browser, at a desk and on a phone: accessibility, requests, policy, width.

The short form opens the main pages, the long form (`-m long`) every page of every role. axe may find nothing serious or
critical; what is moderate or minor is printed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Response

from tests.web import page_server
from tests.web.page_server import Page, Served

AXE = Path(__file__).parent / "vendor/axe.min.js"
REQUESTS_AT_MOST = 15
WIDTHS = {"desk": (1440, 900), "phone": (390, 844)}
GRAVE = ("serious", "critical")
SCROLLS = "document.documentElement.scrollWidth > window.innerWidth + 1"
AXE_RUN = "axe.run(document, {resultTypes: ['violations']})"


@dataclass
class Opened:
    """What happened while a page was open."""

    requests: list[str] = field(default_factory=list)
    spoken: list[str] = field(default_factory=list)
    bytes: int = 0
    violations: list[tuple[str, str, str]] = field(default_factory=list)
    """Impact, rule, and the first element of each kind of fault."""
    scrolls: bool = False


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve a company of ten with the main pages."""
    with page_server.serve(tmp_path_factory.mktemp("served"), 10) as running:
        yield running


def context_of(browser: Browser, served: Served, actor: str, width: str) -> BrowserContext:
    """Return a browser window in which a role is signed in."""
    wide, high = WIDTHS[width]
    opened = browser.new_context(viewport={"width": wide, "height": high})
    if actor:
        opened.add_cookies([{"name": "sessionid", "value": served.sessions[actor], "url": served.address}])
    return opened


def open_page(window: BrowserContext, url: str, spoil: str = "") -> Opened:
    """Open a page and measure it; `spoil` is run in it first, for negative controls."""
    found = Opened()

    def note(response: Response) -> None:
        found.requests.append(response.url)
        found.bytes += int(response.headers.get("content-length", "0"))

    page = window.new_page()
    page.on("response", note)
    page.on("console", lambda message: found.spoken.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: found.spoken.append(str(error)))
    page.goto(url, wait_until="load")
    if spoil:
        page.evaluate(spoil)
    page.wait_for_timeout(100)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    for fault in page.evaluate(AXE_RUN)["violations"]:
        found.violations.append((fault["impact"], fault["id"], fault["nodes"][0]["html"][:160]))
    found.scrolls = bool(page.evaluate(SCROLLS))
    page.close()
    return found


def faults_of(found: Opened, address: str) -> list[str]:
    """Return what is wrong with an opened page."""
    faults = [f"axe {impact}: {rule} at {html}" for impact, rule, html in found.violations if impact in GRAVE]
    own = [url for url in found.requests if not url.startswith("data:")]
    if len(own) > REQUESTS_AT_MOST:
        faults.append(f"{len(own)} requests")
    host = urlsplit(address).netloc
    faults += [f"asks {url}" for url in own if urlsplit(url).netloc != host]
    faults += [f"console: {text}" for text in found.spoken]
    return faults + (["scrolls sideways"] if found.scrolls else [])


def look(browser: Browser, served: Served, pages: list[Page], width: str) -> list[str]:
    """Open pages and return what is wrong; prints requests, bytes and lesser faults of each."""
    windows: dict[str, BrowserContext] = {}
    faults = []
    for page in pages:
        if page.actor not in windows:
            windows[page.actor] = context_of(browser, served, page.actor, width)
        found = open_page(windows[page.actor], served.address + page.url)
        lesser = sorted({rule for impact, rule, _html in found.violations if impact not in GRAVE})
        figures = f"{len(found.requests):3} requests {found.bytes / 1000:7.1f} kB"
        sys.stdout.write(f"{page!s:50} {figures} {' '.join(lesser)}\n")
        faults += [f"{page} ({width}): {fault}" for fault in faults_of(found, served.address)]
    for window in windows.values():
        window.close()
    return faults


@pytest.mark.parametrize("half", [0, 1])
@pytest.mark.parametrize("width", WIDTHS)
def test_main_pages(
    browser: Browser, served: Served, width: str, half: int, record_property: Callable[[str, object], None]
) -> None:
    pages = served.pages[half::2]
    record_property("pages", len(pages))
    faults = look(browser, served, pages, width)
    assert not faults, f"{len(faults)} faults:\n" + "\n".join(faults)


def test_every_main_page_is_there(served: Served) -> None:
    assert served.missing == []


@pytest.mark.long
@pytest.mark.parametrize("width", WIDTHS)
def test_all_pages(browser: Browser, tmp_path: Path, width: str) -> None:
    with page_server.serve(tmp_path, 10, "all") as running:
        html = [
            page
            for page in running.pages
            if not page.url.split("?")[0].endswith((".pdf", "/export/", "/download/", "/health"))
        ]
        faults = look(browser, running, html, width)
    assert not faults, f"{len(faults)} faults:\n" + "\n".join(faults)


# ---- negative controls -----------------------------------------------------------------------------------------------

SPOILT = {
    "document.querySelector('h1').innerHTML += '<img src=\"/static/ui/icon.svg\">'": "axe critical: image-alt",
    "document.body.insertAdjacentHTML('beforeend', '<i style=\"color: red\">a</i>')": "console:",
    "document.body.append(Object.assign(document.createElement('script'), {text: '1'}))": "console:",
    "document.body.append(Object.assign(new Image(), {src: 'http://elsewhere.example/a.png', alt: ''}))": "console:",
    "document.querySelector('h1').textContent = 'x'.repeat(900)": "scrolls sideways",
    "[...Array(16).keys()].forEach(n => fetch('/health?' + n))": "requests",
}


@pytest.mark.parametrize("spoil", SPOILT)
def test_each_fault_is_found(browser: Browser, served: Served, spoil: str) -> None:
    window = context_of(browser, served, "", "phone")
    address = f"{served.address}/sign-in/"
    assert faults_of(open_page(window, address), served.address) == []
    faults = faults_of(open_page(window, address, spoil), served.address)
    window.close()
    assert faults
    assert any(SPOILT[spoil] in fault for fault in faults), faults
