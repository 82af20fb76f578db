"""Type very many generated strings on practice phones through a real adb server, and count.

The tests run a small seeded sample of this. The whole sweep, which docs/COUNTS.md reports:

    .venv/bin/python tests/full_text.py 10000
"""

import argparse
import asyncio
import random
import time
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from android_rig import running_server
from practice_server import AdbServer, Practice, practice_phone

from eyehand.actions.schema import Type
from eyehand.envs import android_phone, android_text
from eyehand.envs.adb_link import Bounds, Link
from eyehand.envs.adb_server import Server
from eyehand.envs.android_input import Input
from eyehand.envs.android_phone import State
from eyehand.envs.android_text import Typist
from eyehand.envs.errors import ActionFailed
from eyehand.envs.practice.adb.log import Asked, Ran
from eyehand.envs.practice.phone import Phone
from eyehand.envs.worker import Stop

ADB_KEYBOARD = "com.android.adbkeyboard/.AdbIME"
META = ["$(touch /sdcard/x)", "`id`", "; id", "&", "|", "&&", "||", "> /sdcard/x", "<", ">>"]
META += [*"*?~#!'\"\\%-=${}[]", "%s", "$HOME", "$$", "-n", "{a,b}", "\\n", "''", "@", ":", "/"]
OTHERS = [
    "é",
    "ß",
    "İ",
    "汉字",
    "日本語",
    "العربية",
    "עברית",
    "हिन्दी",
    "Ёж",
    "😀",
    "👩\u200d💻",
    "🇩🇪",
]
OTHERS += ["e\u0301", "\u00a0", "\u200d", "\u2028", "𝔸", "½", "“", "…", "\ufffd", "\ue000"]
ALLOWED = (
    ("input", "text"),
    ("input", "keyevent"),
    ("am", "broadcast", "-p", "com.android.adbkeyboard", "-a", "ADB_INPUT_B64", "--es", "msg"),
    ("settings", "get", "secure", "default_input_method"),
    ("ime", "list", "-s"),
    ("dumpsys", "input_method"),
    ("grep", "inputType="),
)
"""How everything begins that typing runs on the phone, once a keyboard is chosen."""


def draw(rng: random.Random) -> str:
    """Draw a text: the shell's own signs, any characters, several lines; often no ASCII."""
    kinds = rng.choice(("meta", "ascii", "mixed", "unicode", "lines"))
    parts: list[str] = []
    for _ in range(rng.randint(1, 12)):
        if kinds == "unicode" or (kinds == "mixed" and rng.random() < 0.4):
            parts.append(rng.choice(OTHERS) if rng.random() < 0.7 else _any(rng))
        elif kinds == "ascii":
            parts.append("".join(chr(rng.randint(32, 126)) for _ in range(rng.randint(1, 8))))
        elif kinds == "lines" and rng.random() < 0.4:
            parts.append(rng.choice("\n\t"))
        else:
            parts.append(rng.choice(META))
        if rng.random() < 0.4:
            parts.append(" ")
    return "".join(parts)


def _any(rng: random.Random) -> str:
    while True:
        code = rng.choice((rng.randint(0xA0, 0x2FFF), rng.randint(0x3000, 0x1FFFF)))
        if not 0xD800 <= code < 0xE000:
            return chr(code)


@dataclass
class Tally:
    """What a sweep found."""

    typed: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    commands: int = 0
    wrong: list[str] = field(default_factory=list)


