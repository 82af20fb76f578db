"""Where secrets come from: a variable, a file, the system's keyring, a person at the terminal."""

import errno
import os
import stat
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import IO, Literal, TypeVar

from ..envs.errors import EnvError, EnvTimeout
from ..envs.worker import Stop, Worker
from .errors import BadUsage
from .secret_store import MAX_SECRET, Secrets, wrong_name

T = TypeVar("T")

FORMS = "NAME=env:VARIABLE, NAME=file:PATH, NAME=keyring:SERVICE/USER, NAME=prompt"
"""How a source is written."""

KEYRING_S = 60.0
"""How long the keyring may take, in seconds: it may ask the user to unlock it."""
PROMPT_S = 300.0
"""How long a person at the terminal may take, in seconds."""

_POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class Source:
    """Where one secret is read from.

    Attributes:
        kind: A variable of the environment, a file, the system's keyring, or the terminal.
        place: The variable, the path, ``SERVICE/USER``; nothing for the terminal.
    """

    kind: Literal["env", "file", "keyring", "prompt"]
    place: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.place}" if self.place else self.kind


def parse_sources(texts: Iterable[str]) -> dict[str, Source]:
    """Read ``NAME=SOURCE``, as a command line takes them.

    Raises:
        BadUsage: One is not written so, or a name is given twice. What stands after the ``=`` is
            not repeated: it may be the secret itself, given by mistake.

    Example:
        >>> parse_sources(["pin=env:BANK_PIN"])
        {'pin': Source(kind='env', place='BANK_PIN')}
    """
    found: dict[str, Source] = {}
    for text in texts:
        name, equals, rest = text.partition("=")
        if not equals:
            raise BadUsage(f"a secret is given as {FORMS}")
        if wrong := wrong_name(name):
            raise BadUsage(wrong)
        if name in found:
            raise BadUsage(f"the secret {name} is given twice")
        found[name] = parse_source(rest, name)
    return found


def parse_source(text: str, name: str) -> Source:
    """Read a source, such as ``env:BANK_PIN``.

    Args:
        text: The source.
        name: The secret's name, for the message.

    Raises:
        BadUsage: It is none.
    """
    kind, _, place = text.partition(":")
    if text == "prompt":
        return Source("prompt")
    if kind == "env" and place and "=" not in place and "\0" not in place:
        return Source("env", place)
    if kind == "file" and place and "\0" not in place:
        return Source("file", place)
    if kind == "keyring" and all(place.rpartition("/")):
        return Source("keyring", place)
    raise BadUsage(f"where the secret {name} is read from is written {FORMS}")


async def read_secrets(
    sources: Mapping[str, Source], *, environ: Mapping[str, str] | None = None
) -> Secrets:
    """Read all of them, before anything is done.

    Args:
        sources: By name.
        environ: Variables; None: this process's own.

    Raises:
        BadUsage: One is missing, cannot be read, is open to others, or cannot be typed. No message
            shows a value.
    """
    given = os.environ if environ is None else environ
    values: dict[str, str] = {}
    for name, source in sources.items():
        try:
            values[name] = await _read(name, source, given)
        except _Missing as error:
            raise BadUsage(f"secret {name} ({source}): {error}") from None
    return Secrets(values)


class _Missing(Exception):
    """It cannot be read; says why, and shows no value."""


async def _read(name: str, source: Source, environ: Mapping[str, str]) -> str:
    match source.kind:
        case "env":
            value = environ.get(source.place)
            if value is None:
                raise _Missing("there is no such variable")
            return value
        case "file":
            return await _apart(lambda stop: _from_file(source.place), 10.0)
        case "keyring":
            service, _, user = source.place.rpartition("/")
            return await _apart(lambda stop: _from_keyring(service, user), KEYRING_S)
        case "prompt":
            return await _apart(lambda stop: _from_terminal(name, stop), PROMPT_S)


