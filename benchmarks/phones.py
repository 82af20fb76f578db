"""A practice phone in a process of its own, and an adb server for it alone."""

import asyncio
import contextlib
import json
import os
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path


@contextlib.asynccontextmanager
async def served(*options: str) -> AsyncIterator[tuple[str, tuple[str, int]]]:
    """Serve a phone; gives its serial and the adb server's address.

    Args:
        *options: Of ``eyehand practice serve``.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with tempfile.TemporaryDirectory(prefix="eyehand-adb-") as home:
        env = {**os.environ, "HOME": home, "ANDROID_ADB_SERVER_PORT": str(port), "ADB_MDNS": "0"}
        await _run(env, "adb", "start-server")
        process = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).with_name("eyehand")),
            *("practice", "serve", "--port", "0", "--json", *options),
            stdout=asyncio.subprocess.PIPE,
            env=env,
        )
        try:
            assert process.stdout is not None
            async with asyncio.timeout(60):
                serial = json.loads(await process.stdout.readline())["address"]
            await _run(env, "adb", "connect", serial)
            yield serial, ("127.0.0.1", port)
        finally:
            process.terminate()
            await process.wait()
            await _run(env, "adb", "kill-server")


async def _run(env: dict[str, str], *words: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *words,
        env=env,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    if await process.wait():
        raise RuntimeError(f"{' '.join(words)} failed")
