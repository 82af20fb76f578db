"""Calculator: a keypad, a display, and what was worked out before."""

from random import Random
from typing import Any

from ..app import App, Page, Screen
from ..draw import Canvas
from ..fonts import line_height, width
from ..layout import Column, Fixed, Grid, Row
from ..rows import Item, empty
from ..style import Style
from ..view import Act, View
from ..widgets import IconButton, Text
from ..words import World
from .arithmetic import SIGNS, BadSum, calculate, shown
from .fitting import Fitting

UPRIGHT = "C()%789÷456×123−0.=+"
"""The keys, row by row, four beside each other."""
LYING = "789÷C456×(123−)0.=+%"
"""Likewise where the screen is wide: five beside each other."""

_NAMES = {"÷": "Divide", "×": "Multiply", "−": "Minus", "+": "Plus", "=": "Equals", "%": "Percent",
          "C": "Clear", "(": "Open bracket", ")": "Close bracket", ".": "Point"}  # fmt: skip
_LONGEST = 40
_KEPT = 40


def _seed(world: World, rng: Random) -> dict[str, Any]:
    history = []
    for _ in range(rng.randrange(4, 9)):
        a, b, c = rng.randrange(2, 400), rng.randrange(2, 90), rng.randrange(1, 99)
        text = rng.choice((f"{a}+{b}", f"{a}×{b}", f"{a}.{c:02d}−{b}", f"({a}+{b})×{c}", f"{a}÷8"))
        history.append({"text": text, "result": shown(calculate(text))})
    return {"history": history}


app = App("calculator", "Calculator", "calculate", (84, 92, 108), _seed)