class Desk:
    """A practice phone with a note open, and what types on it."""

    def __init__(self, practice: Practice, typist: Typist, stop: Stop) -> None:
        self.practice, self.typist, self.stop = practice, typist, stop
        self.before = self.files()

    @classmethod
    async def open(cls, practice: Practice) -> "Desk":
        """Open a new note, with the keyboard in its text."""
        write_note(practice.phone)
        link = Link(Server(("127.0.0.1", practice.server.port)), practice.serial, Bounds())
        stop = Stop()
        can = await asyncio.to_thread(android_phone.abilities, link, stop)
        ways = await asyncio.to_thread(android_text.probe, link, stop)
        return cls(practice, Typist(link, Input(can), ways, "auto", read_back=False), stop)

    def files(self) -> list[str]:
        """Every file of the phone: none may come from a text."""
        root = self.practice.device._system.files.root
        return sorted(str(path) for path in root.rglob("*") if not path.is_socket())

    async def check(self, text: str, tally: Tally) -> None:
        """Type one text, and judge what the phone holds then, and what it ran."""
        device, phone = self.practice.device, self.practice.phone
        phone.field.put("")
        device.log.clear()
        action = Type(text=text)
        try:
            how = await asyncio.to_thread(self.typist.type, action, State(keyboard=True), self.stop)
        except ActionFailed as error:
            tally.refused += 1
            if error.delivered or phone.field.text or any(_inputs(device.log)):
                tally.wrong.append(f"refused after typing: {text!r}: {error}")
            if text.isascii():
                tally.wrong.append(f"refused without need: {text!r}")
            return
        tally.typed[how.split(",")[0]] += 1
        if phone.field.text != text:
            tally.wrong.append(f"typed {text!r}, arrived {phone.field.text!r}")
        ran = [entry.argv for entry in device.log if isinstance(entry, Ran)]
        asked = sum(isinstance(entry, Asked) for entry in device.log)
        tally.commands += len(ran)
        known = [any(words[: len(start)] == start for start in ALLOWED) for words in ran]
        if not asked or not all(known):
            tally.wrong.append(f"{text!r} made the phone run {ran}")


def _inputs(log: list[Any]) -> list[Ran]:
    return [entry for entry in log if isinstance(entry, Ran) and entry.argv[0] in ("input", "am")]


def write_note(phone: Phone) -> None:
    """Open a new note on a phone, and put the caret into its text."""
    phone.launch("org.eyehand.notes")
    phone.advance(1)
    for label, role in (("New note", "button"), ("Write here", "field")):
        node = next(n for n in walk(phone.tree()) if n.label == label and n.role == role)
        left, top, right, bottom = node.box
        phone.tap((left + right) / 2, (top + bottom) / 2)
        phone.advance(1)
    assert phone.field is not None
    assert phone.field.kind == "multiline"


def walk(node: Any) -> Any:
    """Give every node of a tree."""
    yield node
    for child in node.children:
        yield from walk(child)


async def sweep(count: int, seed: int, server: AdbServer) -> Tally:
    """Type ``count`` texts, half of them on a phone without a keyboard for all of Unicode."""
    rng, tally = random.Random(seed), Tally()
    async with AsyncExitStack() as stack:
        desks = []
        for keyboard in (True, False):
            phone = Phone(seed)
            practice = await stack.enter_async_context(
                practice_phone(phone, server=server, adb_keyboard=keyboard)
            )
            if keyboard:  # chosen by its user: borrowing it is another test's matter
                phone.imes[ADB_KEYBOARD] = True
                phone.ime = ADB_KEYBOARD
            desks.append(await Desk.open(practice))
        for number in range(count):
            await desks[number % 2].check(draw(rng), tally)
        for desk in desks:
            if desk.files() != desk.before:
                tally.wrong.append("files came to be on the phone")
    return tally


def main() -> None:
    """Run the sweep and print what docs/COUNTS.md holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    started = time.perf_counter()
    with running_server() as server:
        tally = asyncio.run(sweep(arguments.count, arguments.seed, server))
    for how, times in sorted(tally.typed.items()):
        print(f"{how:<28}{times:>12,}")
    print(f"{'refused, nothing typed':<28}{tally.refused:>12,}")
    print(f"{'programs run on the phone':<28}{tally.commands:>12,}")
    print(f"{'violations':<28}{len(tally.wrong):>12,}")
    for wrong in tally.wrong[:20]:
        print(f"  {wrong}")
    print(f"{'seconds':<28}{time.perf_counter() - started:>12.0f}")
    raise SystemExit(bool(tally.wrong))


if __name__ == "__main__":
    main()
