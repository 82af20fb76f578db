"""What goes wrong in a run, and when: drawn from a seed."""

import random
from dataclasses import dataclass, field

FAMILIES = (
    "add_alarm",
    "add_city",
    "add_contact",
    "add_to_cart",
    "append_to_note",
    "buy_cart",
    "buy_item",
    "calculate",
    "change_number",
    "create_note",
    "delete_contact",
    "delete_message",
    "delete_note",
    "edit_note",
    "lap_stopwatch",
    "move_file",
    "pin_note",
    "rename_file",
    "reply_to_message",
    "save_sender",
    "send_message",
    "set_up_display",
    "start_timer",
    "switch_alarms_off",
    "tell_note",
    "tell_number",
)
"""Tasks of 4 to 16 steps. Many of them come out wrong when any one tap is made twice."""

RESUMES = 3
"""How often a run that was cut off is gone on with. The last time nothing goes wrong."""

KILLS = (
    "kill -9 at any time",
    "kill -9 before the input",
    "kill -9 in the input",
    "kill -9 after a step",
    "kill -9 in a write",
)
SIGNALS = ("Ctrl-C", "SIGTERM")
REPLIES = (
    "garbage reply",
    "empty reply",
    "endless reply",
    "action said twice",
    "false done",
    "model too slow",
    "model fails",
)
TOOLS = ("tool raises", "tool hangs")
DISKS = ("disk full: file too large", "disk full: no space", "disk full: fsync fails")
CLOCKS = ("clock jumps",)
HERE = (
    "device lost before the input",
    "device lost after the input",
    "device lost while looking",
    "capture hangs",
    "capture fails",
    "input hangs before it lands",
    "input hangs after it landed",
    "delivery unknown",
    "slow device",
)
"""Of the phone in this process."""
CABLE = (
    "cable pulled",
    "phone silent",
    "capture hangs",
    "screenshots broken",
    "shell hangs",
    "slow link",
    "input forbidden",
    "adb server killed",
)
"""Of the phone behind adb."""

_SHARED = (KILLS, SIGNALS, REPLIES, TOOLS, DISKS, CLOCKS)
KINDS: tuple[str, ...] = tuple(
    dict.fromkeys(kind for group in (*_SHARED, HERE, CABLE) for kind in group)
)
"""All of them, in the order of the table."""


@dataclass
class Fault:
    """One thing that goes wrong.

    Attributes:
        kind: Of ``KINDS``.
        nth: At which reply, input, look, step or write of the attempt it strikes, from 1.
        share: A number from 0 to 1 for what else there is to choose.
        fired: Whether it struck.
    """

    kind: str
    nth: int
    share: float
    fired: bool = False


@dataclass
class Plan:
    """One run.

    Attributes:
        seed: What everything follows from.
        adb: Whether the phone is behind an adb server.
        family: Of practice tasks.
        phone: Seed of the phone.
        attempts: What goes wrong the first time, and each time that the run is gone on with.
    """

    seed: int
    adb: bool
    family: str
    phone: int
    attempts: list[list[Fault]] = field(default_factory=list)

    @property
    def kinds(self) -> list[str]:
        """What strikes, if the run gets that far."""
        return [fault.kind for faults in self.attempts for fault in faults]


def plan_of(seed: int) -> Plan:
    """Draw a run: three in ten are behind adb."""
    rng = random.Random(f"chaos/{seed}")
    adb = seed % 10 in (3, 6, 9)
    plan = Plan(seed, adb, rng.choice(FAMILIES), rng.randrange(40))
    groups = [*_SHARED, CABLE if adb else HERE]
    weights = [4, 1, 2, 1, 1.5, 0.7, 3]
    for attempt in range(RESUMES + 1):
        most = (1, 2, 3) if attempt == 0 else (0, 0, 1)
        count = 0 if attempt == RESUMES else rng.choice(most)
        chosen: list[Fault] = []
        while len(chosen) < count:
            (group,) = rng.choices(groups, weights)
            if any(fault.kind in group for fault in chosen):
                continue
            chosen.append(Fault(rng.choice(group), rng.randint(1, 5), rng.random()))
        plan.attempts.append(chosen)
    return plan
