"""Tasks with the calculator."""

import re
from collections.abc import Iterable
from decimal import Decimal
from random import Random

from ..apps.arithmetic import BadSum, calculate, shown
from ..phone import Phone
from .base import Family, Params, PracticeTask, Unfit
from .hand import Hand

_NUMBER = re.compile(r"-?\d+(?:[ ,'’\u00a0\u202f]\d{3})*(?:\.\d+)?")


def says_number(said: Iterable[str], wanted: str) -> bool:
    """Whether an answer holds a number, whatever zeros at its end and marks between thousands."""
    value = Decimal(wanted.replace("−", "-"))
    for answer in said:
        for found in _NUMBER.findall(answer.replace("−", "-")):
            if Decimal(re.sub(r"[ ,'’\u00a0\u202f]", "", found)) == value:
                return True
    return False


def work_out(hand: Hand, text: str) -> None:
    """Have a sum worked out on the display."""
    hand.go("calculator")
    hand.no_dialog()
    typed, done = hand.local.get("text", ""), hand.local.get("done", False)
    if done and typed == text:
        return
    if done:
        typed = ""  # the first digit begins a new sum
    if not text.startswith(typed):
        hand.tap("key_C", why="begin anew")
    sign = text[len(typed) : len(typed) + 1] or "="
    hand.tap(f"key_{sign}", why=f"tap {sign}")


def worked_out(hand: Hand, text: str) -> bool:
    """Whether a sum is still on the calculator's display, though another app may be in front."""
    stack = hand.phone.state.stacks.get("calculator", [])
    local = stack[0]["local"] if stack else {}
    return bool(local.get("done") and local.get("text") == text)


def price(rng: Random) -> str:
    """Make up a price with two digits after the point."""
    return f"{rng.randrange(1, 60)}.{rng.choice(('00', '00', '20', '50', '50', '80', '25'))}"


def short(price: str) -> str:
    """Give a price without zeros at its end, as one types it."""
    return price.rstrip("0").rstrip(".")


def sum_of(rng: Random) -> str:
    """Make up a sum whose result is exact and not negative."""
    while True:
        a, b, c = rng.randrange(12, 999), rng.randrange(3, 99), rng.randrange(2, 30)
        p, q = short(price(rng)), short(price(rng))
        text = rng.choice((
            f"{a}×{b}", f"{a}+{b}×{c}", f"({a}+{b})×{c}", f"{a * b}÷{b}", f"{p}×{c}", f"{p}+{q}",
            f"{a}−{p}", f"({a}−{b})÷{c}", f"{p}×{c}+{q}", f"{a}÷{rng.choice((4, 5, 8, 16))}+{b}",
            f"{a}×{c}%", f"{a}×({b}+{p})",
        ))  # fmt: skip
        try:
            value = calculate(text)
        except BadSum:
            continue
        if value >= 0 and Decimal(shown(value)) == value:
            return text


class Calculate(Family):
    """Work out a sum and say the result."""

    apps = ("calculator",)
    asks = True

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Make up the sum."""
        text = sum_of(rng)
        return {"text": text, "answer": shown(calculate(text))}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"Work out {p['text']} with the calculator and tell me the exact result."

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it was said."""
        return says_number(said, task.params["answer"])

    def solve(self, hand: Hand, p: Params) -> None:
        """Type it, and say what is shown."""
        work_out(hand, p["text"])
        hand.answer(p["answer"])


