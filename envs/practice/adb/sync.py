"""``sync:``, the service behind ``adb push``, ``adb pull`` and ``adb ls``.

Requests are four letters, a length and a path (or data); answers are four letters and numbers.

Source: AOSP, packages/modules/adb/SYNC.TXT and file_sync_protocol.h.
"""

import asyncio
import errno
import os
import stat
import struct
from pathlib import Path

from .files import Files, mode_of
from .transport import Stream

_CHUNK = 64 * 1024
_LONGEST_PATH = 1024
_WORD = struct.Struct("<I")
_STAT1 = struct.Struct("<3I")
# error, device, inode, mode, links, user, group, size, accessed, modified, changed
_STAT2 = struct.Struct("<I2Q4IQ3q")
_SHELL_ID = 2000
_MEDIA_ID = 1015


class SyncError(Exception):
    """The host's request is no request. The stream is of no more use."""


class _Reader:
    """Bytes of a stream in the portions that the protocol asks for."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._held = bytearray()

    async def exactly(self, count: int) -> bytes:
        while len(self._held) < count:
            data = await self._stream.read()
            if not data:
                raise BrokenPipeError("the host left in the middle of a request")
            self._held += data
        taken = bytes(self._held[:count])
        del self._held[:count]
        return taken

    async def request(self) -> tuple[bytes, int]:
        head = await self.exactly(8)
        return head[:4], _WORD.unpack_from(head, 4)[0]


async def serve_sync(stream: Stream, files: Files) -> None:
    """Answer requests until the host says QUIT, leaves, or asks for what is none."""
    reader = _Reader(stream)
    while True:
        name, length = await reader.request()
        if name == b"QUIT":
            return
        if length > _LONGEST_PATH:
            await _fail(stream, "path too long")
            return
        path = os.fsdecode(await reader.exactly(length))
        match name:
            case b"STAT":
                await _stat1(stream, files, path)
            case b"STA2" | b"LST2":
                error, status = _status(files, path)
                await stream.write(name + _numbers(error, status))
            case b"LIST":
                await _list(stream, files, path, b"DENT")
            case b"LIS2":
                await _list(stream, files, path, b"DNT2")
            case b"RECV":
                await _receive(stream, files, path)
            case b"SEND":
                await _send(stream, reader, files, path)
            case _:
                await _fail(stream, f"unknown command {name!r}")
                return


async def _fail(stream: Stream, message: str) -> None:
    data = message.encode("utf-8", "surrogateescape")
    await stream.write(b"FAIL" + _WORD.pack(len(data)) + data)


def _status(files: Files, path: str) -> tuple[int, os.stat_result | None]:
    try:
        return 0, files.real(path).lstat()
    except OSError as error:
        return error.errno or errno.EIO, None


def _numbers(error: int, status: os.stat_result | None) -> bytes:
    if status is None:
        return _STAT2.pack(error, *(0,) * 10)
    times = (int(status.st_atime), int(status.st_mtime), int(status.st_ctime))
    return _STAT2.pack(
        error,
        status.st_dev,
        status.st_ino,
        mode_of(status),
        status.st_nlink,
        _SHELL_ID,
        _MEDIA_ID,
        status.st_size,
        *times,
    )


def _short(status: os.stat_result) -> bytes:
    size = min(status.st_size, 0xFFFFFFFF)
    return _STAT1.pack(mode_of(status), size, int(status.st_mtime) & 0xFFFFFFFF)


async def _stat1(stream: Stream, files: Files, path: str) -> None:
    _, status = _status(files, path)
    await stream.write(b"STAT" + (_short(status) if status else bytes(_STAT1.size)))


async def _list(stream: Stream, files: Files, path: str, kind: bytes) -> None:
    try:
        names = [".", "..", *sorted(os.listdir(files.real(path)))]
    except OSError:
        names = []  # a phone lists what it cannot open as empty
    # One message for all of them: many small ones wait for each other, 40 ms each.
    answer = bytearray()
    for name in names:
        error, status = _status(files, f"{path}/{name}")
        raw = os.fsencode(name)
        if kind == b"DNT2":
            entry = _numbers(error, status)
        elif status is not None:
            entry = _short(status)
        else:
            continue
        answer += kind + entry + _WORD.pack(len(raw)) + raw
    end = _STAT2.size if kind == b"DNT2" else _STAT1.size
    await stream.write(answer + b"DONE" + bytes(end + _WORD.size))


async def _receive(stream: Stream, files: Files, path: str) -> None:
    try:
        real = files.real(path)
        if real.is_dir():
            raise OSError(errno.EISDIR, os.strerror(errno.EISDIR), path)
        with real.open("rb") as file:
            last = b""
            while chunk := await asyncio.to_thread(file.read, _CHUNK):
                if last:
                    await stream.write(last)
                last = b"DATA" + _WORD.pack(len(chunk)) + chunk
    except BrokenPipeError:
        raise
    except OSError as error:
        await _fail(stream, f"failed to open '{path}': {error.strerror}")
        return
    await stream.write(last + b"DONE" + _WORD.pack(0))


async def _send(stream: Stream, reader: _Reader, files: Files, request: str) -> None:
    """Take a file: ``path,mode``, then pieces, then its time. A refusal comes at the end."""
    path, _, mode_text = request.rpartition(",")
    refused: str | None = None
    part: Path | None = None
    try:
        kind = stat.S_IFMT(int(mode_text)) if path and mode_text.isdigit() else None
        if kind not in (0, stat.S_IFREG):
            # Links too: nothing on the phone may lead elsewhere.
            raise OSError(errno.EINVAL, "only plain files can be written", path)
        real = files.writable(path)
        if real.is_dir():
            raise OSError(errno.EISDIR, os.strerror(errno.EISDIR), path)
        files.make_parents(path)
        part = real
        part.write_bytes(b"")
    except OSError as error:
        refused = f"couldn't create file: {error.strerror}"
    while True:
        name, length = await reader.request()
        if name == b"DONE":
            break
        if name != b"DATA" or length > _CHUNK:
            await _fail(stream, "invalid data message")
            await stream.close()
            raise BrokenPipeError("the host sends what is no file")
        data = await reader.exactly(length)
        if refused is None and part is not None:
            try:
                with part.open("ab") as file:
                    file.write(data)
            except OSError as error:
                refused = f"write failed: {error.strerror}"
    if refused is not None or part is None:
        await _fail(stream, refused or "")
        return
    os.utime(part, (length, length))
    await stream.write(b"OKAY" + _WORD.pack(0))
