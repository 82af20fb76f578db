"""The practice phone as real adb servers, adbutils and rude strangers meet it."""

import asyncio
import io
import re
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from practice_host import Key, RawHost, only, shell_pieces
from practice_server import ADBS, AdbServer, Practice, practice_phone, wheel_adb
from practice_stand_in import StandIn

from eyehand.envs.practice.adb import Asked, Ran
from eyehand.envs.practice.adb.words import plain_words
from eyehand.envs.practice.phone import Phone

IME = "com.android.adbkeyboard/.AdbIME"


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
async def real(server: AdbServer) -> AsyncIterator[Practice]:
    """The practice phone itself, connected."""
    async with practice_phone(Phone(1), server=server, adb_keyboard=True) as connected:
        yield connected


def ran(practice: Practice) -> list[tuple[str, ...]]:
    return [entry.argv for entry in practice.device.log if isinstance(entry, Ran)]


# Both adbs


@pytest.mark.parametrize("adb", ADBS.values(), ids=ADBS)
async def test_either_adb_lists_the_phone_runs_commands_and_moves_files(
    adb: str, tmp_path: Path
) -> None:
    (tmp_path / "a").write_bytes(bytes(range(256)) * 999)
    async with practice_phone(StandIn(), adb=adb, model="Pocket 3") as practice:
        listed = await practice.server.run("devices", "-l")
        assert re.search(
            rf"{practice.serial}\s+device .*product:pocket_3 model:Pocket_3", listed.text
        )
        done = await practice.shell("echo out; echo err >&2; exit 7")
        assert (done.code, done.out, done.err) == (7, b"out\n", b"err\n")
        done = await practice.adb("exec-out", "screencap", "-p")
        assert Image.open(io.BytesIO(done.out)).size == (540, 1200)
        assert (await practice.adb("push", str(tmp_path / "a"), "/sdcard/new/a")).code == 0
        assert (await practice.adb("pull", "/sdcard/new/a", str(tmp_path / "b"))).code == 0
        assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
        assert b" a\n" in (await practice.adb("ls", "/sdcard/new")).out


def test_the_two_adbs_are_not_the_same() -> None:
    said = [subprocess.run([adb, "version"], capture_output=True).stdout for adb in
            (ADBS["debian"], wheel_adb())]  # fmt: skip
    assert b"29.0.6" in said[0]
    assert b"36.0" in said[1]


# Quoting


@pytest.mark.parametrize(
    ("line", "typed"),
    [
        ("input text hello world", "hello"),
        ("input text 'hello world'", "hello world"),
        ("input text hello%sworld", "hello world"),
        ("input text %%s%d", "% %d"),
        ("input text $(id -u)", "2000"),
        ("input text '$(id -u)'", "$(id -u)"),
        ("input text `id -u`x", "2000x"),
        ("input text a;input text b", "ab"),
        ('input text "it\'s"', "it's"),
        ("input text 'it'\\''s'", "it's"),
        ("input text a#b", "a#b"),
        ("input text \\$HOME", "$HOME"),
        ("input text $HOME", "/"),
        ("input text *", ""),
    ],
)
async def test_quoting_is_that_of_a_phones_shell(practice: Practice, line: str, typed: str) -> None:
    done = await practice.shell(line)
    assert done.code == 0, done
    expected = typed if line != "input text *" else "apex"
    assert practice.phone.field.text == expected


async def test_an_apostrophe_without_its_partner_is_a_syntax_error(practice: Practice) -> None:
    done = await practice.shell("input", "text", "it's")
    assert done.code == 1
    assert b"syntax error" in done.err or b"no closing quote" in done.err
    assert ran(practice) == []


async def test_the_log_tells_every_line_and_every_program(practice: Practice) -> None:
    await practice.shell("input tap 1 2; input keyevent HOME")
    await practice.adb("exec-out", "input", "text", "a b")
    assert practice.device.log == [
        Asked("shell", "input tap 1 2; input keyevent HOME"),
        Ran(("input", "tap", "1", "2")),
        Ran(("input", "keyevent", "HOME")),
        Asked("exec", "input 'text' 'a b'"),
        Ran(("input", "text", "a b")),
    ]


async def test_bytes_that_are_no_text_reach_programs_as_they_are(practice: Practice) -> None:
    done = await practice.shell(b"printf '%s' '\xff\xfe' | base64; printf '%s' '\xc3\xa9'")
    assert done.out == b"//4=\n\xc3\xa9"


