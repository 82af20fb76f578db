"""Fills the phone's folder with what its shell needs to run."""

import os
import py_compile
import re
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from . import stub
from .files import SHARED, WRITABLE, Files
from .programs import PROGRAMS

INTERPRETERS = ("perl", "python")
"""What the phone's programs may be written for, the quickest to start first."""

_PERL, _PYTHON = "/apex/perl", "/apex/python"
_PATH = "/product/bin:/system/bin:/vendor/bin"
_NOBODY = 65534
PROBE = "practice-probe"
"""A program that only says that it ran."""

# mksh has a few of these built in, and those would look at this machine's files.
_PRELUDE = b"".join(
    b'%s() { phone-%s "$@"; }; ' % (name, name) for name in (b"cat", b"realpath", b"sleep")
)
# What the interpreter reads at its start beyond what is built into it.
_ENCODINGS = ("__init__", "aliases", "utf_8", "ascii", "latin_1")


@dataclass(frozen=True, slots=True)
class Home:
    """How a shell is started.

    Attributes:
        shell: Its program and options.
        env: Its environment, ``NAME=value``.
        prelude: What every command line begins with.
    """

    shell: tuple[str, ...]
    env: tuple[str, ...]
    prelude: bytes = b""


def furnish(files: Files, kind: str, interpreter: str, mksh: str) -> Home:
    """Put programs, and what they need, into the phone's folder.

    Args:
        files: The phone's files.
        kind: What will shut the shell in; see ``Jail.kind``.
        interpreter: One of ``INTERPRETERS``.
        mksh: Where this machine has mksh.

    Raises:
        OSError: A file cannot be copied.
        ValueError: This machine has no such interpreter.
    """
    root = files.root
    program = shutil.which("perl") if interpreter == "perl" else os.path.realpath(sys.executable)
    if program is None:
        raise ValueError(f"there is no {interpreter}")
    if kind == "restricted":
        _write_programs(root, interpreter, program, f"{root}/dev/socket/phone")
        env = _environment(f"{root}/system/bin", f"{root}/data/local/tmp")
        return Home((mksh, "-r"), env, _PRELUDE)
    place = _PERL if interpreter == "perl" else f"{_PYTHON}/bin/python3"
    _copy(program, root / place[1:])
    _copy(mksh, root / "system/bin/sh")
    linked = [mksh, program]
    if interpreter == "python":
        linked += _copy_library(root / _PYTHON[1:])
    for name in _libraries(linked):
        _copy(name, root / name[1:])
    _write_programs(root, interpreter, place, stub.ADDRESS)
    for name in ("null", "zero", "full", "random", "urandom", "tty"):
        (root / "dev" / name).touch()
    for link in ("sdcard", "mnt/sdcard", "storage/self/primary"):
        (root / link).parent.mkdir(parents=True, exist_ok=True)
        if not (root / link).is_symlink():
            (root / link).symlink_to(SHARED)
    if kind == "chroot":
        for folder in WRITABLE:
            for path in (root / folder[1:], *(root / folder[1:]).iterdir()):
                os.chown(path, _NOBODY, _NOBODY)
    return Home(("/system/bin/sh",), _environment(_PATH, "/"))


def _copy(source: str | Path, target: Path) -> None:
    """Copy a program or a library. Never a link: who owns the copy could write to the original."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    shutil.copy(source, target)


def _environment(path: str, home: str) -> tuple[str, ...]:
    values = {
        "PATH": path,
        "HOME": home,
        "PWD": home,
        "TMPDIR": "/data/local/tmp",
        "SHELL": "/bin/sh",
        "USER": "shell",
        "LOGNAME": "shell",
        "HOSTNAME": "practice",
        "TERM": "dumb",
        "ANDROID_ROOT": "/system",
        "ANDROID_DATA": "/data",
        "EXTERNAL_STORAGE": "/sdcard",
        "ENV": "/system/etc/mkshrc",
    }
    return tuple(f"{name}={value}" for name, value in values.items())


def _write_programs(root: Path, interpreter: str, program: str, address: str) -> None:
    if len(program) > 120 or any(char.isspace() for char in program):
        raise ValueError(f"{program!r} cannot be named in the first line of a script")
    if interpreter == "perl":
        text = f"#!{program}\n{stub.PERL}"
    else:
        text = f"#!{program} -IS\n{Path(stub.__file__).read_text(encoding='utf-8')}"
    folder = root / "system/bin"
    first = folder / PROBE
    first.unlink(missing_ok=True)
    first.write_text(text.replace(f'"{stub.ADDRESS}"', f'"{address}"'), encoding="utf-8")
    first.chmod(0o555)
    for name in PROGRAMS:
        (folder / name).unlink(missing_ok=True)
        (folder / name).hardlink_to(first)
    (root / "system/etc/mkshrc").write_text("PS1='practice:${PWD:-?} $ '\n", encoding="ascii")


def _copy_library(home: Path) -> list[str]:
    """What Python reads at its start; gives the modules among it that are linked with libraries."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    library = home / "lib" / version
    source = Path(sysconfig.get_path("stdlib"))
    _copy(source / "os.py", library / "os.py")  # how an interpreter knows its library
    for name in _ENCODINGS:
        py_compile.compile(
            str(source / "encodings" / f"{name}.py"),
            cfile=str(library / "encodings" / f"{name}.pyc"),
            doraise=True,
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )
    module = getattr(__import__("_socket"), "__file__", None)
    if module is None:
        (library / "lib-dynload").mkdir(exist_ok=True)
        return []
    _copy(module, library / "lib-dynload" / Path(module).name)
    return [module]


def _libraries(programs: list[str]) -> set[str]:
    """What programs are linked with, as paths of this machine."""
    done = subprocess.run(
        ["ldd", *programs], capture_output=True, text=True, timeout=10, check=False
    )
    return set(re.findall(r"(?:=> |^\s+)(/\S+) \(0x", done.stdout, re.MULTILINE))
