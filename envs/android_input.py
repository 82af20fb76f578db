"""Actions as lines for a phone's shell.

A touch that lasts is sent in parts by one line of shell: down, moves, up. Between them it waits on
its standard input, which is our connection: if a line comes, because the caller gave up, or if it
ends, because the program was killed or the cable pulled, the touch is taken back at once. So no
finger is left on the screen, whatever happens to us.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..actions import schema as a
from ..actions.keys import KEYS
from ..actions.schema import Action
from ..model.size import Size
from .android_phone import Abilities, State
from .errors import ActionFailed, ActionNotSupported

BACK, HOME, APP_SWITCH, WAKEUP = 4, 3, 187, 224
"""Android KeyEvent codes."""

ENTER_CODE, BACKSPACE_CODE, END_CODE = 66, 67, 123
SELECT_ALL = (113, 29)  # ctrl, a

_CHARACTERS: dict[str, int] = {
    **{chr(ord("a") + n): 29 + n for n in range(26)},
    **{str(n): 7 + n for n in range(10)},
    **dict(
        zip(
            "*#,.`-=[]\\;'/@+",
            (17, 18, 55, 56, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 81),
            strict=True,
        )
    ),
}

_NOTCH_DP = 64
"""What a notch of a mouse wheel scrolls on Android (ViewConfiguration, scroll factor)."""
_SLOP_DP = 8
"""What a finger must move before anything scrolls (ViewConfiguration, touch slop)."""
_STROKE = 0.5
"""Longest stroke of a scroll, as a part of the screen."""
_STROKE_S = 0.3
_REST_S = 0.15
"""How long the finger rests before it is lifted: without, the list would go on by itself."""
_SLOW_DP_S = 250
"""How fast a finger moves where it cannot rest, in dp a second."""
_SHORT_S = 0.5
"""A swipe that lasts no longer is one command; the phone ends it by itself."""
_LONG_PRESS_S = 0.6
"""What makes a press a long one, with a margin; Android's default is 0.4 or 0.5."""
_SLOW_INPUT_S = 1.0
"""What one ``input`` takes at most, before Android 12, in seconds."""

_RESTING = 'rest() { read -t "$1" _; [ $? -gt 128 ]; }'
"""Rest; false where the connection ended meanwhile. 128 and more: the time was over."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line for the phone's shell.

    Attributes:
        text: What the shell reads.
        seconds: How long it takes by itself, at most.
        heeds: It lets go when it is told so on its input.
    """

    text: str
    seconds: float = 0.0
    heeds: bool = False


