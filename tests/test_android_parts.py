"""What AndroidEnv is made of, without a phone: pictures, listings, dumps, app names."""

import io
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from eyehand.actions import parse_action
from eyehand.actions.keys import KEYS
from eyehand.envs.adb_link import Bounds
from eyehand.envs.adb_server import parse_devices
from eyehand.envs.android_apps import App, find, parse_apps
from eyehand.envs.android_input import Input, key_code
from eyehand.envs.android_phone import (
    Abilities,
    State,
    parse_state,
    physical_display,
    pointer_size,
)
from eyehand.envs.android_screen import BadPicture, read_png, read_raw
from eyehand.envs.android_tree import read_focus
from eyehand.envs.errors import ActionFailed
from eyehand.envs.settle import difference, significant
from eyehand.model.size import Size

WARNING = b"[Warning] Multiple displays were found, but no display id was specified!\nmore\n"
ALL = Abilities(
    sdk=34, density=320, touch_parts=True, touch_cancel=True, combinations=True, quick_input=True
)
OLD = Abilities(sdk=23, density=320)
SCREEN = Size(720, 1600)


def picture(width: int = 6, height: int = 4) -> np.ndarray:
    rng = np.random.default_rng(width * 1000 + height)
    return rng.integers(0, 256, (height, width, 3), np.uint8)


def png(pixels: np.ndarray) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).convert("RGBA").save(out, "PNG")
    return out.getvalue()


def raw(pixels: np.ndarray, *, format: int = 1, header: int = 16) -> bytes:
    height, width = pixels.shape[:2]
    rgba = np.full((height, width, 4), 200, np.uint8)
    rgba[..., :3] = pixels if format != 5 else pixels[..., ::-1]
    return struct.pack("<4I", width, height, format, 1)[:header] + rgba.tobytes()


@pytest.mark.parametrize("before", [b"", WARNING], ids=["clean", "foldable"])
def test_a_png_is_found_after_what_foldables_print_before_it(before: bytes) -> None:
    shot = read_png(before + png(picture()))
    assert shot.size == Size(6, 4)
    assert (shot.rgb() == picture()).all()


@pytest.mark.parametrize("header", [12, 16], ids=["before-9", "since-9"])
@pytest.mark.parametrize("format", [1, 2, 5])
@pytest.mark.parametrize("before", [b"", WARNING], ids=["clean", "foldable"])
def test_a_raw_picture_is_found_whatever_its_header(
    format: int, header: int, before: bytes
) -> None:
    shot = read_raw(before + raw(picture(), format=format, header=header))
    assert (shot.rgb() == picture()).all()


def test_packed_and_raw_pictures_of_one_screen_do_not_differ() -> None:
    one, two = read_png(png(picture())), read_raw(raw(picture()))
    assert not one.same(two)
    assert difference(one, two) is None


@given(st.data())
def test_a_picture_that_was_cut_anywhere_is_never_believed(data: st.DataObject) -> None:
    pixels = picture(40, 30)
    for whole, read in ((png(pixels), read_png), (raw(pixels), read_raw)):
        cut = data.draw(st.integers(0, len(whole) - 1))
        with pytest.raises(BadPicture):
            read(whole[:cut])


@given(st.binary(max_size=400))
def test_garbage_is_no_picture(garbage: bytes) -> None:
    for read in (read_png, read_raw):
        with pytest.raises(BadPicture):
            read(garbage)


def test_a_png_that_is_damaged_inside_is_no_picture() -> None:
    whole = bytearray(png(picture(40, 30)))
    whole[60:80] = bytes(20)
    with pytest.raises(BadPicture, match="damaged"):
        read_png(whole).rgb()