async def test_a_line_longer_than_a_system_call_takes_fails_as_on_a_phone(
    practice: Practice,
) -> None:
    short = b"input text '" + b"a" * 100_000 + b"'"
    assert plain_words(short) is not None
    practice.phone.field.text = ""
    # adb itself takes lines of a few pages only; what it does not take never arrives.
    key = Key(practice.server.keys[0])
    async with RawHost(practice.device.port, key, max_data=1 << 20) as host:
        pieces = shell_pieces(await host.all(b"shell,v2,raw:" + short))
        assert only(pieces, 3) == b"\0"
        assert len(practice.phone.field.text) == 100_000
        long = b"input text '" + b"a" * 140_000 + b"'"
        pieces = shell_pieces(await host.all(b"shell,v2,raw:" + long))
        assert only(pieces, 3) == bytes([126])
        assert b"Argument list too long" in only(pieces, 2)
    assert len(practice.phone.field.text) == 100_000


# Input


async def test_touches_arrive_where_they_were_sent(practice: Practice) -> None:
    await practice.shell("input tap 3 4.5")
    await practice.shell("input motionevent DOWN 10 20; input motionevent MOVE 11 21")
    await practice.shell("input motionevent UP 12 22; input motionevent CANCEL 0 0")
    assert practice.phone.events == [
        ("down", 3.0, 4.5),
        ("up", 3.0, 4.5),
        ("down", 10.0, 20.0),
        ("move", 11.0, 21.0),
        ("up", 12.0, 22.0),
        ("cancel", 0.0, 0.0),
    ]


async def test_a_swipe_takes_the_time_it_was_given(practice: Practice) -> None:
    before = practice.phone.now
    await practice.shell("input swipe 100 1000 100 200 400")
    events = practice.phone.events
    assert practice.phone.now - before >= 0.4
    assert (events[0], events[-1]) == (("down", 100.0, 1000.0), ("up", 100.0, 200.0))
    heights = [y for _, _, y in events]
    assert heights == sorted(heights, reverse=True)
    assert len(events) > 10


async def test_a_drag_rests_until_it_is_a_long_press(practice: Practice) -> None:
    before = practice.phone.now
    await practice.shell("input draganddrop 1 2 30 40 100")
    assert practice.phone.now - before >= 0.6


async def test_a_tap_beside_the_screen_does_nothing_and_succeeds(practice: Practice) -> None:
    done = await practice.shell("input tap 9999 5; input tap -1 -1; input tap NaN 4")
    assert done.code == 0
    assert [kind for kind, *_ in practice.phone.events if kind == "down"] == []


@pytest.mark.parametrize(
    ("line", "keys"),
    [
        ("input keyevent HOME", [(3, frozenset(), False)]),
        ("input keyevent KEYCODE_BACK 66 67", [(4, frozenset(), False), (66, frozenset(), False),
                                               (67, frozenset(), False)]),
        ("input keyevent --longpress POWER", [(26, frozenset(), True)]),
        ("input keyevent --doubletap 24", [(24, frozenset(), False)] * 2),
        ("input keyevent NO_SUCH_KEY", []),
        ("input keycombination CTRL_LEFT A", [(29, frozenset({113}), False)]),
        ("input keycombination -t 10 59 60 KEYCODE_B", [(30, frozenset({59, 60}), False)]),
        ("input keyboard keyevent 4", [(4, frozenset(), False)]),
        ("input -d 0 keyevent 4", [(4, frozenset(), False)]),
    ],
)  # fmt: skip
async def test_keys_by_name_and_number(practice: Practice, line: str, keys: list[Any]) -> None:
    done = await practice.shell(line)
    assert done.code == 0, done
    assert practice.phone.events == [("key", *key) for key in keys]


@pytest.mark.parametrize("text", ["é", "ab日本", "🙂", "naïve", "\u200b"])
async def test_text_without_keys_fails_and_types_nothing(practice: Practice, text: str) -> None:
    done = await practice.shell(f"input text 'abc{text}'")
    assert done.code == 255
    assert b"java.lang.NullPointerException: Attempt to get length of null array" in done.err
    assert practice.phone.field.text == ""


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("input tap 1", "Argument expected after"),
        ("input text", "Argument expected after"),
        ("input tap a b", "Invalid arguments for command: tap"),
        ("input swipe 1 2 3 4 x", "Invalid arguments for command: swipe"),
        ("input keycombination CTRL_LEFT", "at least 2 keycodes"),
        ("input motionevent SIDEWAYS 1 2", "Unknown action"),
    ],
)
async def test_input_says_what_is_wrong(practice: Practice, line: str, said: str) -> None:
    done = await practice.shell(line)
    assert done.code == 255
    assert said in done.err.decode()
    assert practice.phone.events == []


