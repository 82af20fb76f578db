"""Faults of a phone and its cable, when each strikes, and what comes of it, as data.

``test_android_faults.py`` makes every row happen; ``docs/FAULTS.md`` is written from them:

    .venv/bin/python tests/fault_table.py > docs/FAULTS.md
"""

from dataclasses import dataclass
from typing import Literal

When = Literal["before", "during", "after"]
Got = Literal["delivered", "unknown", "failed", "lost", "lost, unknown", "no picture"]


@dataclass(frozen=True)
class Fault:
    """One row: a fault, when it strikes, and what comes of it.

    ``taps`` is how often the phone is touched in the end.
    """

    name: str
    when: When
    got: Got
    taps: int

    def __str__(self) -> str:
        return f"{self.name}, {self.when}".replace(" ", "-")


WORDS: dict[Got, str] = {
    "delivered": "outcome: delivered",
    "unknown": "outcome: delivery unknown, with a look at the screen",
    "failed": "`ActionFailed`, nothing sent",
    "lost": "`DeviceLost`, delivered: nothing",
    "lost, unknown": "`DeviceLost`, delivered: unknown",
    "no picture": "`CaptureFailed`, nothing sent",
}

FAULTS: tuple[Fault, ...] = (
    Fault("cable pulled and plugged in", "before", "delivered", 1),
    Fault("cable pulled and plugged in", "during", "unknown", 1),
    Fault("cable pulled and plugged in", "after", "unknown", 1),
    Fault("cable pulled for good", "before", "lost", 0),
    Fault("cable pulled for good", "during", "lost, unknown", 1),
    Fault("cable pulled for good", "after", "lost, unknown", 1),
    Fault("cable pulled in mid-screenshot", "before", "delivered", 1),
    Fault("cable pulled in mid-screenshot", "after", "delivered", 1),
    Fault("phone silent", "before", "lost", 0),
    Fault("phone silent", "during", "lost, unknown", 1),
    Fault("phone silent", "after", "lost, unknown", 1),
    Fault("permission withdrawn", "before", "lost", 0),
    Fault("permission withdrawn", "during", "lost, unknown", 1),
    Fault("permission withdrawn", "after", "lost, unknown", 1),
    Fault("adb server killed", "before", "delivered", 1),
    Fault("adb server killed", "during", "unknown", 1),
    Fault("adb server killed", "after", "unknown", 1),
    Fault("shell hangs once", "before", "unknown", 0),
    Fault("shell hangs once", "during", "unknown", 1),
    Fault("shell hangs once", "after", "unknown", 1),
    Fault("every shell hangs", "before", "lost", 0),
    Fault("every shell hangs", "after", "lost, unknown", 1),
    Fault("slow link", "before", "delivered", 1),
    Fault("screenshots cut short", "before", "no picture", 0),
    Fault("screenshots empty", "before", "no picture", 0),
    Fault("screen off", "before", "failed", 0),
    Fault("screen off", "after", "delivered", 1),
    Fault("input forbidden", "before", "failed", 0),
)

HEAD = """# Faults

What `AndroidEnv.perform` does when something goes wrong around one tap. Written by
`tests/fault_table.py`; `tests/test_android_faults.py` makes every row happen on a practice phone
behind a real adb server, and holds each to the same rules: the phone is never touched twice,
"delivered" is never said of a tap that did not arrive, "nothing" never of one that did, and it
ends within its bound.

*Before*: it strikes before the phone has heard of the input. *During*: the finger is down.
*After*: the input has landed and the phone's answer is on its way.

| fault | when | the caller gets | taps that arrive |
|---|---|---|---:|
"""

TAIL = """
Unknown means unknown: the same row of `shell hangs once` may have touched the phone or not, and
nothing that comes back tells which. The caller gets the screen as it is now, and decides.

How long it takes: each question (a screenshot, a setting) has its bound (`Bounds.query_s`,
`capture_s`) and at most `attempts` tries; between two tries the connection is renewed within
`reconnect_s`, this phone's only; an input has `input_s` beyond its own duration, and one try.
"""


def document() -> str:
    """Give ``docs/FAULTS.md``."""
    rows = "".join(f"| {f.name} | {f.when} | {WORDS[f.got]} | {f.taps} |\n" for f in FAULTS)
    return HEAD + rows + TAIL


if __name__ == "__main__":
    print(document(), end="")
