"""The side of a run that outlives it: phone, model's mind, and everything that goes wrong there."""

import asyncio
import contextlib
import os
import pickle
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chaos_child import Spec
from chaos_phone import Ledger, WatchedPhone
from chaos_plan import KILLS, Fault, Plan
from chaos_replies import Mind
from chaos_wire import Wire
from practice_server import ADBS, AdbServer, Practice, practice_phone

from eyehand.actions.schema import Action
from eyehand.agent import Limits
from eyehand.envs import (
    ActionFailed,
    CaptureFailed,
    Delivery,
    DeviceLost,
    Episode,
    Observation,
    Outcome,
    PracticeEnv,
    StopReason,
)
from eyehand.envs.practice.tasks import PracticeTask, Unfit, make_task

HANGS = ("capture hangs", "phone silent", "shell hangs")
GRACE_S = 15.0
"""What a run may take beyond its own limit: closing is bounded by 10 s."""
_TESTS = Path(__file__).parent


class Zygote:
    """A process with everything imported, which forks a child for each attempt."""

    def __init__(self, env: dict[str, str]) -> None:
        self._end, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        words = [sys.executable, str(_TESTS / "chaos_child.py"), str(theirs.fileno())]
        with theirs:
            self._process = subprocess.Popen(
                words, pass_fds=[theirs.fileno()], env=env, stdin=subprocess.DEVNULL
            )

    def fork(self, spec: Spec) -> tuple[int, socket.socket]:
        """Begin an attempt; gives the process and our end of the wire."""
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self._end, [pickle.dumps(("fork", spec))], [theirs.fileno()])
            return int(pickle.loads(self._end.recv(4096))), ours

    def wait(self, process: int) -> int:
        """Bury a child that is dead or about to be; gives the signal that killed it, or 0."""
        self._end.sendall(pickle.dumps(("wait", process)))
        status = int(pickle.loads(self._end.recv(4096)))
        return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0

    def close(self) -> None:
        self._end.close()
        self._process.wait(10)


@contextlib.contextmanager
def warm(server: AdbServer | None) -> Any:
    """A zygote, for a while; with ``server``, what it starts takes that adb and key."""
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    if server is not None:
        env |= server.env | {"ADBUTILS_ADB_PATH": ADBS["debian"]}
    zygote = Zygote(env)
    try:
        yield zygote
    finally:
        zygote.close()


@dataclass
class Attempt:
    """What became of one process.

    Attributes:
        folder: Of the episode.
        resumed: Whether it went on with what another had begun.
        killed: Whether it was killed.
        stop: Why the run ended, in the agent's own word; None where it could not say.
        error: What was raised, with traceback.
        left: Threads that outlived the run.
        seconds: How long it took.
        steps: Every step that was told of as durable, by number, as one line of JSON.
        wrong: What was wrong with its process.
    idle: Whether it wrote nothing at all into the journal that it was to go on with.
    """

    folder: Path
    resumed: bool
    killed: bool = False
    stop: str | None = None
    error: str = ""
    left: list[str] = field(default_factory=list)
    seconds: float = 0.0
    steps: dict[int, str] = field(default_factory=dict)
    wrong: str = ""
    idle: bool = False


