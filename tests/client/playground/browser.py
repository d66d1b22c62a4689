"""A headless Chromium, driven by the DevTools protocol over a pipe: no port, no WebSocket, no package."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
SECONDS = 30.0
# Chromium reads commands from the descriptor 3, and writes answers to 4.
START = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); os.execv(sys.argv[3], sys.argv[3:])"
)
# Every name but that of this machine is unknown, so nothing reaches another host.
OPTIONS = (
    "--headless=new",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-gpu",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--no-default-browser-check",
    "--no-first-run",
    "--no-pings",
    "--remote-debugging-pipe",
    "--window-size=1280,900",
)
# Keys of the tests: the code of Windows that Chromium knows a key by, and its text.
KEYS = {
    "Enter": (13, "\r"),
    "Tab": (9, ""),
    "End": (35, ""),
    "Escape": (27, ""),
    "F1": (112, ""),
    "ArrowDown": (40, ""),
    "ArrowRight": (39, ""),
    " ": (32, " "),
}
CTRL, SHIFT = 2, 8


def find() -> str | None:
    """Return the path of Chromium, or None."""
    named = os.environ.get("TQL_CHROMIUM")
    return named or next((path for path in map(shutil.which, NAMES) if path), None)


class Browser:
    """
    A browser with one page.

    Attributes:
        requests: the addresses that the page asked for.
        errors: the exceptions, errors of the console and violations of the policy.
    """

    def __init__(self, path: str) -> None:
        """Start Chromium."""
        self._folder = tempfile.TemporaryDirectory(prefix="tql-chromium-", ignore_cleanup_errors=True)
        (commands, self._to), (self._from, answers) = os.pipe(), os.pipe()
        passed = [fcntl.fcntl(one, fcntl.F_DUPFD, 10) for one in (commands, answers)]
        root = ["--no-sandbox"] if os.geteuid() == 0 else []
        command = [sys.executable, "-c", START, *map(str, passed), path, *OPTIONS, *root]
        self._process = subprocess.Popen(
            [*command, f"--user-data-dir={self._folder.name}", "about:blank"],
            pass_fds=passed,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for one in (commands, answers, *passed):
            os.close(one)
        self._number = 0
        self._answers: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self.requests: list[str] = []
        self.errors: list[str] = []
        threading.Thread(target=self._read, daemon=True).start()
        self._session: str | None = None
        targets = self.send("Target.getTargets")["targetInfos"]
        page = next(target["targetId"] for target in targets if target["type"] == "page")
        self._session = self.send("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.send(f"{domain}.enable")

    def __enter__(self) -> Self:
        """Return the browser."""
        return self

    def __exit__(self, *_error: object) -> None:
        """End the browser."""
        with contextlib.suppress(OSError):
            os.close(self._to)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._folder.cleanup()

    def _read(self) -> None:
        """Take the messages of the browser until it ends."""
        rest = b""
        while part := os.read(self._from, 2**16):
            *messages, rest = (rest + part).split(b"\0")
            for message in map(json.loads, messages):
                if "id" in message:
                    self._answers.put(message)
                else:
                    self._note(message["method"], message["params"])
        os.close(self._from)

    def _note(self, method: str, params: dict[str, Any]) -> None:
        """Note an event."""
        if method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.errors.append(str(details.get("exception", details).get("description", details)))
        elif method == "Runtime.consoleAPICalled" and params["type"] in {"error", "assert"}:
            self.errors.append(json.dumps(params["args"]))
        elif method == "Log.entryAdded" and _is_error(params["entry"]):
            self.errors.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command, and return its result."""
        self._number += 1
        session = {} if self._session is None else {"sessionId": self._session}
        os.write(
            self._to, json.dumps({"id": self._number, "method": method, "params": params, **session}).encode() + b"\0"
        )
        while (answer := self._answers.get(timeout=SECONDS))["id"] != self._number:
            pass
        assert "error" not in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    def open(self, address: str) -> None:
        """Open an address, and wait until it is loaded; one that differs in the fragment only is no new page."""
        self.send("Page.navigate", url=address)
        self.until("document.readyState === 'complete'")

    def reload(self) -> None:
        """Load the page again."""
        self.run("window.isOld = true")
        self.send("Page.reload")
        self.until("!window.isOld && document.readyState === 'complete'")

    def run(self, code: str) -> Any:
        """Return the value of an expression of the page; a promise is awaited."""
        result = self.send("Runtime.evaluate", expression=code, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    def until(self, code: str, seconds: float = SECONDS) -> None:
        """Wait until an expression is true."""
        end = time.monotonic() + seconds
        while not self._value(f"!!({code})"):
            assert time.monotonic() < end, (
                f"never true: {code}\n{self.errors}\n{self._value('document.body.innerText')}"
            )
            time.sleep(0.03)

    def _value(self, code: str) -> Any:
        """Return the value of an expression, or None while the page changes."""
        result = self.send("Runtime.evaluate", expression=code, awaitPromise=True, returnByValue=True)
        return None if "exceptionDetails" in result else result["result"].get("value")

    def text(self, selector: str) -> str:
        """Return the text of an element, "" without one."""
        found: str = self.run(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''")
        return found

    def click(self, selector: str) -> None:
        """Click on the middle of an element, as a mouse does, once it stays where it is."""
        box = self.run(
            f"(async () => {{ const one = document.querySelector({json.dumps(selector)}); let last = '', box;"
            " for (;;) { one.scrollIntoView({block: 'center'}); await new Promise(requestAnimationFrame);"
            " box = one.getBoundingClientRect(); if (last === JSON.stringify(box)) break; last = JSON.stringify(box); }"
            " return [box.x + box.width / 2, box.y + box.height / 2]; })()"
        )
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1], button="left", clickCount=1)

    def type(self, text: str) -> None:
        """Type a text where the focus is."""
        self.send("Input.insertText", text=text)

    def press(self, key: str, modifiers: int = 0) -> None:
        """Press a key."""
        code, text = KEYS[key] if key in KEYS else (ord(key.upper()), key)
        shown = {"text": text} if text and not modifiers & CTRL else {}
        common = {
            "key": key,
            "windowsVirtualKeyCode": code,
            "modifiers": modifiers,
            "code": key if len(key) > 1 else "",
        }
        self.send("Input.dispatchKeyEvent", type="keyDown", **common, **shown)
        self.send("Input.dispatchKeyEvent", type="keyUp", **common)

    def picture(self, path: Path) -> None:
        """Write a picture of the page."""
        data = self.send("Page.captureScreenshot", format="png")["data"]
        path.write_bytes(base64.b64decode(data))


def _is_error(entry: dict[str, Any]) -> bool:
    """Return whether an entry of the log is an error of the page; a refusal by the server is an answer."""
    return bool(entry["level"] == "error" and "the server responded with a status of" not in entry["text"])
