"""Starting Chromium through playwright, and ending it whatever became of either."""

import asyncio
import contextlib
import importlib
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Awaitable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .browser_context import launch_arguments
from .browser_options import BrowserOptions
from .errors import BackendMissing, DeviceNotFound

if TYPE_CHECKING:
    from playwright.async_api import Browser, Playwright

PROGRAMS = ("chromium", "google-chrome", "chromium-browser", "google-chrome-stable")
"""Names on the PATH, in the order in which they are tried."""

STEADY = ("--disable-smooth-scrolling",)
"""A page is where it was scrolled to, and not on its way."""

_LAUNCH_S = 30.0
_VERSION_S = 10.0
_GOODBYE_S = 3.0
"""How long Chromium has to end by itself, and then playwright's driver."""


@dataclass(eq=False)
class Chromium:
    """A running Chromium, and playwright's driver that runs it.

    Attributes:
        playwright: The driver.
        browser: Chromium.
        processes: Chromium's own process and the driver's, where they are known.
        profile: The folder that playwright made for it.
        sandbox: Whether Chromium locks its pages in.
    """

    playwright: "Playwright"
    browser: "Browser"
    processes: "tuple[_Process, ...]" = ()
    profile: Path | None = None
    sandbox: bool = True

    @property
    def lives(self) -> bool:
        """Whether both still run, as far as it can be told at once."""
        return self.browser.is_connected() and all(one.lives for one in self.processes)

    async def end(self) -> None:
        """End both, by asking and then by force. Harmless where they have died, and twice."""
        await _bounded(self.browser.close(), _GOODBYE_S)
        await _bounded(self.playwright.stop(), _GOODBYE_S)
        self.kill()

    def kill(self) -> None:
        """End both by force, at once, where they still live."""
        for process in self.processes:
            process.kill()
        if self.profile is not None and self.profile.name.startswith("playwright_"):
            shutil.rmtree(self.profile, ignore_errors=True)


async def start(options: BrowserOptions) -> Chromium:
    """Start a Chromium of one's own.

    When cancelled it ends what it has started by then.

    Raises:
        BackendMissing: playwright or Chromium is not installed; says how to get it.
        DeviceNotFound: Chromium does not start; says why.
    """
    try:
        # It takes a while, in which a call could not be cancelled.
        api = await asyncio.to_thread(importlib.import_module, "playwright.async_api")
    except ImportError as error:
        raise BackendMissing(
            'a browser env needs playwright: pip install "eyehand[browser]"'
        ) from error
    # Not to be cancelled in between: what it starts could not be ended.
    starting = asyncio.ensure_future(api.async_playwright().start())
    try:
        playwright = await asyncio.shield(starting)
    except asyncio.CancelledError:
        with contextlib.suppress(Exception):  # what did not start need not be ended
            await _bounded((await starting).stop(), _GOODBYE_S)
        raise
    except Exception as error:  # of whatever kind: its files are damaged, or do not fit this system
        raise BackendMissing(
            f"playwright is installed, and its driver does not start ({error}): install it anew, "
            'pip install --force-reinstall "eyehand[browser]"'
        ) from error
    try:
        return await _launch(playwright, options)
    except BaseException:
        await _bounded(playwright.stop(), _GOODBYE_S)
        raise


async def _launch(playwright: "Playwright", options: BrowserOptions) -> Chromium:
    executable = find(options.executable, Path(playwright.chromium.executable_path))
    environment: dict[str, str | float | bool] = dict(os.environ)
    if options.display is not None:
        environment["DISPLAY"] = options.display
        environment.pop("WAYLAND_DISPLAY", None)
    sandbox = not (hasattr(os, "geteuid") and os.geteuid() == 0)  # Chromium has none as root
    while True:
        try:
            browser = await _launched(playwright, options, executable, environment, sandbox)
            break
        except DeviceNotFound as error:
            # Containers and some systems give Chromium nothing to build one of.
            if not (sandbox and "sandbox" in str(error).lower()):
                raise
            sandbox = False
    chromium = Chromium(playwright, browser, sandbox=sandbox)
    try:
        session = await browser.new_browser_cdp_session()
        found = (await session.send("SystemInfo.getProcessInfo"))["processInfo"]
        await session.detach()
        own = next(int(one["id"]) for one in found if one["type"] == "browser")
        chromium.processes, chromium.profile = _processes(own)
    except BaseException:
        await chromium.end()
        raise
    return chromium