# Pictures


async def test_screencap_gives_the_pixels_as_png_and_raw(real: Practice) -> None:
    pixels = np.array(real.phone.pixels())
    done = await real.adb("exec-out", "screencap", "-p")
    picture = Image.open(io.BytesIO(done.out))
    assert (picture.mode, picture.size) == ("RGBA", (540, 1200))
    assert np.array_equal(np.asarray(picture)[..., :3], pixels)
    raw = (await real.adb("exec-out", "screencap")).out
    assert np.frombuffer(raw[:16], "<u4").tolist() == [540, 1200, 1, 1]
    full = np.frombuffer(raw[16:], np.uint8).reshape(1200, 540, 4)
    assert np.array_equal(full[..., :3], pixels)
    assert (full[..., 3] == 255).all()


async def test_the_framebuffer_is_the_screen(practice: Practice) -> None:
    async with RawHost(practice.device.port, Key(practice.server.keys[0])) as host:
        said = await host.all("framebuffer:")
    words = np.frombuffer(said[:56], "<u4").tolist()
    assert words == [2, 32, 1, 540 * 1200 * 4, 540, 1200, 0, 8, 16, 8, 8, 8, 24, 8]
    assert said[56:] == bytes([30, 120, 200, 255]) * (540 * 1200)


async def test_a_picture_changes_when_the_screen_does(practice: Practice) -> None:
    first = (await practice.adb("exec-out", "screencap", "-p")).out
    again = (await practice.adb("exec-out", "screencap", "-p")).out
    practice.phone.colour = (1, 2, 3)
    changed = (await practice.adb("exec-out", "screencap", "-p")).out
    assert first == again
    assert Image.open(io.BytesIO(changed)).getpixel((5, 5)) == (1, 2, 3, 255)


async def test_a_turned_screen_gives_a_turned_picture(practice: Practice) -> None:
    practice.phone.rotate(1)
    done = await practice.adb("exec-out", "screencap", "-p")
    assert Image.open(io.BytesIO(done.out)).size == (1200, 540)


async def test_a_secure_page_is_black(practice: Practice) -> None:
    practice.phone.secure = True
    done = await practice.adb("exec-out", "screencap", "-p")
    assert Image.open(io.BytesIO(done.out)).convert("RGB").getextrema() == ((0, 0),) * 3


async def test_screencap_writes_a_file_that_can_be_pulled(
    practice: Practice, tmp_path: Path
) -> None:
    assert (await practice.shell("screencap /sdcard/s.png")).code == 0
    await practice.adb("pull", "/sdcard/s.png", str(tmp_path / "s.png"))
    assert Image.open(io.BytesIO((tmp_path / "s.png").read_bytes())).size == (540, 1200)
    done = await practice.shell("cd /data/local/tmp; screencap -p > t.png; wc -c < t.png")
    assert int(done.out) == (tmp_path / "s.png").stat().st_size


async def test_pictures_taken_at_once_are_all_whole(practice: Practice) -> None:
    done = await asyncio.gather(
        *(practice.adb("exec-out", "screencap", "-p") for _ in range(6)),
        *(practice.shell(f"input tap {n} {n}") for n in range(6)),
    )
    assert {Image.open(io.BytesIO(one.out)).size for one in done[:6]} == {(540, 1200)}
    assert len(practice.phone.events) == 12


# adbutils