class Input:
    """Makes lines of actions, for one phone.

    Args:
        can: What the phone can.
        display: The number of a display other than the phone's own; None for that.
    """

    def __init__(self, can: Abilities, display: int | None = None) -> None:
        self._can = can
        self._input = "input" if display is None else f"input -d {display}"

    def line(
        self, action: Action, places: Mapping[str, tuple[int, int]], screen: Size, now: State
    ) -> Line:
        """Give the line that does an action.

        Args:
            action: Which; not ``type`` and not ``open_app``.
            places: Its points by the names of their fields, in pointer units.
            screen: Size of the screen in pointer units.
            now: What the phone was doing when it was last looked at.

        Raises:
            ActionFailed: This phone cannot do it; nothing was sent.
        """
        match action:
            case a.Click():
                _require_finger(action.button)
                return self._tap(_given(places, "point"), action.count)
            case a.LongPress():
                return self._stroke([places["point"]], 0, action.seconds)
            case a.Drag():
                _require_finger(action.button)
                way = [_given(places, "start"), places["end"]]
                return self._stroke(way, action.seconds, _REST_S, grab_s=_LONG_PRESS_S)
            case a.Swipe():
                way = [places["start"], places["end"]]
                if action.seconds <= _SHORT_S:
                    return self._swipe(way, action.seconds)
                return self._stroke(way, action.seconds, 0)
            case a.Scroll():
                return self._scroll(action, places.get("point"), screen, now)
            case a.Key():
                return self._keys(action.chord, action.count)
            case a.HoldKey():
                return self._hold(action.chord, action.seconds)
            case a.Back():
                return self.keyevent(BACK)
            case a.Home():
                return self.keyevent(HOME)
            case a.AppSwitch():
                return self.keyevent(APP_SWITCH)
        raise ActionNotSupported(f"a phone has no {action.tag()}")

    def keyevent(self, *codes: int) -> Line:
        """Give the line that presses keys one after the other."""
        return Line(f"{self._input} keyevent {' '.join(map(str, codes))}", 0.1 * len(codes))

    def together(self, *codes: int, seconds: float = 0.0) -> Line:
        """Give the line that presses keys together, and holds them for a while.

        Raises:
            ActionFailed: The phone cannot.
        """
        if not self._can.combinations:
            raise ActionFailed(
                "this phone presses only one key at a time (combinations need Android 12): use "
                "its menus instead; nothing was done"
            )
        held = f" -t {round(seconds * 1000)}" if seconds else ""
        return Line(f"{self._input} keycombination{held} {' '.join(map(str, codes))}", seconds)

    def text(self, words: str) -> str:
        """Give the command that types a quoted word."""
        return f"{self._input} text {words}"

    @property
    def selects_all(self) -> bool:
        """Whether everything in a field can be selected by keys."""
        return self._can.combinations

    def _tap(self, place: tuple[int, int], count: int) -> Line:
        tap = f"{self._input} tap {place[0]} {place[1]}"
        if count == 1:
            return Line(tap)
        if self._can.quick_input:
            return Line(" && ".join([tap] * count))
        # `input` takes half a second to start, a double tap no more than 0.3 s: start them all.
        begun = "".join(f"{tap} & sleep 0.12; " for _ in range(count - 1))
        return Line(f"{begun}{tap}; e=$?; wait; exit $e", _SLOW_INPUT_S * count)

    def _swipe(self, way: Sequence[tuple[int, int]], seconds: float) -> Line:
        numbers = " ".join(f"{x} {y}" for x, y in way)
        return Line(f"{self._input} swipe {numbers} {round(seconds * 1000)}", seconds)

    def _stroke(
        self,
        way: Sequence[tuple[int, int]],
        move_s: float,
        rest_s: float,
        *,
        grab_s: float = 0.0,
    ) -> Line:
        """Put the finger down, keep it there, move it, keep it there, lift it."""
        start, end = way[0], way[-1]
        if not self._can.touch_parts:
            if grab_s and self._can.sdk >= 24:
                numbers = f"{start[0]} {start[1]} {end[0]} {end[1]} {round(move_s * 1000)}"
                return Line(f"{self._input} draganddrop {numbers}", grab_s + move_s)
            return self._swipe([start, end], move_s + rest_s)
        parts = [_RESTING, f'part() {{ {self._input} motionevent "$@"; }}']
        back = "CANCEL" if self._can.touch_cancel else "UP"
        parts += [
            f"undo() {{ part {back} $1 $2; exit 130; }}",
            f"part DOWN {start[0]} {start[1]} || exit $?",
        ]
        if grab_s:
            parts.append(f"rest {grab_s:g} || undo {start[0]} {start[1]}")
        if move_s:
            steps = min(40, max(5, round(move_s / 0.05)))
            # What `input` itself takes is a part of each step.
            pause_s = max(0.005, move_s / steps - 0.03)
            spots = (
                (
                    round(start[0] + (end[0] - start[0]) * n / steps),
                    round(start[1] + (end[1] - start[1]) * n / steps),
                )
                for n in range(1, steps + 1)
            )
            listed = " ".join(f"'{x} {y}'" for x, y in spots)
            parts.append(f"for p in {listed}; do rest {pause_s:.3f} || undo $p; part MOVE $p; done")
        if rest_s:
            parts.append(f"rest {rest_s:g} || undo {end[0]} {end[1]}")
        parts.append(f"part UP {end[0]} {end[1]}")
        slow_s = 3 * move_s + (_SLOW_INPUT_S * 45 if not self._can.quick_input else 5.0)
        return Line("\n".join(parts), grab_s + rest_s + slow_s, heeds=True)

    def _scroll(
        self, scroll: a.Scroll, place: tuple[int, int] | None, screen: Size, now: State
    ) -> Line:
        right, down = scroll.delta
        if scroll.unit == "notches":
            across, along = (self._can.dp(_NOTCH_DP * count) for count in (right, down))
        else:
            across, along = right * screen.width, down * screen.height
        # A keyboard takes the lower part of the screen, and no strokes.
        bottom = 0.55 if now.keyboard else 0.9
        x, y = place or (screen.width // 2, round(screen.height * (0.08 + bottom) / 2))
        slop = self._can.dp(_SLOP_DP)
        parts: list[str] = []
        seconds, heeds = 0.0, False
        for far, vertical in ((along, True), (across, False)):
            side = screen.height if vertical else screen.width
            low, high = (side * 0.1, side * bottom) if vertical else (side * 0.1, side * 0.9)
            most = min(side * _STROKE, high - low)
            whole, left = divmod(abs(far), max(1.0, most - slop))
            for length, times in ((most, int(whole)), (left + slop, int(left >= 1))):
                if not times:
                    continue
                middle = min(max(y if vertical else x, low + length / 2), high - length / 2)
                # The view goes down when the finger goes up.
                reach = length / 2 if far > 0 else -length / 2
                ends = round(middle + reach), round(middle - reach)
                way = [(x, end) if vertical else (end, y) for end in ends]
                line = self._unhurried(way, length)
                parts.append(_repeated(line.text, times))
                seconds, heeds = seconds + line.seconds * times, line.heeds
        return Line(" && ".join(parts) or "true", seconds, heeds)

    def _unhurried(self, way: Sequence[tuple[int, int]], length: float) -> Line:
        if self._can.touch_parts:
            return self._stroke(way, _STROKE_S, _REST_S)
        return self._swipe(way, max(0.4, length / self._can.dp(_SLOW_DP_S)))

    def _keys(self, chord: tuple[str, ...], count: int) -> Line:
        codes = [key_code(key) for key in chord]
        if len(codes) == 1:
            return self.keyevent(*codes * count)
        return Line(" && ".join([self.together(*codes).text] * count), 0.2 * count)

    def _hold(self, chord: tuple[str, ...], seconds: float) -> Line:
        codes = [key_code(key) for key in chord]
        if len(codes) > 1:
            return Line(self.together(*codes, seconds=seconds).text, seconds)
        if self._can.key_duration:
            ms = round(seconds * 1000)
            return Line(f"{self._input} keyevent --duration {ms} {codes[0]}", seconds)
        if seconds <= 1:
            return Line(f"{self._input} keyevent --longpress {codes[0]}", 1.0)
        raise ActionFailed(
            "this phone cannot hold a single key for more than a second (that needs Android 15): "
            "hold it for a second, or press it several times; nothing was done"
        )


def key_code(key: str) -> int:
    """Give the KeyEvent code of a key by its canonical name.

    Raises:
        ActionFailed: A phone has no such key; nothing was done.
    """
    info = KEYS.get(key)
    code = info.android if info is not None else _CHARACTERS.get(key)
    if code is None:
        advice = "type the character instead" if len(key) == 1 else "see what the screen offers"
        raise ActionFailed(f"a phone has no key {key!r}: {advice}; nothing was done")
    return code


def _given(places: Mapping[str, tuple[int, int]], name: str) -> tuple[int, int]:
    if name not in places:
        raise ActionFailed(f"a phone has no pointer that is anywhere: give the {name}")
    return places[name]


def _require_finger(button: str) -> None:
    if button != "left":
        raise ActionFailed(
            f"a finger has no {button} button: a long_press opens what a right click would"
        )


def _repeated(text: str, times: int) -> str:
    """Run a script several times, as long as it goes well."""
    if times == 1:
        return f"(\n{text}\n)"
    return f"(\nn=0; while [ $n -lt {times} ]; do (\n{text}\n) || exit $?; n=$((n + 1)); done\n)"
