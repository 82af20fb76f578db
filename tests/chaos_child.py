"""The side of a run that is killed: an agent in a process of its own, forked from a warm one.

The phone, the model's mind and the task's check are the harness's (``chaos_host.py``); they are
asked over a socket and outlive this process. What goes wrong in this process itself (its disk,
its clock, its death in a write) is arranged here.
"""

import asyncio
import contextlib
import errno
import os
import pickle
import random
import resource
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chaos_plan import Fault
from chaos_wire import Gone, Wire

from eyehand.actions import tool
from eyehand.actions.schema import Action
from eyehand.agent import Agent, Limits, Look, Task, TaskStep, Verdict, check
from eyehand.agent.events import Acting, Began, Hooks, Looked, Stepped
from eyehand.agent.resuming import ResumedAgent
from eyehand.agent.task import Condition
from eyehand.envs import AndroidEnv, Bounds, EnvError, Observation, Outcome, SettlePolicy
from eyehand.envs.base import Env, Read
from eyehand.envs.practice.env import ACTION_SPACE
from eyehand.model import Message, Reply, ScriptedModel

CHECK = "chaos_passed"
QUICK = SettlePolicy(response_s=0.25, quiet_s=0.1, limit_s=1.5)
BOUNDS = Bounds(connect_s=6, query_s=1.5, capture_s=1.5, input_s=1.5, reconnect_s=3, attempts=2)
_wire: Wire | None = None


@dataclass(frozen=True)
class Spec:
    """What a child is to do.

    Attributes:
        folder: Of the episode.
        goal: In words.
        seed: Of the phone.
        resume: Whether the folder holds a run to go on with.
        faults: Those of this process.
        limits: Of the task.
        log: File for what it prints.
        serial: Of the phone behind adb; empty: the phone is the harness's.
        port: Of the adb server.
    """

    folder: Path
    goal: str
    seed: int
    resume: bool
    faults: tuple[Fault, ...]
    limits: Limits
    log: Path
    serial: str = ""
    port: int = 0


@check(CHECK, reads="world")
async def _passed(look: Look) -> Verdict:
    """The task is done, as the harness finds it on the phone."""
    if _wire is None:
        return Verdict(False, "there is no harness")
    passed = await _wire.ask("passed", list(look.answers))
    return Verdict(passed, "done" if passed else "not done")


@tool
def broken(why: str) -> str:
    """Look something up.

    Args:
        why: What for.
    """
    raise RuntimeError(f"the catalogue is on fire: {why}")


@tool(timeout_s=0.3)
async def stuck(why: str) -> str:
    """Look something up elsewhere.

    Args:
        why: What for.
    """
    await asyncio.Event().wait()
    return why


class FarEnv:
    """The harness's phone, seen and touched over the wire."""

    live = True
    action_space = ACTION_SPACE

    def __init__(self, wire: Wire, seed: int) -> None:
        self._wire, self._seed = wire, seed

    @property
    def name(self) -> str:
        return f"practice:{self._seed}"

    def describe(self) -> dict[str, Any]:
        return {"kind": "practice", "seed": self._seed}

    async def reset(self) -> Observation:
        return self._mine(await self._wire.ask("reset"))

    async def observe(self) -> Observation:
        return self._mine(await self._wire.ask("observe"))

    async def perform(self, action: Action, seen: Observation) -> Outcome:
        outcome: Outcome = await self._wire.ask("perform", action, seen.frame)
        after = None if outcome.after is None else self._mine(outcome.after)
        return Outcome(
            outcome.delivery,
            outcome.effect,
            after,
            outcome.settle_s,
            outcome.settled,
            outcome.detail,
        )

    async def probe(self, name: str, arguments: Mapping[str, Any], read: Read) -> Any:
        return await read()

    async def close(self) -> None:
        pass

    def _mine(self, seen: Observation) -> Observation:
        """The picture as one of this process, by its clock."""
        return Observation(seen.pixels, seen.frame, time=time.time(), extras=seen.extras)


class FarModel(ScriptedModel):
    """Says what the harness's oracle, or its mischief, says."""

    def __init__(self, wire: Wire) -> None:
        super().__init__([], name="chaos")
        self._wire = wire

    async def reply(
        self,
        messages: Sequence[Message],
        *,
        grammar: str | None = None,
        stops: Sequence[str] = (),
        temperature: float | None = None,
    ) -> Reply:
        text, finished = await self._wire.ask("say")
        return Reply(text, finished=finished)


class Teller(Hooks):
    """Tells the harness how far the run is, and lets the clock jump."""

    def __init__(self, wire: Wire, faults: Sequence[Fault]) -> None:
        self._wire = wire
        self._jumps = [fault for fault in faults if fault.kind == "clock jumps"]
        self._looks = 0

    async def on_begin(self, event: Began) -> None:
        await self._wire.ask("began")

    async def on_look(self, event: Looked) -> None:
        self._looks += 1
        for fault in self._jumps:
            if self._looks >= fault.nth and not fault.fired:
                fault.fired = True
                self._wire.tell("fired", fault.kind)
                _jump((fault.share - 0.5) * 20 * 3600)

    async def on_action(self, event: Acting) -> None:
        await self._wire.ask("acting", event.index)

    async def on_step(self, event: Stepped) -> None:
        line = event.step.model_dump_json(exclude_defaults=True)
        await self._wire.ask("stepped", event.step.index, line)