async def test_adbutils_works_the_phone(real: Practice, tmp_path: Path) -> None:
    def work() -> dict[str, Any]:
        device = real.client()
        (tmp_path / "up").write_bytes(b"\0\xff" * 5000)
        device.sync.push(str(tmp_path / "up"), "/sdcard/up")
        device.click(5, 6)
        device.app_start("org.eyehand.settings")
        found = {
            "shell": device.shell("echo a 'b c'"),
            "both": device.shell2("echo out; exit 3", v2=True).returncode,
            "size": tuple(device.window_size()),
            "shot": device.screenshot(error_ok=False).size,
            "back": device.sync.read_bytes("/sdcard/up"),
            "names": sorted(entry.path for entry in device.sync.iter_directory("/sdcard")),
            "current": device.app_current().package,
            "tree": device.dump_hierarchy(),
            "battery": device.battery().level,
            "packages": device.list_packages(),
            "awake": device.is_screen_on(),
            "turn": device.rotation(),
            "model": device.prop.model,
            "info": device.app_info("org.eyehand.settings").version_name,
        }
        device.app_stop("org.eyehand.settings")
        found["after"] = device.app_current().package
        return found

    found = await asyncio.to_thread(work)
    assert found["shell"] == "a b c"
    assert found["both"] == 3
    assert found["size"] == found["shot"] == (540, 1200)
    assert found["back"] == b"\0\xff" * 5000
    assert "up" in found["names"]
    assert found["current"] == "org.eyehand.settings"
    assert found["tree"].startswith("<?xml")
    assert "org.eyehand.settings" in found["packages"]
    assert (found["battery"], found["awake"], found["turn"]) == (87, True, 0)
    assert (found["model"], found["info"]) == ("Practice Phone", "1.0")
    assert found["after"] == "org.eyehand.launcher"


async def test_adbutils_types_through_the_shells_quoting(practice: Practice) -> None:
    text = 'it\'s $HOME; `id` | "x" \\ & (1) * ~'
    await asyncio.to_thread(lambda: practice.client().send_keys(text))
    assert practice.phone.field.text == text


# The shell service without its protocol, and with a person at it


async def test_without_the_shell_protocol_codes_are_lost_and_outputs_are_one(
    practice: Practice,
) -> None:
    async with RawHost(practice.device.port, Key(practice.server.keys[0])) as host:
        assert await host.all("shell:echo a; echo b >&2; echo c; exit 9") == b"a\nb\nc\n"


async def test_a_shell_without_a_command_reads_lines(practice: Practice) -> None:
    done = await practice.adb("shell", stdin=b"echo a\ninput tap 1 2\necho b\nexit 7\n")
    assert (done.code, done.out) == (7, b"a\nb\n")
    assert ran(practice) == [("input", "tap", "1", "2")]


async def test_a_shell_on_a_terminal_prompts_and_echoes(practice: Practice) -> None:
    done = await practice.adb("shell", "-tt", stdin=b"echo a$((1+1))\nexit 7\n")
    assert done.code == 7
    assert b"a2\r\n" in done.out
    assert b"practice:/ $" in done.out


async def test_commands_read_what_is_sent_to_them(practice: Practice) -> None:
    done = await practice.adb("shell", "cat > /sdcard/in; wc -c < /sdcard/in", stdin=b"x" * 99_999)
    assert done.out == b"99999\n"
    done = await practice.adb("shell", "read line; echo got $line; cat", stdin=b"one\ntwo\n")
    assert done.out == b"got one\ntwo\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("root",), "adbd cannot run as root in production builds"),
        (("reboot",), "practice phone"),
        (("tcpip", "5555"), "restarting in TCP mode port: 5555"),
        (("usb",), "restarting in USB mode"),
    ],
)
async def test_services_of_a_developers_phone_are_answered(
    practice: Practice, words: tuple[str, ...], said: str
) -> None:
    done = await practice.adb(*words)
    assert said in done.text + done.err.decode()
    assert (await practice.shell("echo still here")).out == b"still here\n"


async def test_installing_an_app_is_refused_in_words(practice: Practice, tmp_path: Path) -> None:
    (tmp_path / "a.apk").write_bytes(b"PK")
    done = await practice.adb("install", str(tmp_path / "a.apk"))
    assert done.code != 0
    assert b"Failure" in done.out + done.err


# Programs