def test_devices_are_listed_with_their_states() -> None:
    listing = (
        "R58M1        device usb:1-2 product:x model:Pixel_8 device:y transport_id:2\n"
        "127.0.0.1:41 offline transport_id:3\n"
        "0123         no permissions (user in plugdev group; are your udev rules wrong?); see\n"
        "abc          unauthorized usb:1-3\n\n"
    )
    assert [(phone.serial, phone.state) for phone in parse_devices(listing)] == [
        ("R58M1", "device"),
        ("127.0.0.1:41", "offline"),
        ("0123", "no permissions"),
        ("abc", "unauthorized"),
    ]
    assert parse_devices(listing)[0].facts["model"] == "Pixel_8"


def test_what_is_in_front_is_read_from_old_and_new_phones() -> None:
    # Android 14, 9 and 6: what `dumpsys` prints there.
    new = parse_state(
        "  mCurrentFocus=Window{af2 u0 com.example.app/com.example.app.Main}\n"
        "  mFocusedApp=ActivityRecord{c5 u0 com.example.app/.Main t31}",
        "      showing=false\n      showingAndNotOccluded=true",
        "  mWakefulness=Awake",
        "  mShowRequested=true mInputShown=true",
        "com.x.keyboard/.Latin",
    )
    assert new == State("com.example.app/.Main", None, True, True, False, "com.x.keyboard/.Latin")
    old = parse_state(
        "  mCurrentFocus=Window{9 u0 PopupWindow:77a}\n"
        "  mFocusedApp=AppWindowToken{1 token=Token{2 ActivityRecord{3 u0 a.b/c.D t9}}}",
        "    mShowingLockscreen=true mShowingDream=false",
        "mWakefulness=Asleep",
        "mInputShown=false",
        "null",
    )
    assert old == State("a.b/c.D", "PopupWindow:77a", False, False, True, None)
    assert parse_state("", "", "", "", "") == State()
    assert State().extras() == {}


@pytest.mark.parametrize(
    ("picture", "printed", "expected"),
    [
        (Size(1080, 2400), "Physical size: 1080x2400", Size(1080, 2400)),
        (Size(2400, 1080), "Physical size: 1080x2400", Size(2400, 1080)),
        (Size(720, 1600), "Physical size: 1080x2400\nOverride size: 720x1600", Size(720, 1600)),
        (Size(1080, 2400), "Physical size: 1080x2400\nOverride size: 720x1600", Size(720, 1600)),
        (Size(2400, 1080), "Physical size: 1080x2400\nOverride size: 720x1600", Size(1600, 720)),
        (Size(2076, 2152), "Physical size: 1080x2424", Size(2076, 2152)),  # unfolded
        (Size(1080, 2400), "", Size(1080, 2400)),
    ],
)
def test_pointer_units_follow_turns_and_overrides(
    picture: Size, printed: str, expected: Size
) -> None:
    assert pointer_size(picture, printed) == expected


def test_a_display_is_called_by_what_screencap_calls_it() -> None:
    listing = (
        'mBaseDisplayInfo=DisplayInfo{"Built-in", displayId 0, real 10 x 20, uniqueId "local:46"}\n'
        'mBaseDisplayInfo=DisplayInfo{"HDMI", displayId 2, real 10 x 20, uniqueId "local:77"}\n'
    )
    assert physical_display(listing, 2) == "77"
    with pytest.raises(ActionFailed, match="there are 0, 2"):
        physical_display(listing, 5)


TREE = (
    "UI hierchary dumped to: /dev/tty\n<?xml version='1.0' encoding='UTF-8' standalone='yes' ?>"
    '<hierarchy rotation="0"><node index="0" text="" class="android.widget.FrameLayout" '
    'package="a.b" focused="false" bounds="[0,0][9,9]"><node text="it&apos;s&#10;😀" '
    'resource-id="a.b:id/name" class="android.widget.EditText" package="a.b" focused="{}" '
    'password="false" bounds="[1,2][3,4]" /></node></hierarchy>'
)


