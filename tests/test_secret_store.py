"""Secrets: where they are read from, what they fill, and that nothing shows them."""

import copy
import json
import os
import pickle
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from pydantic import BaseModel, ConfigDict

from eyehand.agent.errors import BadUsage
from eyehand.agent.secret_sources import Source, parse_sources, read_secrets
from eyehand.agent.secret_store import Secrets
from eyehand.envs import ActionFailed

VALUE = "hunter2-Zq/ü"


async def read(text: str, **environ: str) -> Secrets:
    return await read_secrets(parse_sources([text]), environ=environ)


def locked(path: Path, body: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(body)
    path.chmod(mode)
    return path


# What shows it -----------------------------------------------------------------------------------


def test_no_way_to_print_secrets_prints_one() -> None:
    secrets = Secrets({"pin": VALUE, "other": "abc"})
    shown = [repr(secrets), str(secrets), f"{secrets}", repr([secrets]), repr(secrets._values)]
    assert repr(secrets) == "Secrets(other, pin)"
    assert not any(VALUE in words for words in shown)
    assert not hasattr(secrets, "__dict__")


def test_secrets_are_neither_pickled_nor_copied_nor_written_as_json() -> None:
    secrets = Secrets({"pin": VALUE})
    for attempt in (pickle.dumps, json.dumps):
        with pytest.raises(TypeError) as caught:
            attempt(secrets)
        assert VALUE not in str(caught.value)
    assert copy.deepcopy({"a": secrets})["a"] is secrets
    assert copy.copy(secrets) is secrets


def test_a_model_that_holds_secrets_does_not_dump_them() -> None:
    class Holder(BaseModel):
        model_config = ConfigDict(arbitrary_types_allowed=True)
        secrets: Secrets

    holder = Holder(secrets=Secrets({"pin": VALUE}))
    assert VALUE not in repr(holder) + repr(holder.model_dump())
    with pytest.raises(Exception, match="serialize") as caught:
        holder.model_dump_json()
    assert VALUE not in str(caught.value)


def test_a_traceback_with_locals_shows_names_alone() -> None:
    secrets = Secrets({"pin": VALUE})
    with pytest.raises(ActionFailed) as caught:
        secrets.filled("{{secret:pim}}")
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    told = "".join(shown.format())
    assert "Secrets(pin)" in told
    assert VALUE not in told


# What is filled in -------------------------------------------------------------------------------


def test_references_anywhere_and_several_are_filled_once() -> None:
    secrets = Secrets({"a": "1{{secret:b}}1", "b": "2"})
    text = "x {{secret:a}}{{secret:b}}\t{{ secret:b }}y"
    assert secrets.filled(text) == "x 1{{secret:b}}12\t2y"
    assert secrets.named_in(text) == ("a", "b", "b")
    assert secrets.filled("nothing {{b}} {b}") == "nothing {{b}} {b}"


@pytest.mark.parametrize(
    "text", ["{{secret:c}}", "{{secret:a}} {{secret:}}", "{{secret a}}", "{{secret:a}", "{{SECRET"]
)
def test_a_reference_to_nothing_or_misspelt_is_never_typed_as_it_stands(text: str) -> None:
    with pytest.raises(ActionFailed, match="nothing was typed; there are: a, b"):
        Secrets({"a": VALUE, "b": "2"}).filled(text)


def test_a_text_that_grows_too_long_is_refused() -> None:
    with pytest.raises(ActionFailed, match="longer than"):
        Secrets({"a": "x" * 1000}).filled("{{secret:a}}" * 101)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("", "empty"),
        ("hunter2\nx", "character 7 is a control"),
        ("hunter2\x1b", "character 7"),
        ("hunter2\x9f", "character 7"),
        ("hunter2\udc80", "surrogate"),
        ("hunter2" * 200, "longer than 1000"),
    ],
)
def test_a_value_that_cannot_be_typed_is_refused_without_showing_it(value: str, why: str) -> None:
    with pytest.raises(BadUsage, match=why) as caught:
        Secrets({"pin": value})
    assert "pin" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_name_that_no_reference_can_say_is_refused() -> None:
    for name in ("", "a b", "1a", "a}}", "ä"):
        with pytest.raises(BadUsage, match="no name for a secret"):
            Secrets({name: "x"})


# Where it comes from -----------------------------------------------------------------------------


def test_sources_are_read_as_a_command_line_has_them() -> None:
    texts = ["a=env:A_B", "b=file:~/x=y:z", "c=keyring:my/bank/me", "d=prompt"]
    assert parse_sources(texts) == {
        "a": Source("env", "A_B"),
        "b": Source("file", "~/x=y:z"),
        "c": Source("keyring", "my/bank/me"),
        "d": Source("prompt"),
    }


@pytest.mark.parametrize(
    "text",
    [
        "hunter2",
        "pin=hunter2",
        "pin=env:",
        "pin=file:",
        "pin=keyring:hunter2",
        "pin=prompt:hunter2",
    ],
)
def test_a_value_given_where_a_source_belongs_is_not_repeated(text: str) -> None:
    with pytest.raises(BadUsage, match="NAME=env:VARIABLE") as caught:
        parse_sources([text])
    assert "hunter2" not in str(caught.value)


def test_a_name_given_twice_is_refused() -> None:
    with pytest.raises(BadUsage, match="given twice"):
        parse_sources(["a=prompt", "a=env:X"])