HOME = "org.eyehand.launcher"
SETTINGS = "org.eyehand.settings"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("wm size", "^Physical size: 540x1200\n$"),
        ("wm size 700x900; wm size", "Physical size: 540x1200\nOverride size: 700x900"),
        ("wm size 700x900; wm size reset; wm size", "^Physical size: 540x1200\n$"),
        ("wm density", r"^Physical density: \d+\n$"),
        ("wm density 300; wm density", "Override density: 300"),
        (f"am start -n {SETTINGS}/.MainActivity", rf"Starting: Intent {{ .*cmp={SETTINGS}/"),
        (f"am start -W {SETTINGS}/.MainActivity", "Status: ok"),
        ("am start -a android.settings.SETTINGS; dumpsys window | grep mCurrentFocus",
         rf"mCurrentFocus=Window\{{\w+ u0 {SETTINGS}/{SETTINGS}.MainActivity\}}"),
        (f"am start -p {SETTINGS}; am force-stop {SETTINGS}; dumpsys activity | grep esumedA",
         f"mResumedActivity: .*{HOME}/.HomeActivity"),
        (f"am start -p {SETTINGS}; am stack list", f"{SETTINGS}.*visible=true"),
        (f"monkey -p {SETTINGS} -c android.intent.category.LAUNCHER 1", "Events injected: 1"),
        ("monkey -p no.such 1", "No activities found to run, monkey aborted"),
        ("pm list packages", f"package:{SETTINGS}\n"),
        ("pm list packages -f", f"package:/system/app/settings/settings.apk={SETTINGS}\n"),
        ("pm list packages -3 | grep -c settings", "^0\n$"),
        (f"pm path {SETTINGS}", "^package:/"),
        (f"cmd package resolve-activity --brief {SETTINGS}", f"\n{SETTINGS}/.MainActivity\n"),
        ("cmd package resolve-activity --brief no.such", "No activity found"),
        ("cmd package query-activities --brief -a android.intent.action.MAIN "
         "-c android.intent.category.LAUNCHER", f"    {SETTINGS}/.MainActivity"),
        ("cmd nothing", "Can't find service: nothing"),
        ("cmd statusbar expand-notifications; dumpsys window displays", "NotificationShade"),
        ("dumpsys window displays", "cur=540x1200"),
        ("dumpsys window policy", "showing=false"),
        ("input keyevent SLEEP; dumpsys power", "mWakefulness=Asleep"),
        ("input keyevent SLEEP; input keyevent WAKEUP; dumpsys window policy", "showing=true"),
        ("dumpsys power", "mWakefulness=Awake"),
        ("dumpsys input_method", "mInputShown=false"),
        ("dumpsys battery", "level: 87"),
        ("dumpsys display", "orientation=0, .*deviceWidth=540, deviceHeight=1200"),
        ("dumpsys input", "SurfaceOrientation: 0"),
        ("dumpsys SurfaceFlinger --display-id", r"^Display \d+ \(HWC display 0\): port=0"),
        ("dumpsys no_such", "Can't find service: no_such"),
        ("settings put global nothing 5; settings get global nothing", "^5\n$"),
        ("settings get secure nothing", "^null\n$"),
        ("settings put system a b; settings delete system a; settings get system a",
         "^Deleted 1 rows\nnull\n$"),
        ("settings list secure", "default_input_method=org.eyehand.keyboard/"),
        ("settings put system accelerometer_rotation 0; settings put system user_rotation 1; "
         "dumpsys input | grep SurfaceO", "SurfaceOrientation: 1"),
        ("ime list -s", "^org.eyehand.keyboard/.KeyboardService\n$"),
        ("ime list -a -s", IME),
        (f"ime enable {IME}; ime set {IME}; settings get secure default_input_method",
         f"now enabled for user #0\n.*selected for user #0\n{IME}"),
        (f"ime set {IME}", "cannot be selected"),
        (f"ime enable {IME}; ime set {IME}; ime reset", "Newly selected IME: org.eyehand"),
        ("getprop ro.build.version.sdk", "^34\n$"),
        ("getprop", r"\[sys.boot_completed\]: \[1\]"),
        ("getprop no.such", "^\n$"),
        ("getevent -p", r"ABS \(0003\): 002f  : .*\n *0035  : value 0, min 0, max 539"),
        ("getevent -lp", "ABS_MT_POSITION_Y .*max 1199"),
        ("id", r"^uid=2000\(shell\)"),
        ("uiautomator dump", "UI hierchary dumped to: /sdcard/window_dump.xml"),
        ("uiautomator dump /dev/tty", r"^<\?xml.*</hierarchy>UI hierchary dumped to: /dev/tty"),
        ("svc wifi disable; settings get global wifi_on", "^0\n$"),
        ("date +%Y", r"^\d{4}\n$"),
        ("echo a b | wc -w", "^2\n$"),
        ("seq 5 | head -2; seq 5 | tail -n 2", "^1\n2\n4\n5\n$"),
        ("mkdir -p /sdcard/a/b; echo hi > /sdcard/a/b/c; cp -r /sdcard/a /sdcard/d; "
         "mv /sdcard/d/b/c /sdcard/x; cat /sdcard/x; ls /sdcard/d/b; rm -r /sdcard/a; "
         "ls /sdcard/a", "^hi\nls: /sdcard/a: No such file or directory\n$"),
        ("stat -c %s /sdcard/nothing", "No such file"),
        ("cd /sdcard; echo 1 > f; cat f; ls f; pwd", "^1\nf\n/sdcard\n$"),
        ("nonsense", "nonsense: inaccessible or not found"),
        ("sleep 0.05 && echo slept", "^slept\n$"),
        ("which input; which nothing", "^/system/bin/input\n$"),
        ("input tap 1 1 2>/dev/null; echo $?", "^0\n$"),
        ("for i in 1 2 3; do echo $i; done | grep -v 2", "^1\n3\n$"),
        ("echo 'a.b' | grep -F '.'; echo ab | grep -E 'x|b$'; echo '{' | grep '{'",
         "^a.b\nab\n{\n$"),
    ],
)  # fmt: skip
async def test_programs_say_what_a_phones_say(real: Practice, line: str, said: str) -> None:
    done = await real.shell(f"exec 2>&1; {line}")
    assert re.search(said, done.text, re.DOTALL if "xml" in said else 0), done


