"""``screencap``: the screen as PNG or raw, on standard output or in a file."""

import asyncio

from .. import screen
from ..faults import FOLDABLE_WARNING
from .call import Call, Programs

_HELP = """usage: screencap [-hp] [-d display-id] [FILENAME]
   -h: this message
   -p: save the file as a png.
   -d: specify the physical display ID to capture
If FILENAME ends with .png it will be saved as a png.
If FILENAME is not given, the results will be printed to stdout."""


async def screencap(call: Call) -> int:
    """The program ``screencap``."""
    png = False
    display: str | None = None
    path: str | None = None
    words = iter(call.args)
    for word in words:
        if word == "-p":
            png = True
        elif word.startswith("-d"):
            display = word[2:] or next(words, "")
        elif word.startswith("-"):
            await call.complain(_HELP)
            return 0 if word == "-h" else 1
        else:
            path = word
    faults = call.system.faults
    if faults.screencap_empty:
        return 0
    if display is None and faults.foldable_warning:
        await call.write_error(FOLDABLE_WARNING.encode())
    if display is not None and display not in (screen.DISPLAY_ID, "0"):
        await call.complain(f"Invalid display id {display}")
        return 1
    phone = call.system.phone
    if png or (path is not None and path.lower().endswith(".png")):
        data: bytes | bytearray = await call.system.screen.png(phone)
    else:
        data = await asyncio.to_thread(screen.raw, phone.pixels().copy())
    if path is None:
        await call.write(data)
        return 0
    try:
        call.system.files.writable(path, call.cwd).write_bytes(data)
    except OSError as error:
        await call.complain(f"Error opening file: {path} ({error.strerror})")
        return 1
    return 0


PROGRAMS: Programs = {"screencap": screencap}