class CalculateBill(Calculate):
    """Find out how much something costs, from words."""

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Make up what was bought."""
        kind = rng.randrange(4)
        one, two = price(rng), price(rng)
        if kind == 0:
            names = rng.sample(("coffees", "sandwiches", "tickets", "books", "plants", "lamps"), 2)
            m, n = rng.randrange(2, 9), rng.randrange(2, 9)
            words = f"I buy {m} {names[0]} at {one} each and {n} {names[1]} at {two} each. What "
            words += "do they cost altogether?"
            text = f"{m}×{short(one)}+{n}×{short(two)}"
        elif kind == 1:
            people = rng.choice((4, 5, 8))
            words = f"{people} of us share a bill of {one} and another of {two} equally. How much "
            words += "does each of us pay?"
            text = f"({short(one)}+{short(two)})÷{people}"
        else:
            percent = rng.choice((5, 8, 10, 12, 15, 20, 25, 30))
            text = f"{short(one)}{'+' if kind == 2 else '−'}{short(one)}×{percent}%"
            words = (
                f"A meal costs {one}, and I add a tip of {percent} %. How much is that in all?"
                if kind == 2
                else f"A coat costs {one} and is reduced by {percent} %. What does it cost now?"
            )
        return {"words": words, "text": text, "answer": shown(calculate(text))}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"{p['words']} Use the calculator, and give me the exact number, not rounded."


class TellHistory(Family):
    """Look up what was worked out before."""

    apps = ("calculator",)
    asks = True

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick an entry of the history that stands there once."""
        history = phone.data("calculator")["history"]
        texts = [entry["text"] for entry in history]
        found = [entry for entry in history if texts.count(entry["text"]) == 1]
        if not found:
            raise Unfit("nothing in the history stands there once")
        entry = rng.choice(found)
        last = entry is history[-1]
        return {"text": "" if last else entry["text"], "answer": entry["result"],
                "shown": f"= {entry['result']}"}  # fmt: skip

    def goal(self, p: Params) -> str:
        """Say it."""
        if not p["text"]:
            return "What was the result of the last sum in the calculator's history?"
        return f"What result does the calculator's history give for {p['text']}?"

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it was said."""
        return says_number(said, task.params["answer"])

    def solve(self, hand: Hand, p: Params) -> None:
        """Open the history and look."""
        hand.go("calculator", ("history", "History"))
        hand.no_dialog()
        hand.see(p["shown"])
        hand.answer(p["answer"])


class ClearSums(Family):
    """Clear the calculator's history, and begin a new one."""

    apps = ("calculator",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Make up the sum; there is always something in the history."""
        if not phone.data("calculator")["history"]:
            raise Unfit("the history is empty")
        return {"text": sum_of(rng)}

    def goal(self, p: Params) -> str:
        """Say it."""
        return (
            f"Clear the history of the calculator, then work out {p['text']}, so that it is all "
            "that stands in the history."
        )

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it is."""
        texts = [entry["text"] for entry in phone.data("calculator")["history"]]
        return texts == [task.params["text"]]

    def solve(self, hand: Hand, p: Params) -> None:
        """Clear it, unless it is empty, and type."""
        if hand.data["calculator"]["history"]:
            hand.go("calculator", ("history", "History"))
            if hand.asked("ask", do="clear"):
                hand.tap("Clear")
            hand.no_dialog()
            hand.tap("Clear history")
        if worked_out(hand, p["text"]):
            hand.go("calculator")
            hand.no_dialog()
            hand.tap("key_C", why="work it out once more")
        work_out(hand, p["text"])


class CopyResult(Family):
    """Work out a sum and copy the result."""

    apps = ("calculator",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Make up the sum."""
        text = sum_of(rng)
        return {"text": text, "result": shown(calculate(text)).replace("−", "-")}

    def goal(self, p: Params) -> str:
        """Say it."""
        return (
            f"Work out {p['text']} with the calculator and copy the result with the calculator's "
            "menu, so that I can paste it elsewhere."
        )

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it is on the clipboard."""
        return phone.clipboard == str(task.params["result"])

    def solve(self, hand: Hand, p: Params) -> None:
        """Type it, then copy."""
        if worked_out(hand, p["text"]) and hand.dialog == "menu":
            hand.app("calculator")
            hand.tap("Copy result")
        work_out(hand, p["text"])
        hand.tap("More options")