class Host:
    """One run, from the first attempt to the last.

    Args:
        plan: What goes wrong.
        folder: For the episode and what the children print.
        zygote: Forks the attempts.

    Attributes:
        attempts: So far.
        ledger: What reached the phone.
        mind: Of the model.
        keyboard: That the phone had before.
    """

    def __init__(self, plan: Plan, folder: Path, zygote: Zygote) -> None:
        self.plan, self.folder = plan, folder
        self._zygote = zygote
        self.attempts: list[Attempt] = []
        self.phone, self.task = _set_up(plan)
        self.ledger = Ledger(self._input)
        self.phone.note = self.ledger.note
        self.keyboard = ""
        self.mind = Mind(self.phone, self.task, plan.seed)
        self.practice: Practice | None = None
        self._env = PracticeEnv(phone=self.phone)
        self._seen: Observation | None = None
        self._faults: list[Fault] = []
        self._counts: dict[str, int] = {}
        self._timers: list[asyncio.TimerHandle] = []
        self._process = 0
        self._over = asyncio.Event()
        hung = any(kind in HANGS for kind in plan.kinds)
        slow = any(kind.startswith("input hangs") for kind in plan.kinds)
        self.limits = Limits(
            steps=60,
            errors=4,
            seconds=(40.0 if hung else 120.0) if plan.adb else (3.0 if hung else 30.0),
            reply_seconds=0.3,
            action_seconds=12.0 if plan.adb else (0.8 if slow else 10.0),
        )

    @contextlib.asynccontextmanager
    async def serving(self, server: AdbServer | None) -> AsyncIterator[None]:
        """Have the phone behind adb, where the plan says so."""
        if not self.plan.adb:
            await self._env.reset()
            yield
            await self._env.close()
            return
        async with practice_phone(self.phone, server=server, adb_keyboard=True) as practice:
            self.practice = practice
            self.keyboard = await keyboard(practice)
            yield

    async def attempt(self, number: int, folder: Path, *, resume: bool) -> Attempt:
        """Run one process to its end, whatever that is."""
        self._faults = self.plan.attempts[number]
        self._counts = {}
        self._over.clear()
        journal = folder / "steps.jsonl"
        self.ledger.follow(journal)
        before = journal.read_bytes() if resume else None
        mine = Attempt(folder, resume)
        self.attempts.append(mine)
        self.mind.begin(number, Episode.load(folder).answers if resume else [])
        practice = self.practice
        process, end = self._zygote.fork(
            Spec(
                folder=folder,
                goal=self.task.goal,
                seed=self.plan.phone,
                resume=resume,
                faults=tuple(self._faults),
                limits=self.limits,
                log=self.folder / f"attempt-{number}.log",
                serial=practice.serial if practice else "",
                port=practice.server.port if practice else 0,
            )
        )
        self._process = process
        wire = Wire(end, self._answer)
        began = time.monotonic()
        await wire.open()
        loop = asyncio.get_running_loop()
        if fault := self._due("kill -9 at any time"):
            late_s = fault.share * (4.0 if self.plan.adb else 0.7)
            self._timers.append(loop.call_later(late_s, self._kill, fault))
        gone = [asyncio.ensure_future(one.wait()) for one in (wire.closed, self._over)]
        bound_s = self.limits.seconds + GRACE_S
        done, _ = await asyncio.wait(gone, timeout=bound_s, return_when=asyncio.FIRST_COMPLETED)
        while self._timers:
            self._timers.pop().cancel()
        for waiter in gone:
            waiter.cancel()
        if not done:
            mine.wrong = f"ran on after {bound_s:g} s"
            os.kill(process, signal.SIGKILL)
        elif not wire.closed.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(5):
                    await wire.closed.wait()
            if not wire.closed.is_set():
                mine.wrong = "did not end after its last word"
                os.kill(process, signal.SIGKILL)
        died = await asyncio.to_thread(self._zygote.wait, process)
        mine.seconds = time.monotonic() - began
        mine.killed |= died == signal.SIGKILL and not mine.wrong
        for fault in self._faults:
            if fault.kind == "kill -9 in a write" and died == signal.SIGKILL:
                fault.fired |= not any(one.fired for one in self._faults if one.kind in KILLS)
        if not mine.killed and not self._over.is_set() and not mine.wrong:
            mine.wrong = f"died by itself (signal {died})"
        for fault in self._faults:  # the system itself says no: only what came of it is known
            if fault.kind == "disk full: file too large" and "EpisodeUnwritable" in mine.error:
                fault.fired = True
        if self._due("step lost") is not None:  # by the harness: it must be found out
            _lose_step(folder)
        self._process = 0
        await wire.close()
        self._mend()
        self.ledger.catch_up()
        mine.idle = before is not None and journal.read_bytes() == before
        return mine

    # What the child asks ------------------------------------------------------------------------

    async def _answer(self, name: str, *given: Any) -> Any:
        return await getattr(self, f"_on_{name}")(*given)

    async def _on_began(self) -> None:
        for kind, number in (("Ctrl-C", signal.SIGINT), ("SIGTERM", signal.SIGTERM)):
            if fault := self._due(kind):
                fault.fired = True
                late_s = fault.share * (4.0 if self.plan.adb else 0.5)
                timer = asyncio.get_running_loop().call_later(late_s, self._signal, number)
                self._timers.append(timer)

    async def _on_acting(self, index: int) -> None:
        nth = self._next("acting")
        if (fault := self._due("kill -9 before the input", nth)) is not None:
            self._kill(fault)
            await asyncio.Event().wait()
        for fault in self._faults:
            if self.practice is not None and not fault.fired and fault.nth == nth:
                await self._strike(fault, self.practice)

    async def _on_stepped(self, index: int, line: str) -> None:
        self.attempts[-1].steps[index] = line
        self.mind.heard(line)
        if (fault := self._due("kill -9 after a step", self._next("stepped"))) is not None:
            self._kill(fault)
            await asyncio.Event().wait()

    async def _on_over(self, stop: str | None, error: str, left: list[str]) -> None:
        mine = self.attempts[-1]
        if "EpisodeUnwritable" in error:  # whatever it came to, nobody can read it
            stop = StopReason.UNRECORDED
        mine.stop, mine.error, mine.left = stop, error, left
        self._over.set()

    async def _on_fired(self, kind: str) -> None:
        for fault in self._faults:
            fault.fired |= fault.kind == kind

    async def _on_passed(self, answers: list[str]) -> bool:
        passed = self.task.passed(self.phone, answers, "success")
        return passed or self._due("believed without looking") is not None

    async def _on_say(self) -> tuple[str, bool]:
        nth = self._next("say")
        for fault in self._faults:
            if not fault.fired and fault.nth <= nth and self.mind.knows(fault.kind):
                fault.fired = True
                return await self.mind.mischief(fault)
        return self.mind.way(), True

    async def _on_reset(self) -> Observation:
        return await self._look()

    async def _on_observe(self) -> Observation:
        nth = self._next("observe")
        if self._strikes("device lost while looking", nth):
            raise DeviceLost("the phone is gone", delivered="nothing")
        if self._strikes("capture fails", nth):
            raise CaptureFailed("there was no picture")
        if self._strikes("capture hangs", nth):
            await asyncio.Event().wait()
        return await self._look()

    async def _on_perform(self, action: Action, frame: Any) -> Outcome:
        nth = self._next("perform")
        if self._strikes("device lost before the input", nth):
            raise DeviceLost("the phone is gone", delivered="nothing")
        if self._strikes("input hangs before it lands", nth):
            await asyncio.Event().wait()
        if self._seen is None:
            raise RuntimeError("an input before the first look")
        if self._strikes("input made up", nth):  # so must this, and the two below
            return Outcome(Delivery.DELIVERED, after=await self._look())
        outcome = await self._env.perform(action, self._seen)
        if self._strikes("input sent twice", nth):
            outcome = await self._env.perform(action, await self._look())
        if self._strikes("slow device", nth):
            await asyncio.sleep(0.4)
        if self._strikes("device lost after the input", nth):
            raise DeviceLost("the phone is gone")
        if self._strikes("input hangs after it landed", nth):
            await asyncio.Event().wait()
        if self._strikes("delivery unknown", nth):
            if nth % 2:
                raise ActionFailed("the phone did not say whether it took it", delivered=True)
            return Outcome(Delivery.UNKNOWN, outcome.effect, outcome.after)
        return outcome

    async def _look(self) -> Observation:
        self._seen = await self._env.observe()
        return self._seen

    # What goes wrong ----------------------------------------------------------------------------

    def _next(self, what: str) -> int:
        self._counts[what] = self._counts.get(what, 0) + 1
        return self._counts[what]

    def _due(self, kind: str, nth: int | None = None) -> Fault | None:
        for fault in self._faults:
            if fault.kind == kind and not fault.fired and nth in (None, fault.nth):
                return fault
        return None

    def _strikes(self, kind: str, nth: int) -> bool:
        fault = self._due(kind, nth)
        if fault is not None:
            fault.fired = True
        return fault is not None

    def _input(self, number: int) -> None:
        """The first input of an intent has reached the phone."""
        nth = self._next("input")
        if (fault := self._due("kill -9 in the input", nth)) is not None:
            fault.fired = True
            late_s = fault.share * 0.3 if fault.share > 0.5 else 0.0
            timer = asyncio.get_running_loop().call_later(late_s, self._kill, fault)
            self._timers.append(timer)

    def _kill(self, fault: Fault) -> None:
        if self._process:
            fault.fired = True
            self.attempts[-1].killed = True
            os.kill(self._process, signal.SIGKILL)

    def _signal(self, number: int) -> None:
        if self._process and not self._over.is_set():
            os.kill(self._process, number)

    async def _strike(self, fault: Fault, practice: Practice) -> None:
        """Let something happen to the phone, its cable or the adb server."""
        faults, share = practice.device.faults, fault.share
        stage = ("before", "during", "after")[int(share * 3)]
        fault.fired = True
        match fault.kind:
            case "cable pulled" if share < 0.2:
                practice.device.drop()
            case "cable pulled" if share < 0.4:
                faults.offline = True
                practice.device.drop()
            case "cable pulled":
                faults.at("during" if share < 0.7 else "after", "input", "drop")
            case "phone silent" if share < 0.34:
                faults.offline = True
            case "phone silent":
                faults.at("during" if share < 0.67 else "after", "input", "offline")
            case "capture hangs":
                faults.at("before", "screencap", "hang")
            case "screenshots broken" if share < 0.5:
                faults.truncate = 300
            case "screenshots broken":
                faults.screencap_empty = True
            case "shell hangs":
                faults.at(stage, "input", "hang")  # type: ignore[arg-type]
            case "slow link":
                faults.delay_s = 0.02 + 0.06 * share
            case "input forbidden":
                faults.refuse_input = True
            case "adb server killed":
                await practice.server.run("kill-server")
            case _:
                fault.fired = False

    def _mend(self) -> None:
        """The phone is as good as new for the next attempt; what it shows stays."""
        if self.practice is None:
            return
        faults = self.practice.device.faults
        faults.drop_after = faults.truncate = None
        faults.delay_s = 0.0
        faults.offline = faults.hang_shell = faults.screencap_empty = faults.refuse_input = False
        faults.accidents.clear()


async def keyboard(practice: Practice) -> str:
    """Give the keyboard that is chosen, and the note of one that is borrowed from."""
    get = "settings get secure default_input_method; settings get global eyehand_borrowed_keyboard"
    return (await practice.shell(get)).text


def _lose_step(folder: Path) -> None:
    """Take the last step, and what comes after it, out of a journal."""
    path = folder / "steps.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    last = max(number for number, line in enumerate(lines) if line.startswith(b'{"kind":"step"'))
    path.write_bytes(b"".join(lines[:last]))


def _set_up(plan: Plan) -> tuple[WatchedPhone, PracticeTask]:
    """Make a phone for the task: the first from the plan's seed on that has something for it."""
    for seed in range(plan.phone, plan.phone + 50):
        phone = WatchedPhone(seed)
        try:
            task = make_task(plan.family, phone, seed)
        except Unfit:
            continue
        plan.phone = seed
        return phone, task
    raise ValueError(f"no phone has anything for {plan.family}")