def _jump(seconds: float) -> None:
    """Let the wall's clock jump; the one that only counts on goes on."""
    real = time.time
    time.time = lambda: real() + seconds


def arrange(faults: Sequence[Fault], fired: Callable[[str], None]) -> None:
    """Let the disk be full, or the process die in a write.

    Args:
        faults: What is to happen; others are passed over.
        fired: Told of what happens.
    """
    for fault in faults:
        match fault.kind:
            case "disk full: file too large":
                size = int(300 + fault.share**2 * 30_000)
                hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
                resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
            case "disk full: no space":
                _no_space(int(200 + fault.share * 8000), lambda: fired("disk full: no space"))
            case "disk full: fsync fails":
                _at_write(fault, lambda: fired("disk full: fsync fails"), kill=False)
            case "kill -9 in a write":
                _at_write(fault, lambda: None, kill=True)


def _no_space(room: int, fired: Callable[[], None]) -> None:
    left, write = [room], os.write

    def full(handle: int, data: Any) -> int:
        if not left[0]:
            fired()
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        some = write(handle, bytes(data)[: left[0]])
        left[0] -= some
        return some

    os.write = full


def _at_write(fault: Fault, fired: Callable[[], None], *, kill: bool) -> None:
    """Fail or die at one of the calls that make something durable."""
    rng, calls = random.Random(fault.share), [0]
    last = fault.nth * 4 + rng.randrange(4)
    write, fsync, replace = os.write, os.fsync, os.replace

    def due() -> bool:
        calls[0] += 1
        return calls[0] == last

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def torn(handle: int, data: Any) -> int:
        if kill and due():
            write(handle, bytes(data)[: rng.randrange(len(data) + 1)])
            die()
        return write(handle, data)

    def synced(handle: int) -> None:
        struck = due()
        if struck and not kill:
            fired()
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if struck and rng.random() < 0.5:
            die()
        fsync(handle)
        if struck:
            die()

    def moved(*arguments: Any, **options: Any) -> None:
        struck = kill and due()
        if struck and rng.random() < 0.5:
            die()
        replace(*arguments, **options)
        if struck:
            die()

    os.write, os.fsync, os.replace = torn, synced, moved  # type: ignore[assignment]


def task_of(spec: Spec) -> Task:
    """The goal, and then the harness's own check of it."""
    steps = (TaskStep(goal=spec.goal), TaskStep(check=Condition(name=CHECK)))
    return Task(name="chaos", steps=steps, limits=spec.limits)


async def _work(end: socket.socket, spec: Spec) -> None:
    global _wire
    wire = _wire = Wire(end)
    await wire.open()
    arrange(spec.faults, lambda kind: wire.tell("fired", kind))
    env: Env = FarEnv(wire, spec.seed)
    if spec.serial:
        server = ("127.0.0.1", spec.port)
        env = AndroidEnv(spec.serial, server=server, settle=QUICK, bounds=BOUNDS)
    model, tools, hooks = FarModel(wire), [broken, stuck], [Teller(wire, spec.faults)]
    agent: Agent
    if spec.resume:
        agent = ResumedAgent(spec.folder, env, model, tools=tools, hooks=hooks)
    else:
        agent = Agent(env, model, dialect="native", tools=tools, record=spec.folder, hooks=hooks)
    work = asyncio.ensure_future(agent.run(task_of(spec)))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, work.cancel)
    error = ""
    try:
        await asyncio.wait([work])
        work.result()
    except (Exception, asyncio.CancelledError) as raised:
        error = "".join(traceback.format_exception(raised))
    try:
        await agent.closed()
    except EnvError as raised:
        error += "".join(traceback.format_exception(raised))
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))  # there is room for what is printed
    print(error, flush=True)
    stop = None if agent.episode is None else agent.episode.stop
    # Those of asyncio's own pool are kept for more work; a worker of the env's is told to end.
    ours = [one for one in threading.enumerate() if not one.name.startswith(("Main", "asyncio"))]
    for one in ours:
        await asyncio.to_thread(one.join, 3.0)
    left = [one.name for one in ours if one.is_alive()]
    await wire.ask("over", None if stop is None else str(stop), error, left)


def _child(end: socket.socket, spec: Spec) -> None:
    log = os.open(spec.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)
    code = 1
    try:
        with contextlib.suppress(Gone):
            asyncio.run(_work(end, spec))
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def main() -> None:
    """Fork a child for each request, and bury those that are dead."""
    asked = socket.socket(fileno=int(sys.argv[1]))
    while True:
        body, handles, *_ = socket.recv_fds(asked, 65536, 1)
        if not body:
            return
        what, given = pickle.loads(body)
        if what == "wait":
            asked.sendall(pickle.dumps(os.waitpid(given, 0)[1]))
            continue
        process = os.fork()
        if process == 0:
            asked.close()
            _child(socket.socket(fileno=handles[0]), given)
        os.close(handles[0])
        asked.sendall(pickle.dumps(process))


if __name__ == "__main__":
    sys.modules["chaos_child"] = sys.modules["__main__"]  # what is sent is named by this
    main()
