"""A practice phone, an adb server of our own, and the one connected to the other."""

import asyncio
import contextlib
import importlib
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eyehand.envs.practice.adb import PracticeDevice, launch
from eyehand.envs.practice.adb.jail import KINDS

# Debian's, and the one that comes with adbutils: they are seven years apart.
ADBS = {"debian": "/usr/bin/adb", "adbutils": ""}


def wheel_adb() -> str:
    """The adb inside adbutils' wheel."""
    adbutils = importlib.import_module("adbutils")
    return str(Path(str(adbutils.__file__)).parent / "binaries" / "adb")


def confinements() -> list[str]:
    """What this machine lets a phone's shell be shut in by; ``restricted`` goes anywhere."""
    folders = "dev", "data/local/tmp"
    found = []
    for kind in KINDS:
        with tempfile.TemporaryDirectory() as root:
            for folder in folders:
                (Path(root) / folder).mkdir(parents=True)
            for name in ("null", "zero", "full", "random", "urandom", "tty"):
                (Path(root) / "dev" / name).touch()
            code = "import sys, launch; launch.enter(*sys.argv[1:])"
            done = subprocess.run(
                [sys.executable, "-c", code, kind, root],
                cwd=Path(launch.__file__).parent,
                capture_output=True,
            )
            if done.returncode == 0:
                found.append(kind)
    return found


def below(process: int) -> set[int]:
    """Every process that this one started, and those they started."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            status = (folder / "stat").read_text().rpartition(")")[2].split()
            parents[int(folder.name)] = int(status[1])
    found = {process}
    while more := {one for one, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {process}


def launchers() -> set[int]:
    """The processes of this one's practice phones: what starts their shells, and its forks."""
    found = set()
    for one in below(os.getpid()):
        with contextlib.suppress(OSError):  # it has just ended
            if b"launch.py" in Path(f"/proc/{one}/cmdline").read_bytes():
                found.add(one)
    return found


def gone(folder: Path) -> bool:
    return not folder.exists()


def alive(processes: set[int]) -> set[int]:
    return {one for one in processes if Path(f"/proc/{one}").exists()}


def free_port() -> int:
    """A TCP port that was free a moment ago, and that adb servers do not look at by themselves."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if not 5037 <= port <= 5700:
            return port


@dataclass
class Done:
    """How a command ended."""

    code: int
    out: bytes
    err: bytes

    @property
    def text(self) -> str:
        return self.out.decode("utf-8", "replace")


@dataclass
class AdbServer:
    """A private adb server: its own port, home and key."""

    adb: str
    port: int = field(default_factory=free_port)
    home: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="adb-home-")))

    @property
    def env(self) -> dict[str, str]:
        mine = {name: value for name, value in os.environ.items() if not name.startswith("A")}
        return mine | {
            "HOME": str(self.home),
            "ANDROID_ADB_SERVER_PORT": str(self.port),
            "ADB_MDNS": "0",
        }

    @property
    def keys(self) -> list[Path]:
        return [self.home / ".android" / "adbkey"]

    async def run(
        self, *words: str | bytes, stdin: bytes | None = None, timeout: float = 20
    ) -> Done:
        """Run adb. A test that would hang fails instead."""
        process = await asyncio.create_subprocess_exec(
            self.adb,
            *words,
            stdin=asyncio.subprocess.DEVNULL if stdin is None else asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=self.env,
        )
        try:
            out, err = await asyncio.wait_for(process.communicate(stdin), timeout)
        except TimeoutError:
            process.kill()
            await process.wait()
            raise
        assert process.returncode is not None
        return Done(process.returncode, out, err)

    async def start(self) -> None:
        done = await self.run("start-server")
        assert done.code == 0, done

    async def stop(self) -> None:
        await self.run("kill-server")
        for path in sorted(self.home.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        self.home.rmdir()


@dataclass
class Practice:
    """A connected phone."""

    device: PracticeDevice
    server: AdbServer
    serial: str

    @property
    def phone(self) -> Any:
        return self.device.phone

    async def adb(
        self, *words: str | bytes, stdin: bytes | None = None, timeout: float = 20
    ) -> Done:
        """Run adb for this phone."""
        return await self.server.run("-s", self.serial, *words, stdin=stdin, timeout=timeout)

    async def shell(self, *words: str | bytes, timeout: float = 20) -> Done:
        return await self.adb("shell", *words, timeout=timeout)

    async def come_back(self) -> None:
        """Wait until the server has connected again by itself, after its connection was cut.

        Right after the cut it may not have noticed, so ``adb wait-for-device`` is no help.
        """
        for _ in range(150):
            if (await self.shell("echo here")).out == b"here\n":
                return
            await asyncio.sleep(0.1)
        raise TimeoutError("the server did not connect again")

    async def connect(self) -> Done:
        return await self.server.run("connect", self.serial)

    def client(self) -> Any:
        """An adbutils device of this phone. Its calls block: use them in a thread."""
        adbutils: Any = importlib.import_module("adbutils")
        return adbutils.AdbClient("127.0.0.1", self.server.port).device(self.serial)


@contextlib.asynccontextmanager
async def adb_server(adb: str = ADBS["debian"]) -> AsyncIterator[AdbServer]:
    """A private adb server. ``adb``: the program; empty: the one of adbutils."""
    server = AdbServer(adb or wheel_adb())
    try:
        await server.start()
        yield server
    finally:
        await server.stop()


@contextlib.asynccontextmanager
async def practice_phone(
    phone: Any,
    *,
    server: AdbServer | None = None,
    adb: str = ADBS["debian"],
    keys: Sequence[Path] | None = None,
    **options: Any,
) -> AsyncIterator[Practice]:
    """A practice phone, connected to an adb server.

    ``server``: one that runs already; None: one for this phone alone. ``options`` are
    ``PracticeDevice``'s.
    """
    async with contextlib.AsyncExitStack() as stack:
        if server is None:
            server = await stack.enter_async_context(adb_server(adb))
        device = PracticeDevice(phone, keys=server.keys if keys is None else keys, **options)
        stack.push_async_callback(device.close)
        port = await device.start()
        practice = Practice(device, server, f"127.0.0.1:{port}")
        done = await practice.connect()
        assert b"connected to" in done.out, done
        stack.push_async_callback(server.run, "disconnect", practice.serial)
        yield practice