def test_the_focused_field_is_read_from_a_dump() -> None:
    seen = read_focus(TREE.format("true"))
    assert seen.known
    assert seen.field is not None
    assert seen.field.text == "it's\n😀"
    assert read_focus(TREE.format("false")).field is None


@pytest.mark.parametrize(
    "dumped", ["", "ERROR: could not get idle state.", "<hierarchy><node</hierarchy>"]
)
def test_a_dump_that_failed_tells_nothing(dumped: str) -> None:
    seen = read_focus(dumped)
    assert not seen.known
    assert seen.why


@given(st.text(max_size=200))
def test_no_dump_breaks_the_reader(text: str) -> None:
    read_focus(f"<hierarchy>{text}</hierarchy>")


APPS = [
    App("com.android.chrome", "com.android.chrome/.Main"),
    App("com.android.settings", "com.android.settings/.Settings"),
    App("org.eyehand.contacts", "org.eyehand.contacts/.ListActivity", "Contacts"),
    App("org.example.notes", "org.example.notes/.Main", "Notes"),
    App("org.other.notes", "org.other.notes/.Main", "Other notes"),
]


@pytest.mark.parametrize(
    ("name", "package"),
    [
        ("Settings", "com.android.settings"),
        ("browser", "com.android.chrome"),
        ("com.android.chrome", "com.android.chrome"),
        (" contacts ", "org.eyehand.contacts"),
        ("Contact", "org.eyehand.contacts"),
        ("Notes", "org.example.notes"),
    ],
)
def test_an_app_is_found_by_name_package_or_nearly_so(name: str, package: str) -> None:
    assert find(name, APPS).package == package


def test_an_app_that_is_not_there_is_refused_with_near_names() -> None:
    with pytest.raises(ActionFailed, match=r"did you mean com\.android\.settings"):
        find("setings app", APPS)
    with pytest.raises(ActionFailed, match="'rm -rf /'"):
        find("rm -rf /", APPS)


def test_a_name_that_several_apps_have_is_refused() -> None:
    both = [App("a.clock", "a.clock/.A", "Clock"), App("b.clock", "b.clock/.B", "Clock")]
    with pytest.raises(ActionFailed, match=r"may mean Clock \(a\.clock\), Clock \(b\.clock\)"):
        find("clock", both)


def test_apps_are_read_from_both_forms_of_the_listing() -> None:
    long = """2 activities found:
  Activity #0:
    priority=0 preferredOrder=0 match=0x108000 specificIndex=-1 isDefault=false
    ActivityInfo:
      name=com.android.settings.Settings
      packageName=com.android.settings
      labelRes=0x7f12 nonLocalizedLabel=null icon=0x0 banner=0x0
  Activity #1:
    priority=0
    ActivityInfo:
      name=org.eyehand.notes.ListActivity
      packageName=org.eyehand.notes
      nonLocalizedLabel=My notes icon=0x0
"""
    assert parse_apps(long) == [
        App("com.android.settings", "com.android.settings/com.android.settings.Settings"),
        App("org.eyehand.notes", "org.eyehand.notes/org.eyehand.notes.ListActivity", "My notes"),
    ]
    brief = "2 activities found:\n  Activity #0:\n    priority=0\n    a.b/.C\n"
    brief += "  Activity #1:\n    d/e.F\n"
    assert [app.activity for app in parse_apps(brief)] == ["a.b/.C", "d/e.F"]


def line(data: dict[str, object], can: Abilities = ALL, now: State = State()) -> str:  # noqa: B008
    action = parse_action(data)
    places = {name: (round(point.x), round(point.y)) for name, point in action.points()}
    return Input(can).line(action, places, SCREEN, now).text


def test_every_key_of_the_canonical_names_has_a_code_or_is_refused() -> None:
    for name, info in KEYS.items():
        if info.android is None:
            with pytest.raises(ActionFailed, match="has no key"):
                key_code(name)
        else:
            assert key_code(name) == info.android
    assert [key_code(c) for c in "az09/"] == [29, 54, 7, 16, 76]
    with pytest.raises(ActionFailed, match="type the character"):
        key_code("é")


