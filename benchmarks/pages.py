"""Time every main page of every role in a company of 2,000 people, served as in use.

    python -m benchmarks.pages [--people N] [--rounds N] [--servers N] [--keep FOLDER]

Builds the company of tests/web/page_world.py: a cycle in every state, one of them rating and one published. Results are
not computed there but one document of the sample company repeated, since pages only read them; the contact records of
450 agents are attached to the cycles in rating and published. Serves it by waitress in as many processes as there are
cores, and asks for each page one request after the other, then by eight clients at once. Prints median and 95th
percentile in milliseconds, and the size of the page. The heaviest page must answer within 300 ms (median, one client).
With --keep the company stays in a folder, and the next run takes it up from there instead of building it again; after a
change of models, or when its sessions have expired (a page answers 302), build it in another folder.
"""

from __future__ import annotations

import argparse
import http.client
import math
import statistics
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

from meritdesk.sample import write_sample
from tests.web import page_server
from tests.web.page_server import MONTHS, Page, Served

TARGET_MS = 300
CLIENTS = 8
WARM = 2


def ask(address: str, served: Served, page: Page) -> tuple[float, int]:
    """Ask for a page once; return milliseconds and bytes."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=120)
    cookie = {"Cookie": f"sessionid={served.sessions[page.actor]}"} if page.actor else {}
    begun = time.perf_counter()
    connection.request("GET", page.url, headers=cookie)
    response = connection.getresponse()
    body = response.read()
    spent = (time.perf_counter() - begun) * 1000
    connection.close()
    if response.status != 200:
        raise SystemExit(f"{page}: {response.status}")
    return spent, len(body)


def p95(times: Sequence[float]) -> float:
    """Return the 95th percentile by nearest rank."""
    return sorted(times)[math.ceil(0.95 * len(times)) - 1]


def measure(addresses: Sequence[str], served: Served, rounds: int) -> None:
    """Measure every page and print the table; exit code 1 when the heaviest is above the target."""
    print(f"{'page':48} {'median':>7} {'p95':>7} {'8 at once':>10} {'p95':>7} {'kB':>7}")
    heaviest, where = 0.0, ""
    for page in served.pages:
        for address in addresses:
            for _turn in range(WARM):
                ask(address, served, page)
        alone = [ask(addresses[0], served, page) for _turn in range(rounds)]
        turns = [addresses[turn % len(addresses)] for turn in range(rounds * 4)]
        with ThreadPoolExecutor(CLIENTS) as clients:
            together = list(clients.map(lambda address, page=page: ask(address, served, page), turns))
        times, crowded = [t for t, _size in alone], [t for t, _size in together]
        middle = statistics.median(times)
        if middle > heaviest:
            heaviest, where = middle, str(page)
        print(
            f"{page!s:48} {middle:7.0f} {p95(times):7.0f} {statistics.median(crowded):10.0f} {p95(crowded):7.0f} "
            f"{alone[0][1] / 1000:7.1f}",
            flush=True,
        )
    print(f"heaviest page: {where}, {heaviest:.0f} ms (target: at most {TARGET_MS} ms)")
    raise SystemExit(heaviest > TARGET_MS)


def main() -> None:
    """Read the options, build or take up the company, measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--servers", type=int, default=4)
    parser.add_argument("--keep", type=Path, help="build in this folder, or take up what was built there")
    options = parser.parse_args()
    with ExitStack() as stack:
        home = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="meritdesk-pages-")))
        begun = time.monotonic()
        if (home / "pages.json").is_file():
            served = stack.enter_context(page_server.serve_again(home))
        else:
            sample = home / "sample"
            write_sample(sample, [(2025, MONTHS[state]) for state in ("published", "rating")], teams=10, size=45)
            served = stack.enter_context(page_server.serve(home, options.people, "main", sample))
        others = [stack.enter_context(page_server.running(home)) for _n in range(options.servers - 1)]
        print(f"{options.people} people, ready in {time.monotonic() - begun:.0f} s; {len(others) + 1} servers")
        for line in served.missing:
            print(f"not measured: {line}")
        measure([served.address, *others], served, options.rounds)


if __name__ == "__main__":
    main()
