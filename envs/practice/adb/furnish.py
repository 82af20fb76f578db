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

_PYTHON = "/apex/python"
_PATH = "/product/bin:/system/bin:/vendor/bin"
_NOBODY = 65534
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


def furnish(files: Files, kind: str, mksh: str) -> Home:
    """Put programs, and what they need, into the phone's folder.

    Args:
        files: The phone's files.
        kind: What will shut the shell in; see ``Jail.kind``.
        mksh: Where this machine has mksh.

    Raises:
        OSError: A file cannot be copied.
        ValueError: What a program needs cannot be found out.
    """
    root = files.root
    if kind == "restricted":
        python = os.path.realpath(sys.executable)
        _write_programs(root, python, f"{root}/dev/socket/phone")
        env = _environment(f"{root}/system/bin", f"{root}/data/local/tmp")
        return Home((mksh, "-r"), env, _PRELUDE)
    _copy_programs(root, mksh)
    _write_programs(root, f"{_PYTHON}/bin/python3", "/dev/socket/phone")
    for name in ("null", "zero", "full", "random", "urandom", "tty"):
        (root / "dev" / name).touch()
    link = root / "sdcard"
    if not link.is_symlink():
        link.symlink_to(SHARED)
    if kind == "chroot":
        for folder in WRITABLE:
            for path in (root / folder[1:], *(root / folder[1:]).iterdir()):
                os.chown(path, _NOBODY, _NOBODY)
    return Home(("/system/bin/sh",), _environment(_PATH, "/"))


def _environment(path: str, home: str) -> tuple[str, ...]:
    values = {
        "PATH": path,
        "HOME": home,
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


def _write_programs(root: Path, python: str, address: str) -> None:
    text = Path(stub.__file__).read_text(encoding="utf-8")
    text = text.replace(f'"{stub.ADDRESS}"', repr(address))
    if len(python) > 120 or any(char.isspace() for char in python):
        raise ValueError(f"{python!r} cannot be named in the first line of a script")
    folder = root / "system/bin"
    script = f"#!{python} -IS\n{text}"
    for name in (*PROGRAMS, "practice-probe"):
        path = folder / name
        if not path.exists():
            path.write_text(script, encoding="utf-8")
        else:
            path.chmod(0o755)
            path.write_text(script, encoding="utf-8")
        path.chmod(0o555)
    (root / "system/etc/mkshrc").write_text("PS1='practice:${PWD:-?} $ '\n", encoding="ascii")


def _copy_programs(root: Path, mksh: str) -> None:
    """Mksh and an interpreter with hardly any library, and the libraries they are linked with."""
    python = os.path.realpath(sys.executable)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    home = root / _PYTHON[1:]
    library = home / "lib" / version
    (library / "encodings").mkdir(parents=True, exist_ok=True)
    (library / "lib-dynload").mkdir(exist_ok=True)
    (home / "bin").mkdir(exist_ok=True)
    shutil.copy(python, home / "bin/python3")
    shutil.copy(mksh, root / "system/bin/sh")
    source = Path(sysconfig.get_path("stdlib"))
    shutil.copy(source / "os.py", library / "os.py")  # how an interpreter knows its library
    for name in _ENCODINGS:
        py_compile.compile(
            str(source / "encodings" / f"{name}.py"),
            cfile=str(library / "encodings" / f"{name}.pyc"),
            doraise=True,
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )
    linked = [mksh, python]
    module = getattr(__import__("_socket"), "__file__", None)
    if module is not None:
        shutil.copy(module, library / "lib-dynload" / Path(module).name)
        linked.append(module)
    for name in _libraries(linked):
        target = root / name[1:]
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(name, target)


def _libraries(programs: list[str]) -> set[str]:
    """What programs are linked with, as paths of this machine."""
    done = subprocess.run(
        ["ldd", *programs], capture_output=True, text=True, timeout=10, check=False
    )
    return set(re.findall(r"(?:=> |^\s+)(/\S+) \(0x", done.stdout, re.MULTILINE))