async def _launched(
    playwright: "Playwright",
    options: BrowserOptions,
    executable: Path,
    environment: dict[str, str | float | bool],
    sandbox: bool,
) -> "Browser":
    from playwright.async_api import Error

    try:
        return await playwright.chromium.launch(
            executable_path=executable,
            headless=options.headless,
            args=[*launch_arguments(options), *STEADY],
            # Pages are laid out as in any other browser, and who looks sees that there is more.
            ignore_default_args=["--hide-scrollbars"],
            env=environment,
            chromium_sandbox=sandbox,
            timeout=_LAUNCH_S * 1000,
            # Ctrl-C is the caller's: it closes the env, which ends Chromium.
            handle_sigint=False,
            handle_sigterm=False,
            handle_sighup=False,
        )
    except Error as error:
        raise DeviceNotFound(_why(str(error), executable, options)) from error


def find(wanted: Path | None, bundled: Path) -> Path:
    """Find the program.

    Args:
        wanted: The one that was asked for; None: any.
        bundled: Where playwright keeps its own, if it has one.

    Raises:
        BackendMissing: There is none; says how to get one.
    """
    if wanted is not None:
        found = shutil.which(wanted)
        if found is None:
            raise BackendMissing(
                f"there is no Chromium at {wanted}: install it there, or leave executable out to "
                "use the one that is found"
            )
        return Path(found)
    for name in PROGRAMS:
        if (found := shutil.which(name)) is not None:
            return Path(found)
    if bundled.exists():
        return bundled
    raise BackendMissing(
        "no Chromium is installed: install your system's package (apt install chromium) or run "
        "`playwright install chromium`; executable names one that is elsewhere"
    )


def version(wanted: Path | None) -> str | None:
    """Ask the Chromium that would be started for its version, such as ``150.0.7871.100``. Blocks.

    Args:
        wanted: The one that was asked for; None: the one that is found.

    Returns:
        None where it does not tell, or is playwright's own, whose version goes by playwright's.
    """
    names = PROGRAMS if wanted is None else (str(wanted),)
    program = next(filter(None, map(shutil.which, names)), None)
    if program is None:
        return None
    try:
        said = subprocess.run(
            [program, "--version"], capture_output=True, timeout=_VERSION_S, text=True, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return None
    found = re.search(r"\d+(\.\d+)+", said)
    return found[0] if found else None


def _why(said: str, executable: Path, options: BrowserOptions) -> str:
    """Chromium's own reason out of playwright's log."""
    lines = [line.strip(" -\u2502\u2551\t") for line in said.splitlines()]
    if not options.headless and ("DISPLAY" in said or "X server" in said):
        return (
            f"Chromium ({executable}) cannot open its window on the display "
            f"{options.display or os.environ.get('DISPLAY') or '(none)'}: give display, or leave "
            "headless=True"
        )
    telling = [line for line in lines if "FATAL" in line or "ERROR" in line or "sandbox" in line]
    telling = telling or [line for line in lines if line.startswith("[pid=")]
    return f"Chromium ({executable}) does not start: {(telling or lines or ['no reason'])[0][:400]}"


@dataclass(frozen=True, slots=True)
class _Process:
    """A process, and when it was started: its number may be another's later."""

    pid: int
    started: str

    @classmethod
    def of(cls, pid: int) -> "_Process":
        return cls(pid, _stat(pid)[19])

    @property
    def lives(self) -> bool:
        try:
            state = _stat(self.pid)
        except OSError:
            return False
        return state[19] == self.started and state[0] != "Z"

    def kill(self) -> None:
        if self.lives:
            with contextlib.suppress(ProcessLookupError):  # it has just ended
                os.kill(self.pid, signal.SIGKILL)


def _stat(pid: int) -> list[str]:
    """Fields of ``/proc/PID/stat`` from the third on: state, parent, ..."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _processes(own: int) -> tuple[tuple[_Process, ...], Path | None]:
    if not sys.platform.startswith("linux"):
        return (), None
    parent = int(_stat(own)[1])
    words = Path(f"/proc/{own}/cmdline").read_bytes().decode(errors="replace").split("\0")
    flag = "--user-data-dir="
    profile = next((Path(word.removeprefix(flag)) for word in words if word.startswith(flag)), None)
    driver = () if parent == os.getpid() or parent == 1 else (_Process.of(parent),)
    return (_Process.of(own), *driver), profile


async def _bounded(work: Awaitable[Any], seconds: float) -> None:
    """Wait for something that may have died, no longer than so many seconds."""
    task = asyncio.ensure_future(work)
    await asyncio.wait({task}, timeout=seconds)
    if not task.done():
        task.cancel()
    elif not task.cancelled():
        task.exception()  # it has died before it could be closed: that is what was wanted
