"""What a host can ask for when it opens a stream."""

import asyncio

from . import screen
from .console import PlainConsole, ShellConsole
from .shell import Shell
from .sync import serve_sync
from .system import System
from .transport import Stream

# Services that phones in the shops answer with a line.
_SAYINGS = {
    "root": "adbd cannot run as root in production builds\n",
    "unroot": "adbd not running as root\n",
    "remount": 'Not running as root. Try "adb root" first.\n',
    "disable-verity": "verity cannot be disabled/enabled - USER build\n",
    "enable-verity": "verity cannot be disabled/enabled - USER build\n",
    "usb": "restarting in USB mode\n",
    "reboot": "reboot: this is a practice phone; switch it off and on where it was started\n",
}


class Services:
    """Opens what hosts ask for."""

    def __init__(self, system: System, shell: Shell) -> None:
        self._system = system
        self._shell = shell

    async def serve(self, stream: Stream, name: str) -> None:
        """Serve one stream to its end. What the phone does not have is refused.

        Args:
            stream: The stream; it is closed by the caller.
            name: What the host asked for, such as ``shell,v2,raw:ls``.
        """
        kind, _, rest = name.partition(":")
        service, *options = kind.split(",")
        if service == "shell":
            await self._shell_service(stream, options, rest)
        elif service == "exec":
            await stream.accept()
            line = rest.encode("utf-8", "surrogateescape")
            await self._shell.run(PlainConsole(stream), "exec", line, terminal=False)
        elif service == "sync":
            await stream.accept()
            await serve_sync(stream, self._system.files)
        elif service == "framebuffer":
            await stream.accept()
            pixels = self._system.phone.pixels().copy()
            await stream.write(await asyncio.to_thread(screen.framebuffer, pixels))
        elif service == "tcpip":
            await stream.accept()
            await stream.write(f"restarting in TCP mode port: {rest}\n".encode())
        elif service in _SAYINGS:
            await stream.accept()
            await stream.write(_SAYINGS[service].encode())

    async def _shell_service(self, stream: Stream, options: list[str], line: str) -> None:
        await stream.accept()
        # As on phones: a terminal for a person, none for a command, unless the host says.
        terminal = "pty" in options or (not line and "raw" not in options)
        command = line.encode("utf-8", "surrogateescape")
        if "v2" not in options:
            await self._shell.run(PlainConsole(stream), "shell", command, terminal=terminal)
            return
        console = ShellConsole(stream)
        pump = asyncio.create_task(console.pump())
        try:
            await self._shell.run(console, "shell", command, terminal=terminal)
        finally:
            pump.cancel()
            await asyncio.gather(pump, return_exceptions=True)