async def test_starting_what_does_not_exist_fails(real: Practice) -> None:
    done = await real.shell("am start -n no.such/.Activity")
    assert (done.code, done.out) == (1, b"Starting: Intent { cmp=no.such/.Activity }\n")
    assert b"Error: Activity class {no.such/no.such.Activity} does not exist." in done.err


async def test_the_dump_is_xml_with_every_view(practice: Practice) -> None:
    practice.phone.field.text = 'a<&">\x01\U0001f642'
    await practice.shell("uiautomator dump /sdcard/d.xml")
    root = ElementTree.fromstring((await practice.shell("cat /sdcard/d.xml")).out)
    nodes = list(root.iter("node"))
    assert nodes[1].get("text") == 'Name & "title"'
    assert nodes[2].get("text") == 'a<&">.\U0001f642'
    assert nodes[2].get("resource-id") == "org.eyehand.launcher:id/name"
    assert nodes[2].get("class") == "android.widget.EditText"
    assert nodes[2].get("bounds") == "[10,80][500,140]"
    assert nodes[3].get("text") == "\u2022" * 6
    assert {node.get("focused") for node in nodes} == {"true", "false"}


async def test_broadcasts_type_only_while_their_keyboard_is_in_use(practice: Practice) -> None:
    say = "am broadcast -a ADB_INPUT_B64 --es msg 5pel5pys8J+Zgg=="
    said = await practice.shell(say)
    assert "Broadcast completed: result=0" in said.text
    assert practice.phone.field.text == ""
    await practice.shell(f"ime enable {IME} && ime set {IME}")
    await practice.shell(say)
    assert practice.phone.field.text == "日本🙂"
    said = await practice.shell("am broadcast -a ADB_KEYBOARD_INPUT_TEXT --es text IQ==")
    assert "Broadcast completed: result=-1" in said.text
    assert practice.phone.field.text == "日本🙂!"
    await practice.shell("am broadcast -a ADB_INPUT_TEXT --es msg 'a b'")
    assert practice.phone.field.text == "日本🙂!a b"
    await practice.shell("am broadcast -p com.android.adbkeyboard -a ADB_CLEAR_TEXT")
    assert practice.phone.field.text == ""
    practice.phone.field = None
    said = await practice.shell("am broadcast -a ADB_KEYBOARD_INPUT_TEXT --es text IQ==")
    assert "Broadcast completed: result=0" in said.text


async def test_a_phone_without_the_keyboard_does_not_have_it(server: AdbServer) -> None:
    async with practice_phone(StandIn(), server=server) as practice:
        assert IME not in (await practice.shell("ime list -a -s")).text
        assert (await practice.shell(f"ime enable {IME}")).code == 255


async def test_the_phones_time_runs_with_real_time(practice: Practice) -> None:
    before = practice.phone.now
    await asyncio.sleep(0.3)
    assert 0.2 < practice.phone.now - before < 2


async def test_two_phones_do_not_mix(server: AdbServer) -> None:
    async with (
        practice_phone(StandIn(), server=server, model="One") as one,
        practice_phone(StandIn(), server=server, model="Two") as two,
    ):
        await asyncio.gather(
            *(phone.shell(f"input text {name}{n}")
              for n in range(5) for phone, name in ((one, "a"), (two, "b")))
        )  # fmt: skip
        assert (await one.shell("getprop ro.product.model")).out == b"One\n"
        assert sorted(re.findall("[a-z]", one.phone.field.text)) == ["a"] * 5
        assert sorted(re.findall("[a-z]", two.phone.field.text)) == ["b"] * 5
