"""The practice phone among strangers: who gets in, what they reach, and what they cannot break."""

import asyncio
import contextlib
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from practice_host import Key, RawHost
from practice_server import ADBS, AdbServer, Practice, below, confinements, practice_phone
from practice_stand_in import StandIn

from eyehand.envs.practice.adb import PracticeDevice, auth, wire
from eyehand.envs.practice.adb.files import Files
from eyehand.envs.practice.adb.furnish import INTERPRETERS
from eyehand.envs.practice.adb.programs.inputs import unescape
from eyehand.envs.practice.adb.wire import Packet
from eyehand.envs.practice.adb.words import plain_words


def slow(examples: int) -> settings:
    """So many examples, each of which may take its time."""
    return settings(
        max_examples=examples,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(scope="module")
def server() -> Iterator[AdbServer]:
    """Debian's adb server, for the whole file."""
    running = AdbServer(ADBS["debian"])
    asyncio.run(running.start())
    yield running
    asyncio.run(running.stop())


@pytest.fixture
async def practice(server: AdbServer) -> AsyncIterator[Practice]:
    """A stand-in for a phone, connected."""
    async with practice_phone(StandIn(), server=server, adb_keyboard=True) as connected:
        yield connected


@pytest.fixture
async def device(server: AdbServer) -> AsyncIterator[PracticeDevice]:
    """A stand-in for a phone that no server is connected to."""
    device = PracticeDevice(StandIn(), keys=server.keys)  # type: ignore[arg-type]
    try:
        await device.start()
        yield device
    finally:
        await device.close()


@pytest.fixture
def key(server: AdbServer) -> Key:
    return Key(server.keys[0])


KINDS = confinements()

# Plain lines


def _mksh_words(line: bytes) -> list[bytes]:
    """The words that mksh makes of a line whose first word is ``input``."""
    tell = b'input() { for w; do print -rn -- "$w"; print -n "\\0"; done; }\n'
    done = subprocess.run(["mksh", "-c", tell + line], capture_output=True, timeout=10)
    assert done.returncode == 0, done
    assert not done.stderr
    return done.stdout.split(b"\0")[:-1]


_LETTERS = b"ab1_@%+,./:=- \t'\"\\$`;|&<>()[]{}*?!#^~\n\x07\x80\xff"


@slow(400)
@given(st.lists(st.sampled_from(list(_LETTERS)), max_size=12).map(bytes))
@example(b"''")
@example(b"a''b \"\" 'c'")
@example(b"a\\ b \\\\ \\'")
@example(b"'\x07\xff' \x07")
def test_a_plain_line_means_to_a_shell_what_it_means_here(text: bytes) -> None:
    words = plain_words(b"input " + text)
    if words is not None:
        assert words[1:] == _mksh_words(b"input " + text)


@given(st.text("%sd a", max_size=12))
def test_input_text_undoes_its_escape_as_android_does(text: str) -> None:
    done = list(text)
    at, after_percent = 0, False
    while at < len(done):  # as Android's sendText walks through it
        if after_percent:
            after_percent = False
            if done[at] == "s":
                done[at] = " "
                del done[at - 1]
                at -= 1
        if done[at] == "%":
            after_percent = True
        at += 1
    assert unescape(text) == "".join(done)


# What cannot be reached


@pytest.mark.parametrize("interpreter", INTERPRETERS)
@pytest.mark.parametrize("kind", KINDS)
async def test_nothing_of_this_machine_is_run_or_written_from_the_phones_shell(
    server: AdbServer, tmp_path: Path, kind: str, interpreter: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eyehand.envs.practice.adb.jail.KINDS", (kind,))
    monkeypatch.setattr("eyehand.envs.practice.adb.jail.INTERPRETERS", (interpreter,))
    secret = tmp_path / "secret"
    secret.write_text("hidden words")
    os.chmod(tmp_path, 0o755)
    async with practice_phone(StandIn(), server=server) as practice:
        assert practice.device.confinement == kind
        tries = [
            f"cat {secret}",
            f"cat /sdcard/../..{secret}",
            f"cp {secret} /sdcard/x; cat /sdcard/x",
            f"ls {tmp_path}",
            f"> {tmp_path}/made",
            f"echo x >> {secret}",
            f"touch {tmp_path}/made",
            f"mkdir {tmp_path}/made",
            f"rm {secret}; rm -rf {tmp_path}",
            f"screencap -p {tmp_path}/made",
            f"/bin/touch {tmp_path}/made",
            f'/usr/bin/python3 -c \'open("{tmp_path}/made", "w")\'',
            f'{sys.executable} -c \'open("{tmp_path}/made", "w")\'',
            f"PATH=/bin:/usr/bin touch {tmp_path}/made",
            f"command -p touch {tmp_path}/made",
            f"exec /bin/touch {tmp_path}/made",
            f"/apex/python/bin/python3 -ISc 'import posix; posix.mkdir(\"{tmp_path}/made\")'",
            f"ENV=x sh -c 'touch {tmp_path}/made'",
        ]
        if kind != "restricted":
            tries += [f"echo $(<{secret})", f"while read a; do echo $a; done <{secret}"]
        for line in tries:
            done = await practice.shell(line)
            assert b"hidden" not in done.out + done.err, line
        assert names(tmp_path) == ["secret"]
        assert secret.read_text() == "hidden words"
        push = await practice.adb("push", str(secret), f"{tmp_path}/made")
        assert push.code != 0
        pull = await practice.adb("pull", str(secret), str(tmp_path / "copy"))
        assert pull.code != 0
        if kind != "restricted":
            for path in ("/made", "/system/bin/made", "/etc/made", "/dev/made", "/apex/made"):
                assert (await practice.shell(f"> {path}")).code == 1
            assert (await practice.shell("> /sdcard/a; cd /sdcard; ls a 2>/dev/null")).out == b"a\n"
        assert (await practice.shell("input text ok; exit 3")).code == 3
        assert practice.phone.field.text == "ok"


async def test_a_link_out_of_the_phones_folders_is_not_followed(
    practice: Practice, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("hidden words")
    files: Files = practice.device._system.files
    (files.root / "data/local/tmp/out").symlink_to(tmp_path)
    for line in (
        "cat /data/local/tmp/out/secret",
        "touch /data/local/tmp/out/made",
        "rm -r /data/local/tmp/out/secret",
        "cat < /data/local/tmp/out/secret",
        "cp -r /data/local/tmp /sdcard/copy; cat /sdcard/copy/out/secret",
    ):
        done = await practice.shell(line)
        assert b"hidden" not in done.out
    pulled = await practice.adb("pull", "/data/local/tmp/out/secret", str(tmp_path / "b"))
    assert pulled.code != 0
    assert names(tmp_path) == ["secret"]


async def test_a_shell_inherits_nothing_but_its_own_three_files(practice: Practice) -> None:
    shells: set[int] = set()
    waiting = asyncio.create_task(practice.shell("echo $(cat | cat; sleep 0.5)"))
    for _ in range(100):
        await asyncio.sleep(0.02)
        shells = below(practice.device._jail._launcher.pid)  # type: ignore[union-attr]
        if len(shells) >= 3:
            break
    first = min(shells - {min(shells)})
    held = {int(name) for name in os.listdir(f"/proc/{first}/fd")}
    await waiting
    assert held >= {0, 1, 2}
    assert not {number for number in held - {0, 1, 2} if number < 10}  # mksh's own begin at 10


async def test_the_phones_files_are_for_this_user_only(practice: Practice) -> None:
    place = practice.device._system.files.root.parent
    assert place.stat().st_mode & 0o077 == 0


async def test_it_listens_on_loopback_only(device: PracticeDevice) -> None:
    assert device._server is not None
    assert [sock.getsockname()[0] for sock in device._server.sockets] == ["127.0.0.1"]


# Who gets in


async def test_a_stranger_without_the_users_key_is_not_let_in(server: AdbServer) -> None:
    device = PracticeDevice(StandIn(), keys=[])  # type: ignore[arg-type]
    try:
        port = await device.start()
        said = await server.run("connect", f"127.0.0.1:{port}")
        assert "failed to authenticate" in said.text
        listed = await server.run("devices")
        assert f"127.0.0.1:{port}\tunauthorized" in listed.text
        await server.run("disconnect", f"127.0.0.1:{port}")
        assert device.log == []
    finally:
        await device.close()


async def test_nothing_is_served_before_a_signature(device: PracticeDevice, key: Key) -> None:
    hello = Packet(wire.CNXN, 0x01000001, 4096, b"host::")
    ask = Packet(wire.OPEN, 1, 0, b"shell:id\0")
    for packets in (
        [Packet(wire.OPEN, 1, 0, b"shell:input tap 1 1\0")],
        [hello, ask],
        [hello, Packet(wire.AUTH, 2, 0, key.sign(b"0" * 20)), ask],
        [hello, Packet(wire.AUTH, 3, 0, b"QAAAA me@here\0"), ask],
    ):
        async with RawHost(device.port) as host:
            for packet in packets:
                host.send(packet)
            assert await host.closed()
    assert device.log == []


@slow(20)
@given(st.binary(max_size=300), st.binary(min_size=20, max_size=20))
def test_only_a_signature_of_this_very_token_counts(signature: bytes, token: bytes) -> None:
    home = _key_home()
    key = Key(home / "adbkey")
    assert auth.signed_by([home / "adbkey"], token, signature) is None
    good = key.sign(token)
    assert auth.signed_by([home / "adbkey"], token, good) == home / "adbkey"
    assert auth.signed_by([home / "adbkey.pub"], token, good) == home / "adbkey.pub"
    assert auth.signed_by([home / "missing", home / "adbkey"], token, good) == home / "adbkey"
    other = bytes([token[0] ^ 1]) + token[1:]
    assert auth.signed_by([home / "adbkey"], other, good) is None
    assert auth.signed_by([home / "adbkey"], token, good[:-1]) is None
    assert auth.signed_by([home / "adbkey"], token, b"\0" + good) is None


_made: list[Path] = []


def _key_home() -> Path:
    """A folder with a key that adb made; the same one every time."""
    if not _made:
        import tempfile

        home = Path(tempfile.mkdtemp(prefix="adb-key-"))
        done = subprocess.run([ADBS["debian"], "keygen", str(home / "adbkey")], capture_output=True)
        assert done.returncode == 0, done
        _made.append(home)
    return _made[0]


@pytest.fixture(scope="module", autouse=True)
def _no_keys_left() -> Iterator[None]:
    yield
    for home in _made:
        shutil.rmtree(home)


@given(st.binary(max_size=600))
@example(b"-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n")
@example(b"-----BEGIN")
@example(b"QAAAAA== me@here")
def test_what_is_no_key_is_refused_as_one(data: bytes) -> None:
    with contextlib.suppress(auth.KeyUnreadable):
        modulus, exponent = auth.read_key(data)
        assert modulus > 0
        assert exponent > 0


def test_keys_are_looked_for_where_adb_keeps_them(tmp_path: Path) -> None:
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor" / "a.adb_key").touch()
    found = auth.key_files(
        {"ADB_VENDOR_KEYS": f"{tmp_path}/vendor:{tmp_path}/one", "HOME": "/home/me"}
    )
    assert found == [
        tmp_path / "vendor" / "a.adb_key",
        tmp_path / "one",
        Path("/home/me/.android/adbkey"),
    ]


# Hosts that are not adb


@slow(40)
@given(chunks=st.lists(st.binary(max_size=400), max_size=4))
async def test_garbage_ends_its_own_connection_only(
    device: PracticeDevice, key: Key, chunks: list[bytes]
) -> None:
    async with RawHost(device.port, key) as good:
        async with RawHost(device.port) as rude:
            for chunk in chunks:
                rude.writer.write(chunk)
            rude.writer.write_eof()
            assert await rude.closed()
        assert await good.all("exec:getprop ro.serialno") == b"practice\n"


_packets = st.builds(
    Packet,
    st.sampled_from([wire.SYNC, wire.CNXN, wire.AUTH, wire.OPEN, wire.OKAY, wire.CLSE, wire.WRTE]),
    st.sampled_from([0, 1, 2, 3, 2**32 - 1]),
    st.sampled_from([0, 1, 2, 3, 2**32 - 1]),
    st.sampled_from([b"", b"\0", b"shell:id\0", b"sync:\0", b"exec:cat\0", b"SEND\xff\xff\xff\xff",
                     b"STAT\3\0\0\0/sd", b"no such thing\0", b"shell,v2,pty:\0", b"\0\xff" * 50]),
)  # fmt: skip


@slow(60)
@given(packets=st.lists(_packets, max_size=12))
async def test_no_order_of_messages_stops_the_phone(
    device: PracticeDevice, key: Key, packets: list[Packet]
) -> None:
    async with RawHost(device.port, key) as host:
        for packet in packets:
            host.send(packet)
        await asyncio.sleep(0.01)
    async with RawHost(device.port, key) as host:
        assert await host.all("exec:getprop ro.serialno") == b"practice\n"


@pytest.mark.parametrize("version", [0x01000000, 0x01000001])
@pytest.mark.parametrize("own", [0x01000000, 0x01000001])
async def test_old_and_new_versions_understand_each_other(
    server: AdbServer, key: Key, version: int, own: int
) -> None:
    device = PracticeDevice(StandIn(), keys=server.keys, version=own)  # type: ignore[arg-type]
    try:
        await device.start()
        async with RawHost(device.port, key, version=version) as host:
            assert host.hello.arg0 == min(version, own)
            said = await host.all("shell:printf '%s' " + "x" * 3000)
            assert said == b"x" * 3000
    finally:
        await device.close()


async def test_a_wrong_checksum_ends_an_old_connection(server: AdbServer, key: Key) -> None:
    device = PracticeDevice(StandIn(), keys=server.keys, version=0x01000000)  # type: ignore[arg-type]
    try:
        await device.start()
        async with RawHost(device.port, key, version=0x01000000) as host:
            packet = bytearray(Packet(wire.OPEN, 1, 0, b"shell:id\0").encode(checked=True))
            packet[16] ^= 1
            host.writer.write(packet)
            assert await host.closed()
        assert device.log == []
    finally:
        await device.close()


async def test_a_service_that_is_not_there_is_closed_at_once(
    device: PracticeDevice, key: Key
) -> None:
    async with RawHost(device.port, key) as host:
        for number, name in enumerate(("jdwp", "tcp:80", "localabstract:x", "", "reverse:forward")):
            host.open(name, number + 1)
            answer = await host.receive()
            assert (answer.command, answer.arg0, answer.arg1) == (wire.CLSE, 0, number + 1)


async def test_messages_are_no_larger_than_the_host_takes(device: PracticeDevice, key: Key) -> None:
    async with RawHost(device.port, key, max_data=5000) as host:
        host.open("exec:screencap")
        assert (await host.receive()).command == wire.OKAY
        packet = await host.receive()
        assert (packet.command, len(packet.data)) == (wire.WRTE, 5000)
        with pytest.raises(TimeoutError):
            await host.receive(0.2)  # the next one waits until this one was taken
        host.send(Packet(wire.OKAY, 1, packet.arg0))
        assert (await host.receive()).command == wire.WRTE


async def test_a_host_that_floods_a_stream_is_cut_off(device: PracticeDevice, key: Key) -> None:
    async with RawHost(device.port, key) as host:
        host.open("exec:sleep 30")
        opened = await host.receive()
        for _ in range(20):
            host.send(Packet(wire.WRTE, 1, opened.arg0, b"x" * 4000))
        assert await host.closed()


# Files


@slow(20)
@given(data=st.binary(max_size=200_000) | st.integers(0, 300_000).map(lambda n: os.urandom(n)))
async def test_any_bytes_pushed_come_back(device: PracticeDevice, key: Key, data: bytes) -> None:
    async with RawHost(device.port, key, max_data=65536) as host:
        assert await _sync(host, _send("/sdcard/f", data)) == b"OKAY\0\0\0\0"
        said = await _sync(host, b"RECV" + struct.pack("<I", 9) + b"/sdcard/f", local=2)
    got, at = bytearray(), 0
    while said[at : at + 4] == b"DATA":
        length = struct.unpack_from("<I", said, at + 4)[0]
        got += said[at + 8 : at + 8 + length]
        at += 8 + length
    assert said[at:] == b"DONE\0\0\0\0"
    assert bytes(got) == data


def _send(path: str, data: bytes, mode: int = 0o100644) -> bytes:
    name = f"{path},{mode}".encode()
    pieces = [data[at : at + 65536] for at in range(0, len(data), 65536)]
    return b"".join([
        b"SEND", struct.pack("<I", len(name)), name,
        *(b"DATA" + struct.pack("<I", len(piece)) + piece for piece in pieces),
        b"DONE", struct.pack("<I", 1_700_000_000),
    ])  # fmt: skip


async def _sync(host: RawHost, request: bytes, local: int = 1) -> bytes:
    """What ``sync:`` answers to a request."""
    host.open("sync:", local)
    opened = await host.receive()
    said = bytearray()

    async def take() -> Packet:
        packet = await host.receive()
        if packet.command == wire.WRTE:
            said.extend(packet.data)
            host.send(Packet(wire.OKAY, local, opened.arg0))
        return packet

    whole = request + b"QUIT\0\0\0\0"
    for at in range(0, len(whole), 60_000):
        host.send(Packet(wire.WRTE, local, opened.arg0, whole[at : at + 60_000]))
        while (await take()).command != wire.OKAY:
            pass
    while (await take()).command != wire.CLSE:
        pass
    host.send(Packet(wire.CLSE, local, opened.arg0))
    return bytes(said)


@pytest.mark.parametrize(
    ("path", "mode"),
    [
        ("/system/bin/input", 0o100644),
        ("/data/x", 0o100644),
        ("/sdcard", 0o100644),
        ("/sdcard/../../../../etc/x", 0o100644),
        ("/sdcard/link", 0o120777),
        ("/sdcard/" + "n" * 300, 0o100644),
    ],
)
async def test_a_push_to_where_nobody_may_write_is_refused(
    device: PracticeDevice, key: Key, path: str, mode: int
) -> None:
    async with RawHost(device.port, key, max_data=65536) as host:
        said = await _sync(host, _send(path, b"data", mode))
    assert said.startswith(b"FAIL")


async def test_folders_are_pushed_and_pulled_whole(practice: Practice, tmp_path: Path) -> None:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "a b.txt").write_text("1")
    (tmp_path / "in" / "deep" / "é").write_bytes(b"2" * 200_000)
    assert (await practice.adb("push", str(tmp_path / "in"), "/sdcard/")).code == 0
    assert (await practice.adb("pull", "/sdcard/in", str(tmp_path / "out"))).code == 0
    assert (tmp_path / "out" / "a b.txt").read_text() == "1"
    assert (tmp_path / "out" / "deep" / "é").read_bytes() == b"2" * 200_000


@pytest.fixture
def files() -> Iterator[Files]:
    made = Files()
    yield made
    made.close()


@slow(200)
@given(
    path=st.text(max_size=40) | st.text("./a", max_size=12),
    cwd=st.sampled_from(["/", "/sdcard", "/data/local/tmp", "x/../.."]),
)
def test_no_path_leads_out_of_the_phone(files: Files, path: str, cwd: str) -> None:
    with contextlib.suppress(OSError):
        real = files.real(path, cwd)
        assert real == files.root or files.root in real.parents
        assert ".." not in real.parts
    with contextlib.suppress(OSError):
        real = files.writable(path, cwd)
        places = (files.root / "storage/emulated/0", files.root / "data/local/tmp")
        assert any(place in real.parents for place in places)
