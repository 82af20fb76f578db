"""Programs on files: ``ls``, ``cat``, ``rm``, ``mkdir``, ``mv``, ``cp``, ``stat`` and others.

They work on the phone's files only; see ``Files``.
"""

import asyncio
import os
import shutil
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from ..files import mode_of
from .call import Call, Programs, Wrong

_CHUNK = 256 * 1024
_OWNERS = "u0_a100 media_rw"


class _Trouble:
    """Says what goes wrong with single files, and goes on."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self.code = 0

    async def say(self, path: str, error: OSError) -> None:
        self.code = 1
        await self._call.complain(f"{self._call.name}: {path}: {error.strerror}")


def _split(call: Call, allowed: str) -> tuple[set[str], list[str]]:
    """One-letter options and the other words.

    Raises:
        Wrong: An option is unknown.
    """
    options: set[str] = set()
    words: list[str] = []
    for number, word in enumerate(call.args):
        if word == "--":
            words += call.args[number + 1 :]
            break
        if word.startswith("-") and len(word) > 1:
            options |= set(word[1:])
        else:
            words.append(word)
    unknown = options - set(allowed)
    if unknown:
        raise Wrong(f"{call.name}: Unknown option '{min(unknown)}' (see \"{call.name} --help\")")
    return options, words


async def cat(call: Call) -> int:
    """The program ``cat``."""
    _, words = _split(call, "uetv")
    trouble = _Trouble(call)
    for word in words or ["-"]:
        if word == "-":
            while data := await call.read():
                await call.write(data)
            continue
        try:
            path = call.system.files.real(word, call.cwd)
            if path.is_dir():
                raise IsADirectoryError(0, "Is a directory")
            with path.open("rb") as file:
                while data := await asyncio.to_thread(file.read, _CHUNK):
                    await call.write(data)
        except BrokenPipeError:
            raise
        except OSError as error:
            await trouble.say(word, error)
    return trouble.code


async def ls(call: Call) -> int:
    """The program ``ls``."""
    options, words = _split(call, "aA1dlRhtrSsiFpnZ")
    trouble = _Trouble(call)
    plain: list[tuple[str, Path]] = []
    folders: list[tuple[str, Path]] = []
    for word in words or ["."]:
        try:
            path = call.system.files.real(word, call.cwd)
            path.lstat()
        except OSError as error:
            await trouble.say(word, error)
            continue
        (folders if path.is_dir() and "d" not in options else plain).append((word, path))
    for line in _lines(plain, options):
        await call.say(line)
    for number, (word, path) in enumerate(folders):
        if len(words) > 1 or "R" in options:
            await call.say(f"{chr(10) if number or plain else ''}{word}:")
        entries = sorted(path.iterdir())
        if word in ("/", "."):
            entries = [
                entry
                for entry in entries
                if entry.parent != call.system.files.root or entry.name in _TOP
            ]
        if "a" not in options and "A" not in options:
            entries = [entry for entry in entries if not entry.name.startswith(".")]
        if "t" in options:
            entries.sort(key=lambda entry: -entry.lstat().st_mtime)
        if "r" in options:
            entries.reverse()
        if "l" in options:
            await call.say(f"total {sum(_blocks(entry) for entry in entries)}")
        for line in _lines([(entry.name, entry) for entry in entries], options):
            await call.say(line)
        if "R" in options:
            inner = [(f"{word.rstrip('/')}/{entry.name}", entry) for entry in entries]
            folders[number + 1 : number + 1] = [pair for pair in inner if pair[1].is_dir()]
    return trouble.code


_TOP = frozenset({"apex", "data", "dev", "proc", "sdcard", "storage", "system"})


def _blocks(path: Path) -> int:
    return -(-path.lstat().st_size // 1024)


def _lines(entries: list[tuple[str, Path]], options: set[str]) -> Iterator[str]:
    for name, path in entries:
        status = path.lstat()
        shown = name + ("/" if path.is_dir() and options & {"p", "F"} else "")
        if "l" in options:
            when = time.strftime("%Y-%m-%d %H:%M", time.gmtime(status.st_mtime))
            mode = stat.filemode(mode_of(status))
            yield f"{mode} {status.st_nlink} {_OWNERS} {status.st_size:6} {when} {shown}"
        else:
            yield shown


async def rm(call: Call) -> int:
    """The program ``rm``."""
    options, words = _split(call, "rRfiv")
    trouble = _Trouble(call)
    for word in words:
        try:
            path = call.system.files.writable(word, call.cwd)
            if path.is_dir() and not options & {"r", "R"}:
                raise IsADirectoryError(0, "is directory")
            if path.is_dir():
                await asyncio.to_thread(shutil.rmtree, path)
            else:
                path.unlink()
        except FileNotFoundError as error:
            if "f" not in options:
                await trouble.say(word, error)
        except OSError as error:
            await trouble.say(word, error)
    if not words and "f" not in options:
        raise Wrong('rm: Needs 1 argument (see "rm --help")')
    return trouble.code


async def mkdir(call: Call) -> int:
    """The program ``mkdir``."""
    options, words = _split(call, "pvm")
    trouble = _Trouble(call)
    for word in words:
        try:
            path = call.system.files.writable(word, call.cwd)
            path.mkdir(parents="p" in options, exist_ok="p" in options)
        except OSError as error:
            await trouble.say(word, error)
    return trouble.code


async def rmdir(call: Call) -> int:
    """The program ``rmdir``."""
    trouble = _Trouble(call)
    for word in call.args:
        try:
            call.system.files.writable(word, call.cwd).rmdir()
        except OSError as error:
            await trouble.say(word, error)
    return trouble.code


async def touch(call: Call) -> int:
    """The program ``touch``."""
    _, words = _split(call, "camc")
    trouble = _Trouble(call)
    for word in words:
        try:
            call.system.files.writable(word, call.cwd).touch()
        except OSError as error:
            await trouble.say(word, error)
    return trouble.code


async def move_or_copy(call: Call) -> int:
    """The programs ``mv`` and ``cp``."""
    options, words = _split(call, "rRafpinv")
    if len(words) < 2:
        raise Wrong(f'{call.name}: Needs 2 arguments (see "{call.name} --help")')
    *sources, target = words
    trouble = _Trouble(call)
    files = call.system.files
    for source in sources:
        try:
            into = files.real(target, call.cwd).is_dir()
            name = f"{target}/{os.path.basename(source.rstrip('/'))}" if into else target
            end = files.writable(name, call.cwd)
            if call.name == "mv":
                os.replace(files.writable(source, call.cwd), end)
                continue
            start = files.real(source, call.cwd)
            if not start.is_dir():
                await asyncio.to_thread(shutil.copyfile, start, end)
            elif options & {"r", "R", "a"}:
                await asyncio.to_thread(shutil.copytree, start, end, symlinks=True)
            else:
                raise IsADirectoryError(0, "Skipped dir")
        except (OSError, shutil.Error) as error:
            await trouble.say(source, error if error.strerror else OSError(0, "cannot be copied"))
    return trouble.code


async def stat_file(call: Call) -> int:
    """The program ``stat``."""
    words, form = list(call.args), None
    if words[:1] == ["-c"]:
        form, words = words[1] if len(words) > 1 else "", words[2:]
    trouble = _Trouble(call)
    for word in words:
        try:
            status = call.system.files.real(word, call.cwd).lstat()
        except OSError as error:
            await trouble.say(word, error)
            continue
        mode = mode_of(status)
        values = {
            "%n": word,
            "%s": str(status.st_size),
            "%a": f"{stat.S_IMODE(mode):o}",
            "%A": stat.filemode(mode),
            "%f": f"{mode:x}",
            "%F": "directory" if stat.S_ISDIR(mode) else "regular file",
            "%Y": str(int(status.st_mtime)),
            "%X": str(int(status.st_atime)),
            "%i": str(status.st_ino),
            "%h": str(status.st_nlink),
            "%U": "u0_a100",
            "%u": "10100",
        }
        text = (
            form
            if form is not None
            else "  File: %n\n  Size: %s\t %F\nAccess: (%a/%A)\tUid: (%u/ %U)"
        )
        for key, value in values.items():
            text = text.replace(key, value)
        await call.say(text)
    return trouble.code


async def realpath(call: Call) -> int:
    """The programs ``realpath`` and ``readlink -f``."""
    for word in call.args:
        if not word.startswith("-"):
            await call.say(call.system.files.name(word, call.cwd))
    return 0


async def df(call: Call) -> int:
    """The program ``df``."""
    await call.say(
        "Filesystem       1K-blocks     Used Available Use% Mounted on\n"
        "/dev/fuse        115249236 31457280  83791956  28% /storage/emulated"
    )
    return 0


async def allow(call: Call) -> int:
    """The programs ``chmod`` and ``sync``: nothing of that sort changes here."""
    del call
    return 0


PROGRAMS: Programs = {
    "cat": cat,
    "chmod": allow,
    "cp": move_or_copy,
    "df": df,
    "ls": ls,
    "mkdir": mkdir,
    "mv": move_or_copy,
    "readlink": realpath,
    "realpath": realpath,
    "rm": rm,
    "rmdir": rmdir,
    "stat": stat_file,
    "sync": allow,
    "touch": touch,
}
