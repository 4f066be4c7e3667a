"""The people of a journey at their browsers: `office.visit("H01")` is a page in front of somebody.

What goes wrong on any page is collected in `Office.faults`: errors of scripts, of the security policy, broken answers.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Response, expect

from meritdesk.web.access.models import User
from meritdesk.web.jobs.models import Job
from meritdesk.web.jobs.queue import carry_out
from tests.web.company import PASSWORD

SHANGHAI = ZoneInfo("Asia/Shanghai")
DESK, PHONE = 1440, 390
HEIGHTS = {DESK: 900, PHONE: 844}

PATIENCE_MILLISECONDS = 20_000
"""How long a page may take on a machine that does much else at the same time."""
expect.set_options(timeout=PATIENCE_MILLISECONDS)


class Clock:
    """What the time is, for the application: `clock.set("2025-09-26 15:00")`; it goes on from there."""

    def __init__(self) -> None:
        self.set("2025-09-01 09:00")

    def set(self, text: str) -> None:
        """Make it this time in Shanghai."""
        self.at = datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=SHANGHAI).astimezone(UTC)
        self.since = time.monotonic()

    def __call__(self) -> datetime:
        """Return now."""
        return self.at + timedelta(seconds=time.monotonic() - self.since)


@dataclass
class Office:
    """The application as served for a journey, and everybody who uses it."""

    browser: Browser
    address: str
    clock: Clock
    shots: Path
    faults: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)
    taken: int = 0

    def visit(self, username: str = "", width: int = DESK) -> Visitor:
        """Return somebody at a browser, already signed in; without a name, nobody."""
        context = self.browser.new_context(
            viewport={"width": width, "height": HEIGHTS[width]}, locale="zh-CN", timezone_id="Asia/Shanghai",
            is_mobile=width == PHONE, has_touch=width == PHONE, base_url=self.address,
        )  # fmt: skip
        self.contexts.append(context)
        if username:
            client = Client()
            client.force_login(User.objects.get(username=username))
            name = settings.SESSION_COOKIE_NAME
            context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": self.address}])
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MILLISECONDS)
        visitor = Visitor(self, page, username, width)
        page.on("console", visitor.hear)
        page.on("pageerror", lambda error: self.faults.append(f"{username} {page.url}: {error}"))
        page.on("response", visitor.see)
        return visitor

    def sign_in(self, username: str, width: int = DESK) -> Visitor:
        """Return somebody who came in through the sign-in page."""
        visitor = self.visit(width=width)
        visitor.go("account_login")
        visitor.page.locator("[name=login]").fill(username)
        visitor.page.locator("[name=password]").fill(PASSWORD)
        if not self.taken:
            visitor.shot("sign-in")
        visitor.press("登录")
        visitor.username = username
        expect(visitor.page).to_have_url(f"{self.address}/")
        return visitor

    def work_off(self) -> None:
        """Carry out the jobs that wait, as a worker would, in a thread of its own."""
        problems: list[BaseException] = []

        def work() -> None:
            try:
                for pk in list(Job.objects.filter(state=Job.State.WAITING).order_by("pk").values_list("pk", flat=True)):
                    carry_out(pk)
            except BaseException as error:  # told to the test, whose thread is another
                problems.append(error)
            finally:
                connection.close()

        worker = threading.Thread(target=work)
        worker.start()
        worker.join()
        assert not problems, problems

    def close(self) -> None:
        """Send everybody home."""
        for context in self.contexts:
            with suppress(Exception):
                context.close()


@dataclass
class Visitor:
    """Somebody in front of a page."""

    office: Office
    page: Page
    username: str
    width: int
    refused: bool = False
    """Whether the next answer may be a refusal (404, 409, 422)."""

    def hear(self, message: ConsoleMessage) -> None:
        """Note what the browser complains of."""
        if message.type == "error" and "status of 4" not in message.text:
            self.office.faults.append(f"{self.username} {self.page.url}: {message.text}")

    def see(self, response: Response) -> None:
        """Note answers that broke, and refusals that nobody expected."""
        if response.status >= 500 or (response.status in (403, 404) and not self.refused):
            self.office.faults.append(f"{self.username}: {response.status} {response.request.method} {response.url}")
        if not response.url.startswith(self.office.address) and not response.url.startswith(("data:", "blob:")):
            self.office.faults.append(f"{self.username}: foreign {response.url}")

    def go(self, name: str, *arguments: object, query: str = "") -> Page:
        """Open a page by the name of its address."""
        self.page.goto(reverse(name, args=arguments) + query)
        return self.page

    def shot(self, label: str) -> None:
        """Keep a picture of the page, and note it when it is wider than the screen.

        To be looked at, set MERITDESK_SHOTS to a folder: whole pages are kept there.
        """
        self.office.taken += 1
        who = self.username or "nobody"
        path = self.office.shots / f"{self.office.taken:03}-{label}-{who}-{self.width}"
        if "MERITDESK_SHOTS" in os.environ:
            self.page.screenshot(path=path.with_suffix(".png"), full_page=True)
        else:
            self.page.screenshot(path=path.with_suffix(".jpg"), type="jpeg", quality=60)
        wide = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        if wide > 0:
            self.office.faults.append(f"{who} {self.page.url}: {wide} px wider than the screen of {self.width}")

    def press(self, text: str, within: str = "body") -> None:
        """Press the button of this name that can be seen, and wait for the page that follows."""
        self.button(text, within).click()
        self.page.wait_for_load_state()

    def button(self, text: str, within: str = "body") -> Locator:
        """Return the button of this name that can be seen."""
        return self.page.locator(within).get_by_role("button", name=text, exact=True).locator("visible=true").first

    def follow(self, text: str, within: str = "main") -> None:
        """Follow the link with this text, and wait for its page."""
        link = self.page.locator(within).get_by_role("link", name=text).locator("visible=true").first
        with self.page.expect_navigation():
            link.click()

    def send(self, text: str, within: str = "body") -> None:
        """Press a button that sends a form, and wait for the answer; a job is carried out and its page left."""
        with self.page.expect_navigation():
            self.button(text, within).click()
        if "/jobs/" in self.page.url:
            self.office.work_off()
            self.page.wait_for_url(lambda url: "/jobs/" not in url)

    def fill(self, **values: str) -> None:
        """Fill in fields by their names."""
        for name, value in values.items():
            self.page.locator(f'[name="{name}"]:visible').first.fill(value)

    def sees(self, *texts: str) -> None:
        """Demand that the page shows these texts."""
        for text in texts:
            expect(self.page.locator("body")).to_contain_text(text)

    def sees_not(self, *texts: str) -> None:
        """Demand that the page does not show these texts."""
        for text in texts:
            expect(self.page.locator("body")).not_to_contain_text(text)


def wait_until(condition: Callable[[], bool], seconds: float = 10) -> None:
    """Wait for something in the database."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)