class _Key(View):
    role = "button"

    def __init__(self, sign: str, on_tap: Act, *, high: float) -> None:
        super().__init__(on_tap=on_tap, label=_NAMES.get(sign, ""), id=f"key_{sign}")
        self.text, self.high_dp = sign, high

    def width_of(self, s: Style) -> int:
        return s.dp(56)

    def height_of(self, s: Style, width: int) -> int:
        return s.dp(self.high_dp)

    def draw(self, c: Canvas, s: Style) -> None:
        ground = self.box.inset(s.dp(3))
        fill, colour = s.raised, s.text
        if self.text == "=":
            fill, colour = s.accent, s.on_accent
        elif not self.text.isdigit() and self.text != ".":
            fill = s.soft
        radius = min(ground.width, ground.height, s.dp(2 * s.theme.radius + 8)) // 2
        c.fill(ground, fill, radius)
        font = s.font(24)
        x, y = self.box.centre
        left = x - width(self.text, font) // 2
        c.text(left, y - line_height(font) // 2, self.text, font, colour)


@app.page("main")
def main(s: Screen) -> Page:
    """Show display and keys; where the screen is wide, beside each other."""
    wide = s.phone.size.width > s.phone.size.height
    signs = LYING if wide else UPRIGHT
    high = 40.0
    if wide:  # what the bars leave, in four rows
        high = max(36.0, (s.phone.size.height / s.phone.style.scale - 28 - 56 - 44 - 24) / 4)
    keys = Grid(
        [_Key(sign, _pressing(s, sign), high=high) for sign in signs],
        5 if wide else 4,
        grow=1,
    )
    display = _display(s)
    body: list[View]
    if wide:
        body = [Row(Column(display, grow=2), Column(keys, grow=3), gap=8, pad=(8, 0, 8, 0))]
    else:
        body = [display, Column(keys, pad=(8, 0, 8, 0), grow=1)]
        keys.grow = 1
    return Page(
        "Calculator",
        body,
        commands=[("history", "History", s.opens("history"))],
        menu=[("Copy result", lambda: _copy(s))],
        fixed=True,
    )


def _display(s: Screen) -> View:
    text, done = s.local.get("text", ""), s.local.get("done", False)
    result = s.local.get("error") or s.local.get("result", "") if done else _preview(text)
    large, small = (result, text) if done else (text or "0", result)
    above = Text(
        small, sp=15, align="right", colour="muted", lines=2, id="expression" if done else "result"
    )
    big = Fitting(
        large, sp=40, bold=True, align="right", lines=2, id="result" if done else "expression"
    )
    words = Column(*((above, big) if done else (big, above)), gap=4)
    erase = Row(Column(grow=1), IconButton("backspace", "Delete last", lambda: press(s, "⌫")))
    high = 104 if s.phone.size.width > s.phone.size.height else 140
    return Column(Fixed(words, height=high), erase, pad=(16, 0, 8, 0))


def _preview(text: str) -> str:
    if not any(sign in text for sign in (*SIGNS, "%", "(")):
        return ""
    try:
        return shown(calculate(text))
    except BadSum:
        return ""


def _pressing(s: Screen, sign: str) -> Act:
    return lambda: press(s, sign)


def press(s: Screen, sign: str) -> None:
    """Press a key: a sign of the keypad, or ``⌫``."""
    local = s.local
    text: str = local.get("text", "")
    if sign == "=":
        _equals(s, text)
        return
    if local.get("done"):
        goes_on = sign in (*SIGNS, "%") and not local.get("error")
        text = local["result"] if goes_on else ""
        local["done"] = False
    if sign == "C":
        text = ""
    elif sign == "⌫":
        text = text[:-1]
    else:
        text = written(text, sign)
    local["text"] = text[:_LONGEST]


def written(text: str, sign: str) -> str:
    """Give what a sum becomes when a sign is written after it; what makes no sense is not."""
    last = text[-1:]
    ended = last.isdigit() or (last in (".", ")", "%") and bool(last))
    if sign.isdigit():
        return f"{text}×{sign}" if last in (")", "%") and last else text + sign
    if sign == ".":
        number = text
        for other in (*SIGNS, "(", ")", "%"):
            number = number.rpartition(other)[2]
        if "." in number:
            return text
        return text + sign if last.isdigit() else f"{written(text, '0')}."
    if sign == "(":
        return f"{text}×(" if ended else f"{text}("
    if sign == ")":
        return f"{text})" if ended and text.count("(") > text.count(")") else text
    if sign == "%":
        return f"{text}%" if ended else text
    if ended:
        return text + sign
    if sign == "−" and last in ("", "(", "×", "÷"):
        return text + sign
    stem = text.rstrip(SIGNS)
    return stem + sign if stem and stem[-1:] != "(" else text


def _equals(s: Screen, text: str) -> None:
    if not text or s.local.get("done"):
        return
    text += ")" * (text.count("(") - text.count(")"))
    s.local.update(text=text, done=True, error="", result="")
    try:
        result = shown(calculate(text))
    except BadSum as error:
        s.local["error"] = str(error)
        return
    s.local["result"] = result
    if text.strip("0123456789."):  # a number alone is no sum
        s.data["history"].append({"text": text, "result": result})
        del s.data["history"][:-_KEPT]


def _copy(s: Screen) -> None:
    result = s.local.get("result", "") if s.local.get("done") else _preview(s.local.get("text", ""))
    if not result:
        s.toast("There is no result to copy")
        return
    s.phone.clipboard = result.replace("−", "-")
    s.toast("Result copied")


@app.page("history")
def history(s: Screen) -> Page:
    """List what was worked out, the last first; a tap takes a result up again."""

    def take(result: str) -> Act:
        def act() -> None:
            s.close()
            s.phone.do("calculator", "take", {"result": result})

        return act

    rows: list[View] = [
        Item(f"= {entry['result']}", entry["text"], on_tap=take(entry["result"]), lines=2)
        for entry in reversed(s.data["history"])
    ]

    def clear() -> None:
        s.ask("Clear history?", "It cannot be brought back.", "Clear", "clear")

    commands = [("delete", "Clear history", clear)] if rows else []
    return Page("History", rows or [empty("Nothing was calculated yet", "history")],
                commands=commands)  # fmt: skip


@app.does("take")
def take(s: Screen, result: str) -> None:
    """Begin a sum with a result."""
    if "E" in result:
        s.toast("This number is too long")
        return
    s.local.update(text=result, done=False)


@app.does("clear")
def clear(s: Screen) -> None:
    """Forget what was worked out."""
    s.data["history"].clear()