async def test_a_variable_is_read_and_a_missing_one_is_told() -> None:
    assert (await read("pin=env:P", P=VALUE)).reveal("pin") == VALUE
    with pytest.raises(BadUsage, match=r"secret pin \(env:P\): there is no such variable"):
        await read("pin=env:P")


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
async def test_a_file_is_read_without_its_last_line_feed(tmp_path: Path, end: bytes) -> None:
    path = locked(tmp_path / "s", VALUE.encode() + end)
    assert (await read(f"pin=file:{path}")).reveal("pin") == VALUE


async def test_only_one_line_feed_is_taken_off_a_file(tmp_path: Path) -> None:
    path = locked(tmp_path / "s", b"x\n\n")
    with pytest.raises(BadUsage, match="character 1 is a control"):
        await read(f"pin=file:{path}")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o610, 0o666])
async def test_a_file_that_others_may_read_or_change_is_refused(tmp_path: Path, mode: int) -> None:
    path = locked(tmp_path / "s", VALUE.encode(), mode)
    link = tmp_path / "link"
    link.symlink_to(path)
    for place in (path, link):  # what counts is the file, not the link
        with pytest.raises(BadUsage, match=rf"others may .*{mode:o}.*chmod 600") as caught:
            await read(f"pin=file:{place}")
        assert VALUE not in str(caught.value)


async def test_a_link_to_a_file_of_ones_own_is_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(locked(tmp_path / "s", VALUE.encode()))
    assert (await read(f"pin=file:{tmp_path / 'link'}")).reveal("pin") == VALUE


async def test_a_file_of_somebody_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    # Whoever runs the tests does not own this one, or is root and then is told to be another.
    monkeypatch.setattr(os, "getuid", lambda: os.stat("/etc/passwd").st_uid + 1)
    with pytest.raises(BadUsage, match="belongs to another user"):
        await read("pin=file:/etc/passwd")


async def test_what_is_no_file_or_no_text_is_refused_and_waited_for_by_nobody(
    tmp_path: Path,
) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    locked(tmp_path / "bytes", b"\xff\xfe")
    for name, why in (
        ("pipe", "no file"),
        (".", "no file"),
        ("none", "No such file"),
        ("bytes", "no UTF-8"),
    ):
        with pytest.raises(BadUsage, match=why):
            await read(f"pin=file:{tmp_path / name}")


class Ring(KeyringBackend):
    """A keyring of a few entries, one of which takes for ever, and one that tells all."""

    priority = 1  # pyright: ignore[reportAssignmentType]

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.gate = threading.Event()

    def get_password(self, service: str, username: str) -> str | None:
        if username == "slow":
            self.gate.wait()
        if username == "loud":
            raise RuntimeError(f"cannot unlock with {VALUE}")
        return VALUE if (service, username) == ("my/bank", "me") else None

    def set_password(self, service: str, username: str, password: str) -> None:
        raise NotImplementedError

    def delete_password(self, service: str, username: str) -> None:
        raise NotImplementedError


@pytest.fixture
def ring() -> Iterator[Ring]:
    before, made = keyring.get_keyring(), Ring()
    keyring.set_keyring(made)
    yield made
    made.gate.set()
    keyring.set_keyring(before)


async def test_the_keyring_is_asked_and_what_it_says_of_a_failure_is_not_repeated(
    ring: Ring,
) -> None:
    assert (await read("pin=keyring:my/bank/me")).reveal("pin") == VALUE
    with pytest.raises(BadUsage, match="keyring set my/bank you"):
        await read("pin=keyring:my/bank/you")
    with pytest.raises(BadUsage, match=r"does not answer .RuntimeError") as caught:
        await read("pin=keyring:my/bank/loud")
    shown = "".join(traceback.format_exception(caught.value))
    assert VALUE not in shown


async def test_a_keyring_that_hangs_is_not_waited_for_without_end(
    ring: Ring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eyehand.agent.secret_sources.KEYRING_S", 0.05)
    with pytest.raises(BadUsage, match=r"took longer than 0\.05 s"):
        await read("pin=keyring:my/slow")


async def test_a_missing_keyring_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(BadUsage, match=r"pip install 'eyehand\[keyring\]'"):
        await read("pin=keyring:a/b")


ASKS = """
import asyncio
from eyehand.agent.secret_sources import parse_sources, read_secrets
secrets = asyncio.run(read_secrets(parse_sources(["pin=prompt"])))
print(len(secrets.reveal("pin")))
"""


# A terminal of its own, from a process of one thread.
TERMINAL = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"


def test_what_a_person_types_at_the_terminal_is_not_shown() -> None:
    command = [sys.executable, "-c", TERMINAL, sys.executable, "-c", ASKS]
    pipes = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipes, stdout=pipes, start_new_session=True) as asked:
        assert asked.stdin
        assert asked.stdout
        shown = b""
        while b"(not shown): " not in shown:
            more = os.read(asked.stdout.fileno(), 1000)
            assert more, shown
            shown += more
        asked.stdin.write(f"{VALUE}\n".encode())
        asked.stdin.flush()
        while more := os.read(asked.stdout.fileno(), 1000):
            shown += more
    assert asked.returncode == 0, shown
    assert f"{len(VALUE)}".encode() in shown
    assert VALUE.encode() not in shown
