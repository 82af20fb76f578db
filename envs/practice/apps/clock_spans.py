"""The clock's timer and stopwatch. Both count in the phone's time."""

import math
from typing import Any

from ..app import App, Screen
from ..draw import Canvas
from ..fonts import line_height, width
from ..layout import Column, Fixed, Grid, Row
from ..rows import Item, padded
from ..style import Style
from ..view import Act, View
from ..widgets import Bar, Button, IconButton, Text
from .clock_data import shown_lap, shown_span
from .fitting import Fitting

KEYS = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "00", "0")
_DIGITS = 6


class _Key(View):
    role = "button"

    def __init__(self, text: str, on_tap: Act) -> None:
        super().__init__(on_tap=on_tap, id=f"key_{text}")
        self.text = text

    def height_of(self, s: Style, width: int) -> int:
        return s.dp(52)

    def draw(self, c: Canvas, s: Style) -> None:
        ground = self.box.inset(s.dp(3))
        c.fill(ground, s.raised, min(ground.width, ground.height, s.dp(40)) // 2)
        font = s.font(22)
        x, y = self.box.centre
        left = x - width(self.text, font) // 2
        c.text(left, y - line_height(font) // 2, self.text, font, s.text)


def seconds_of(digits: str) -> int:
    """Give the seconds that digits mean: ``13000`` is an hour and thirty minutes."""
    full = digits.zfill(_DIGITS)
    return int(full[:2]) * 3600 + int(full[2:4]) * 60 + int(full[4:])


def timer_body(s: Screen) -> list[View]:
    """Show the timer: keys to set it, or what is left of it."""
    timer = s.data["timer"]
    return _setting(s) if timer["state"] == "set" else _counting(s, timer)


def _setting(s: Screen) -> list[View]:
    digits = s.local.setdefault("digits", "")
    full = digits.zfill(_DIGITS)

    def press(key: str) -> Act:
        def act() -> None:
            if digits or key.strip("0"):
                s.local["digits"] = (digits + key)[:_DIGITS]

        return act

    def erase() -> None:
        s.local["digits"] = digits[:-1]

    def begin() -> None:
        _start(s, seconds_of(digits))
        s.local["digits"] = ""

    wide = _wide(s)
    shown = f"{full[:2]}h {full[2:4]}m {full[4:]}s"
    colour = "text" if digits else "muted"
    keys: list[View] = [_Key(key, press(key)) for key in KEYS]
    keys.append(IconButton("backspace", "Delete last digit", erase))
    start = Button("Start", begin, icon="play_arrow", enabled=seconds_of(digits) > 0)
    return [
        Fixed(height=4 if wide else 16),
        Column(
            Fitting(
                shown, sp=28 if wide else 40, bold=True, align="centre", colour=colour, id="timer"
            ),
            pad=(24, 0, 24, 0),
        ),
        Fixed(height=4 if wide else 16),
        Column(Grid(keys, 6 if wide else 3), pad=(16, 0, 16, 0)),
        padded(Column(start, centre=True)),
    ]


def _wide(s: Screen) -> bool:
    return s.phone.size.width > s.phone.size.height


def _start(s: Screen, seconds: float) -> None:
    timer = s.data["timer"]
    timer.update(state="running", total=seconds)
    _run(s, seconds)


def _run(s: Screen, seconds: float) -> None:
    """Count down from so many seconds; what was to end before no longer does."""
    timer = s.data["timer"]
    timer.update(state="running", left=0.0, ends=s.phone.now + seconds, run=timer["run"] + 1)
    s.later(seconds, "timer_done", run=timer["run"])


def _counting(s: Screen, timer: dict[str, Any]) -> list[View]:
    running = timer["state"] == "running"
    left = max(0.0, timer["ends"] - s.phone.now) if running else timer["left"]
    if running:
        s.phone.until(timer["ends"] - (math.ceil(left) - 1))

    def pause() -> None:
        timer.update(state="paused", left=timer["ends"] - s.phone.now, run=timer["run"] + 1)

    def reset() -> None:
        timer.update(state="set", total=0, left=0.0, ends=0.0, run=timer["run"] + 1)

    def more() -> None:
        timer["total"] += 60
        if running:
            _run(s, timer["ends"] - s.phone.now + 60)
        else:
            timer["left"] += 60

    wide = _wide(s)
    bar = Bar(left / max(1, timer["total"]), label="Time left")
    go_on = Button("Pause", pause) if running else Button("Resume", lambda: _run(s, left))
    return [
        Fixed(height=4 if wide else 16),
        Fitting(shown_span(left), sp=36 if wide else 56, bold=True, align="centre", id="timer"),
        Text(f"of {shown_span(timer['total'])}" + ("" if running else ", paused"), sp=14,
             colour="muted", align="centre"),
        padded(bar, across=32, down=4 if wide else 16),
        _middle(Button("Reset", reset, kind="tonal"), go_on),
        _middle(Button("+1 min", more, kind="plain")),
    ]  # fmt: skip


def _middle(*buttons: View) -> View:
    return Row(Column(grow=1), *buttons, Column(grow=1), gap=12)


def stopwatch_body(s: Screen) -> list[View]:
    """Show the stopwatch and its laps."""
    watch = s.data["stopwatch"]
    running = watch["state"] == "running"
    spent = watch["kept"] + (s.phone.now - watch["began"] if running else 0.0)
    if running:
        s.phone.until(s.phone.now + 0.1)

    def start() -> None:
        watch.update(state="running", began=s.phone.now)

    def pause() -> None:
        watch.update(state="paused", kept=watch["kept"] + s.phone.now - watch["began"])

    def reset() -> None:
        watch.update(state="zero", began=0.0, kept=0.0, laps=[])

    def lap() -> None:
        watch["laps"].append(watch["kept"] + s.phone.now - watch["began"])

    buttons = {
        "zero": (Button("Start", start, icon="play_arrow"),),
        "running": (Button("Lap", lap, kind="tonal"), Button("Pause", pause)),
        "paused": (Button("Reset", reset, kind="tonal"), Button("Resume", start)),
    }[watch["state"]]
    wide = _wide(s)
    laps = watch["laps"]
    rows = [
        Item(f"Lap {number}", shown_lap(end - begin), after=Text(shown_lap(end), sp=14))
        for number, (begin, end) in enumerate(zip([0.0, *laps], laps, strict=False), 1)
    ]
    return [
        Fixed(height=4 if wide else 16),
        Fitting(shown_lap(spent), sp=36 if wide else 52, bold=True, align="centre", id="stopwatch"),
        Fixed(height=8),
        _middle(*buttons),
        Fixed(height=8),
        *reversed(rows),
    ]


def add_doings(app: App) -> None:
    """Give the clock what a timer's end does."""

    @app.does("timer_done")
    def timer_done(s: Screen, run: int) -> None:
        timer = s.data["timer"]
        if timer["state"] != "running" or timer["run"] != run:
            return
        total = shown_span(timer["total"])
        timer.update(state="set", total=0, left=0.0, ends=0.0)
        s.phone.notify("clock", "Timer", f"The timer of {total} is done", "main")
        s.toast("The timer is done")
