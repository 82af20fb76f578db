"""How a command ends: its exit code, its one message, Ctrl-C."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import threading
from collections.abc import Coroutine
from typing import Any, NoReturn

import typer

from ..actions.errors import ToolError
from ..envs.errors import (
    EnvError,
    EpisodeBroken,
    EpisodeExists,
    EpisodeUnwritable,
    RecordingEnded,
    ReplayDiverged,
)
from ..envs.records import StopReason
from ..model.base import MODEL_THREAD
from ..model.errors import ModelError
from .errors import BadUsage, TaskError

DONE, NOT_DONE, BAD_INPUT, ENV_LOST, MODEL_FAILED, DIVERGED, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130

EXIT_CODES = """Exit codes: 0 done; 1 not done (failed, gave up, limit reached); 2 bad usage or
input file; 3 display or device lost; 4 model failed; 5 replay diverged; 130 interrupted."""

_BAD_INPUT = (BadUsage, TaskError, ToolError, EpisodeBroken, EpisodeExists, EpisodeUnwritable)


def run_command(work: Coroutine[Any, Any, int], as_json: bool) -> NoReturn:
    """Run a command to its exit code; every failure is one clear message."""
    code, message = INTERRUPTED, "interrupted"
    try:
        code, message = asyncio.run(_interruptible(work)), ""
    except (KeyboardInterrupt, asyncio.CancelledError):
        pass
    except BrokenPipeError:
        message = "nobody reads the output any more"
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - Python flushes it once more
    except SystemExit:  # rich, which has seen to the flush itself
        message = "nobody reads the output any more"
    except RecordingEnded as error:
        code, message = NOT_DONE, str(error)
    except _BAD_INPUT as error:
        code, message = BAD_INPUT, str(error)
    except ReplayDiverged as error:
        code, message = DIVERGED, str(error)
    except EnvError as error:
        code, message = ENV_LOST, str(error)
    except ModelError as error:
        code, message = MODEL_FAILED, str(error)
    if message:
        if as_json:
            print(json.dumps({"type": "error", "exit_code": code, "message": message}))
        print(f"eyehand: {message}", file=sys.stderr)
    if code == INTERRUPTED and any(t.name.startswith(MODEL_THREAD) for t in threading.enumerate()):
        # All is given back by now. A pass of the network ends at its next layer, which may take
        # seconds on a CPU, and Python would wait for it. For a download it would wait longer, and
        # where it does not wait, as for a checkpoint that is being loaded, its end in the middle
        # of torch aborts the process.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    raise typer.Exit(code)


async def _interruptible(work: Coroutine[Any, Any, int]) -> int:
    """Let Ctrl-C and a polite kill cancel the work, so that everything is given back."""
    loop = asyncio.get_running_loop()
    task = loop.create_task(work)
    signals = [signal.SIGINT, signal.SIGTERM]
    if hasattr(signal, "SIGHUP"):
        signals.append(signal.SIGHUP)

    def stop(number: signal.Signals) -> None:
        loop.remove_signal_handler(number)  # the second time, the system's own way
        task.cancel()

    with contextlib.suppress(NotImplementedError):  # Windows: asyncio.run handles Ctrl-C
        # What was started by nohup, or in the background of a script, ignores some of them.
        for number in (n for n in signals if signal.getsignal(n) is not signal.SIG_IGN):
            loop.add_signal_handler(number, stop, number)
    return await task


def code_of(stop: StopReason | None) -> int:
    """Give the exit code of a run."""
    return {
        StopReason.DONE: DONE,
        StopReason.STOPPED_BY_USER: INTERRUPTED,
        StopReason.CANCELLED: INTERRUPTED,
        StopReason.ENV_LOST: ENV_LOST,
        StopReason.MODEL_FAILED: MODEL_FAILED,
        StopReason.DIVERGED: DIVERGED,
    }.get(stop or StopReason.CRASHED, NOT_DONE)
