"""The conditions that come with eyehand: files, commands, windows, pictures, pixels."""

import asyncio
import contextlib
import errno
import os
import signal
import stat
import tempfile
from pathlib import Path
from typing import IO, Annotated, Any

import numpy as np
from PIL import Image
from pydantic import Field

from .checks import Look, Name, Text, Verdict, check

MAX_FILE_BYTES = 64 * 2**20
_POLL_S = 0.02
_REAP_S = 2.0
"""How long a killed command may take to be gone, in seconds."""


def _one_comparison(given: Any) -> str | None:
    named = [n for n in ("equals", "contains", "same_as") if getattr(given, n) is not None]
    if len(named) > 1:
        return f"give one of equals, contains and same_as, not {' and '.join(named)}"
    if named and not given.exists:
        return f"a file that must not exist has no {named[0]}"
    return None


@check("file", reads="world", rule=_one_comparison)
async def _file(
    look: Look,
    *,
    path: Name,
    equals: Text | None = None,
    contains: Text | None = None,
    same_as: Name | None = None,
    exists: bool = True,
) -> Verdict:
    """A file: ``equals`` a text exactly, ``contains`` one, or is the ``same_as`` another."""

    def read() -> Verdict:
        target = look.path(path)
        if not os.path.lexists(target):
            return Verdict(not exists, f"{path} does not exist")
        if not exists:
            return Verdict(False, f"{path} exists")
        if equals is not None:
            return _compare(path, _body(target), equals.encode(), "the text")
        if same_as is not None:
            return _compare(path, _body(target), _body(look.path(same_as)), same_as)
        if contains is not None:
            found = contains.encode() in _body(target)
            return Verdict(found, f"{path} {'contains' if found else 'lacks'} {contains!r:.60}")
        return Verdict(True, f"{path} exists, {_size(target)} bytes")

    try:
        return await asyncio.to_thread(read)
    except OSError as error:
        return Verdict(False, f"{error.filename or path} cannot be read: {error.strerror}")
    except RuntimeError as error:  # ~nobody
        return Verdict(False, f"{path}: {error}")


def _size(path: Path) -> int:
    """Give a file's size, and refuse what is none: to read a pipe may never end."""
    facts = path.stat()
    if not stat.S_ISREG(facts.st_mode):
        raise OSError(errno.EINVAL, "it is no file", str(path))
    return facts.st_size


def _body(path: Path) -> bytes:
    if _size(path) > MAX_FILE_BYTES:
        raise OSError(errno.EFBIG, f"it is larger than {MAX_FILE_BYTES} bytes", str(path))
    return path.read_bytes()


def _compare(path: str, body: bytes, wanted: bytes, name: str) -> Verdict:
    if body == wanted:
        return Verdict(True, f"{path} equals {name}, {len(body)} bytes")
    same = next(
        (i for i, (a, b) in enumerate(zip(body, wanted, strict=False)) if a != b),
        min(len(body), len(wanted)),
    )
    near = body[max(0, same - 10) : same + 20].decode("utf-8", "replace")
    return Verdict(
        False,
        f"{path} ({len(body)} bytes) differs from {name} ({len(wanted)} bytes) "
        f"at byte {same}, near {near!r}",
    )


