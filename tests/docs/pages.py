"""
The built documentation in a headless Chromium: `make docs-test`; `make test` does not run it.

It needs Chromium (TQL_CHROMIUM names another path), and axe-core, which the packages of client/playground bring.
With TQL_PICTURES=FOLDER it writes pictures of the pages.
"""

from __future__ import annotations

import base64
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.client.playground.browser import Browser, find

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
BUILT = ROOT / "docs" / "_build"
AXE = ROOT / "client" / "playground" / "node_modules" / "axe-core" / "axe.min.js"
PAGES = (
    "index",
    "tutorial",
    "concepts",
    "compose",
    "filter",
    "check",
    "terminal",
    "compatibility",
    "playground",
    "speed",
    "grammar",
    "engine",
    "builder",
    "search",
    "recipes/retrievers",
    "recipes/llamaindex",
    "reference/query",
    "reference/commands",
    "rules/tql101",
)
# The width of the page, and whether it is that of a phone.
SIZES = {"desktop": (1280, 900, False), "phone": (390, 844, True)}
SETTLED = "document.fonts.ready.then(() => true)"
VIOLATIONS = "axe.run(document, {resultTypes: ['violations']}).then(found => found.violations.map(one => [one.id, one.nodes.map(node => node.html)]))"
# The elements that make the page wider than its window.
WIDE = """(() => { const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  return [...document.querySelectorAll('main *')].filter(one => one.getBoundingClientRect().right > width + 1)
    .map(one => one.outerHTML.slice(0, 120)); })()"""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """Return the address of the built pages, which a process of its own serves."""
    command = [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", str(BUILT)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        port = re.search(r"port (\d+)", server.stdout.readline())
        assert port, "the server does not say its port"
        yield f"http://127.0.0.1:{port[1]}"
        server.terminate()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return a browser."""
    path = find()
    assert path, "no Chromium is installed: `apt-get install chromium`, or set TQL_CHROMIUM to the path of one"
    with Browser(path) as running:
        yield running


@pytest.mark.parametrize(("size", "theme"), [("desktop", "light"), ("desktop", "dark"), ("phone", "light")])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_accessible_and_fits(browser: Browser, site: str, name: str, size: str, theme: str) -> None:
    """axe-core finds nothing, no script fails, and no part is wider than the window."""
    width, height, mobile = SIZES[size]
    browser.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=mobile)
    browser.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": theme}])
    browser.errors.clear()
    browser.open(f"{site}/{name}.html")
    browser.run(SETTLED)
    browser.run(AXE.read_text("utf-8"))
    picture(browser, f"{name.replace('/', '-')}-{size}-{theme}.png")

    found: list[Any] = browser.run(VIOLATIONS)

    assert found == []
    assert browser.run(WIDE) == []
    assert browser.errors == []


def picture(browser: Browser, name: str) -> None:
    """Write a picture of the first screens of the page if pictures are wanted."""
    folder = os.environ.get("TQL_PICTURES")
    if folder:
        size = browser.run("[document.documentElement.clientWidth, document.documentElement.scrollHeight]")
        clip = {"x": 0, "y": 0, "width": size[0], "height": min(size[1], 3500), "scale": 1}
        data = browser.send("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)["data"]
        Path(folder, name).write_bytes(base64.b64decode(data))