def test_keys_are_pressed_together_only_where_the_phone_can() -> None:
    chord: dict[str, object] = {"action": "key", "keys": "ctrl+a"}
    assert line(chord) == "input keycombination 113 29"
    with pytest.raises(ActionFailed, match="one key at a time"):
        line(chord, OLD)


def test_a_finger_has_one_button_and_is_nowhere_by_itself() -> None:
    with pytest.raises(ActionFailed, match="long_press"):
        line({"action": "click", "point": [1, 2], "button": "right"})
    with pytest.raises(ActionFailed, match="give the point"):
        line({"action": "click"})


def test_what_an_old_phone_lacks_is_done_another_way() -> None:
    press: dict[str, object] = {"action": "long_press", "point": [5, 6], "seconds": 0.7}
    assert line(press, OLD) == "input swipe 5 6 5 6 700"
    drag: dict[str, object] = {"action": "drag", "start": [5, 6], "end": [50, 60]}
    assert line(drag, OLD) == "input swipe 5 6 50 60 650"
    newer = Abilities(sdk=26)
    assert line(drag, newer).startswith("input draganddrop 5 6 50 60")


@given(
    st.tuples(st.integers(0, 719), st.integers(0, 1599)),
    st.sampled_from(["up", "down", "left", "right"]),
    st.floats(0.1, 100),
    st.sampled_from(["notches", "screens"]),
    st.sampled_from([ALL, OLD]),
    st.booleans(),
)
def test_a_scroll_stays_on_the_screen_and_moves_the_finger_the_other_way(
    place: tuple[int, int],
    direction: str,
    amount: float,
    unit: str,
    can: Abilities,
    keyboard: bool,
) -> None:
    data: dict[str, object] = {
        "action": "scroll",
        "point": list(place),
        "direction": direction,
        "amount": amount,
        "unit": unit,
    }
    text = line(data, can, State(keyboard=keyboard))
    assert "input" in text
    for stroke in text.split(" && ("):
        if can is OLD:
            x0, y0, x1, y1 = map(int, stroke.split("swipe ")[1].split()[:4])
        else:
            x0, y0 = map(int, stroke.split("part DOWN ")[1].split()[:2])
            x1, y1 = map(int, stroke.split("part UP ")[1].split()[:2])
        assert all(0 <= x < 720 for x in (x0, x1))
        assert all(0 <= y < 1600 for y in (y0, y1))
        across, along = {"up": (0, 1), "down": (0, -1), "left": (1, 0), "right": (-1, 0)}[direction]
        assert ((x1 - x0) * across > 0) == (across != 0)
        assert ((y1 - y0) * along > 0) == (along != 0)
        if keyboard and along:
            assert max(y0, y1) <= 0.56 * 1600


def test_a_long_scroll_is_a_short_line() -> None:
    text = line({"action": "scroll", "direction": "down", "amount": 100, "unit": "screens"})
    assert len(text) < 2000
    assert "-lt 204 ]" in text  # strokes of half a screen, less what a finger moves for nothing


def test_a_caret_that_blinks_is_one_on_any_phone() -> None:
    for width, height, caret in ((540, 1200, 3), (1080, 2400, 6), (1440, 3200, 8)):
        pixels = np.full((height, width, 3), 255, np.uint8)
        before = read_raw(raw(pixels))
        pixels[600:660, 100 : 100 + caret] = (0, 90, 200)
        assert not significant(before, read_raw(raw(pixels)))
        pixels[600:660, 100 : 100 + 3 * caret] = (0, 90, 200)
        assert significant(before, read_raw(raw(pixels)))


def test_bounds_are_checked() -> None:
    with pytest.raises(ValueError, match="query_s"):
        Bounds(query_s=0)
    with pytest.raises(ValueError, match="attempts"):
        Bounds(attempts=0)