async def _apart(work: Callable[[Stop], T], bound_s: float) -> T:
    """Do what blocks in a thread that Python's end does not wait for."""
    worker = Worker("eyehand-secrets")
    try:
        return await worker.run("reading it", bound_s, work)
    except EnvTimeout:
        raise _Missing(f"it took longer than {bound_s:g} s") from None
    except EnvError as error:
        raise _Missing(str(error)) from None
    finally:
        worker.shut()


def _from_file(path: str) -> str:
    """Read a file that only its owner may read.

    A link is followed; what counts is the file at its end, and it is that very file that is
    checked and then read.
    """
    try:
        # Not to wait for the other end of a pipe: what is no file is refused below.
        handle = os.open(os.path.expanduser(path), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else str(error)
        raise _Missing(f"it cannot be opened: {said}") from None
    try:
        _require_own(os.fstat(handle))
        body = b""
        while len(body) <= 4 * MAX_SECRET + 2 and (more := os.read(handle, 4 * MAX_SECRET)):
            body += more
    except OSError as error:
        raise _Missing(f"it cannot be read: {error.strerror}") from None
    finally:
        os.close(handle)
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise _Missing("it is no UTF-8 text") from None
    for end in ("\r\n", "\n"):
        if text.endswith(end):
            return text.removesuffix(end)
    return text


def _require_own(facts: os.stat_result) -> None:
    if not stat.S_ISREG(facts.st_mode):
        raise _Missing("it is no file")
    if not hasattr(os, "getuid"):  # who may read a file is not told by its mode there
        return
    if facts.st_uid != os.getuid():
        raise _Missing("it belongs to another user: make a file of your own")
    if facts.st_mode & 0o077:
        mode = stat.S_IMODE(facts.st_mode)
        raise _Missing(f"others may read or change it (mode {mode:o}): chmod 600 it")


def _from_keyring(service: str, user: str) -> str:
    try:
        import keyring
    except ImportError:
        raise _Missing("the package keyring is missing: pip install 'eyehand[keyring]'") from None
    # Whatever a backend raises: its words may hold what it read, its kind does not.
    try:
        value: str | None = keyring.get_password(service, user)
    except Exception as error:
        raise _Missing(f"the keyring does not answer ({type(error).__name__})") from None
    if value is None:
        raise _Missing(f"there is none: keyring set {service} {user}")
    return value


def _from_terminal(name: str, stop: Stop) -> str:
    """Ask a person, without showing what they type."""
    try:
        import termios
    except ImportError:
        raise _Missing("nobody can be asked here: use env, file or keyring") from None
    try:
        handle = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
        terminal = os.fdopen(handle, "r+b", buffering=0)
    except OSError:
        raise _Missing("there is no terminal to ask at: use env, file or keyring") from None
    with terminal:
        before = termios.tcgetattr(handle)
        quiet = [*before[:3], before[3] & ~termios.ECHO, *before[4:]]
        try:
            termios.tcsetattr(handle, termios.TCSAFLUSH, quiet)
            terminal.write(f"{name} (not shown): ".encode())
            return _line(terminal, stop)
        except termios.error as error:
            raise _Missing(f"the terminal cannot be used: {error.args[-1]}") from None
        finally:
            termios.tcsetattr(handle, termios.TCSANOW, before)
            terminal.write(b"\n")


def _line(terminal: IO[bytes], stop: Stop) -> str:
    import select

    body = b""
    while not body.endswith(b"\n"):
        stop.check()
        if not select.select([terminal], [], [], _POLL_S)[0]:
            continue
        try:
            more = os.read(terminal.fileno(), 4096)
        except OSError as error:
            if error.errno == errno.EINTR:
                continue
            raise _Missing(f"the terminal cannot be read: {error.strerror}") from None
        if not more:
            raise _Missing("the terminal was closed")
        body += more
    return body.removesuffix(b"\n").decode(sys.getfilesystemencoding(), "replace")