@check("command", reads="world")
async def _command(
    look: Look,
    *,
    run: Annotated[list[Name], Field(min_length=1)],
    exit_code: int = 0,
    prints: Text | None = None,
    timeout_s: Annotated[float, Field(gt=0, le=3600)] = 30.0,
) -> Verdict:
    """A program's exit code, and perhaps a text it prints. A list of words, run by no shell.

    What it started ends with it. It does not hold where it prints more than 64 MiB.
    """
    # Into a file, not a pipe: what it leaves behind with its output open is not waited for.
    with tempfile.TemporaryFile(prefix="eyehand-output-") as output:
        try:
            process = await asyncio.create_subprocess_exec(
                *run,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=asyncio.subprocess.STDOUT,
                cwd=look.folder,
                env=look.environ,
                start_new_session=True,
            )
        except OSError as error:
            return Verdict(False, f"{run[0]} cannot be run: {error.strerror}")
        try:
            async with asyncio.timeout(timeout_s):
                while process.returncode is None and not _flooded(output):
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(_POLL_S):
                            await process.wait()
        except TimeoutError:
            return Verdict(False, f"{run[0]} ran longer than {timeout_s:g} s")
        finally:
            with contextlib.suppress(ProcessLookupError):  # nothing of it is left
                os.killpg(process.pid, signal.SIGKILL)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_REAP_S):
                    await process.wait()
        if _flooded(output):
            return Verdict(False, f"{run[0]} printed more than {MAX_FILE_BYTES} bytes")
        output.seek(0)
        text = output.read().decode("utf-8", "replace")
    passed = process.returncode == exit_code and (prints is None or prints in text)
    return Verdict(passed, f"{run[0]} exited with {process.returncode}: {text.strip()[-120:]!r}")


def _flooded(output: IO[bytes]) -> bool:
    return os.fstat(output.fileno()).st_size > MAX_FILE_BYTES


def _one_title(given: Any) -> str | None:
    if (given.title is None) == (given.title_contains is None):
        return "give one of title and title_contains"
    return None


@check("window", reads="screen", rule=_one_title)
async def _window(
    look: Look, *, title: Text | None = None, title_contains: Text | None = None
) -> Verdict:
    """The title of the active window."""
    found = look.seen.extras.get("window")
    passed = found is not None and (
        (title is None or found == title) and (title_contains is None or title_contains in found)
    )
    return Verdict(passed, "no window is active" if found is None else f"the window is {found!r}")


@check("picture", reads="world")  # its file is not part of a recording
async def _picture(
    look: Look,
    *,
    path: Name,
    region: tuple[int, int, int, int] | None = None,
    max_differing: Annotated[float, Field(ge=0, le=1)] = 0.0,
) -> Verdict:
    """The screen, or a ``[left, top, right, bottom]`` region of it, equals a picture file.

    ``max_differing`` is the share of pixels that may differ, 0 to 1.
    """

    def compare() -> Verdict:
        height, width = look.seen.pixels.shape[:2]
        left, top, right, bottom = region or (0, 0, width, height)
        if not (0 <= left < right <= width and 0 <= top < bottom <= height):
            return Verdict(
                False, f"region {list(region or ())} is not on the {width}x{height} screen"
            )
        shown = look.seen.pixels[top:bottom, left:right]
        target = look.path(path)
        _size(target)
        with Image.open(target) as image:
            wanted = np.asarray(image.convert("RGB"))
        if wanted.shape != shown.shape:
            size = f"{wanted.shape[1]}x{wanted.shape[0]}"
            return Verdict(False, f"{path} is {size}, not {right - left}x{bottom - top}")
        share = float(np.any(shown != wanted, axis=2).mean())
        return Verdict(share <= max_differing, f"{share:.2%} of the pixels differ from {path}")

    try:
        return await asyncio.to_thread(compare)
    except (OSError, RuntimeError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        return Verdict(False, f"{path} cannot be read as a picture: {error}")


@check("pixel", reads="screen")
async def _pixel(
    look: Look,
    *,
    at: tuple[int, int],
    rgb: tuple[int, int, int],
    tolerance: Annotated[int, Field(ge=0, le=255)] = 0,
) -> Verdict:
    """The colour of one pixel of the screenshot, each channel within a tolerance (0 to 255)."""
    x, y = at
    height, width = look.seen.pixels.shape[:2]
    if not (0 <= x < width and 0 <= y < height):
        return Verdict(False, f"pixel {list(at)} is not on the {width}x{height} screen")
    found = tuple(int(value) for value in look.seen.pixels[y, x])
    passed = all(abs(a - b) <= tolerance for a, b in zip(found, rgb, strict=True))
    return Verdict(passed, f"pixel {list(at)} is {list(found)}")
