"""A real terminal, and a program whose run is worked by its keys.

Run as a program, it is a shell with one job, which leaves the terminal's modes alone: what the job
does not put back stays wrong. ``Terminal`` starts it and plays the person.
"""

import array
import asyncio
import atexit
import contextlib
import fcntl
import os
import pty
import signal
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from queue import Empty, SimpleQueue


def tell(*words: object) -> None:
    """Say a line, in one piece: the shell and its job talk into one pipe."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


async def work(how: str) -> None:
    """What the job does: a run is stood in for by its control."""
    from eyehand.agent.control import Control, State
    from eyehand.agent.terminal_keys import keys_for

    ended = asyncio.Event()

    def told(state: State) -> None:
        tell(state, repr(control.notes(0)))
        if state is State.STOPPED:
            ended.set()

    control = Control(told)

    def say(text: str) -> None:
        tell("help")

    with control.attached(), keys_for(control, say=say) as keys:
        tell("ready", keys.active)
        if how == "raise":
            raise ZeroDivisionError
        if how == "exit":
            sys.exit(3)
        if how == "question":
            with keys.suspended():
                tell("asking")
                line = await asyncio.to_thread(sys.stdin.readline)
                tell("answer", repr(line))
            tell("asked")
        await ended.wait()


def job(how: str) -> None:
    os.setpgid(0, 0)
    if how != "background":
        to_front(os.getpid())
    if how == "interrupted":  # a program that has no runner to turn it into a cancellation
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        loop.run_until_complete(work(how))
    asyncio.run(work(how))


def to_front(group: int) -> None:
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    os.tcsetpgrp(0, group)
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)


def shell(commands: int) -> None:
    """Run jobs, one at a time; say when one stops and ends, and fetch it back when told."""
    import eyehand.agent.terminal_keys  # noqa: F401 - once, for all jobs

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    with os.fdopen(commands) as orders:
        for order in orders:
            child = os.fork()
            if child == 0:
                begin(order.strip())
            tell("job", child)
            while True:
                _, status = os.waitpid(child, os.WUNTRACED)
                to_front(os.getpid())
                if not os.WIFSTOPPED(status):
                    tell("ended", os.waitstatus_to_exitcode(status))
                    break
                tell("stopped")
                if next(orders).strip() == "front":
                    to_front(child)
                os.killpg(child, signal.SIGCONT)


def begin(how: str) -> None:
    """Be the job, to its end."""
    code = 1
    try:
        job(how)
        code = 0
    except SystemExit as error:
        code = int(error.code or 0)
    except BaseException as error:
        tell("raised", type(error).__name__)
    atexit._run_exitfuncs()  # all of leaving that matters here; the rest takes a second
    os._exit(code)


class Terminal:
    """A terminal with the program on it."""

    def __init__(self) -> None:
        self._master, self._slave = pty.openpty()
        commands, self._commands = os.pipe()
        self._shell = subprocess.Popen(
            [sys.executable, __file__, str(commands)],
            stdin=self._slave, stdout=subprocess.PIPE, stderr=self._slave, text=True,
            start_new_session=True, pass_fds=[commands],
        )  # fmt: skip
        os.close(commands)
        self._lines: SimpleQueue[str] = SimpleQueue()
        self.jobs: list[int] = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._shell.stdout is not None
        for line in self._shell.stdout:
            self._lines.put(line.rstrip("\n"))

    @contextlib.contextmanager
    def job(self, how: str) -> Iterator[None]:
        """Start a job; afterwards it is no more."""
        self.order(how)
        try:
            first = [self.line(), self.line()]
            self.jobs += [int(line.split()[1]) for line in first if line.startswith("job")]
            assert "ready True" in first, first
            yield
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.jobs[-1], signal.SIGKILL)
                while not self.line().startswith("ended"):
                    pass
            termios.tcflush(self._slave, termios.TCIFLUSH)

    def order(self, what: str) -> None:
        """Tell the shell what to run, or where a stopped job goes on: ``front`` or ``back``."""
        os.write(self._commands, f"{what}\n".encode())

    def line(self) -> str:
        """Give the next line that it says."""
        return self._lines.get(timeout=20)

    def silent(self) -> bool:
        """Whether all that was typed is read, and nothing was said of it but help."""
        for _ in range(80):
            self.types("h")  # lost where it comes together with what was typed before
            with contextlib.suppress(Empty):
                return self._lines.get(timeout=0.25) == "help"
        return False

    def types(self, text: str) -> None:
        """Type, all at once."""
        os.write(self._master, text.encode())

    @property
    def unread(self) -> int:
        """How many bytes nobody has read yet; in lines, only whole ones count."""
        count = array.array("i", [0])
        fcntl.ioctl(self._slave, termios.FIONREAD, count)
        return count[0]

    @property
    def shown(self) -> str:
        """What has been written on the terminal since, echo included."""
        os.set_blocking(self._master, False)
        try:
            return os.read(self._master, 65536).decode()
        except BlockingIOError:
            return ""
        finally:
            os.set_blocking(self._master, True)

    @property
    def whole_lines(self) -> bool:
        """Whether the terminal gives lines and shows them, as before anything ran."""
        mode = termios.tcgetattr(self._slave)[3]
        return bool(mode & termios.ICANON) and bool(mode & termios.ECHO)

    @property
    def front(self) -> int:
        """The process in front."""
        return os.tcgetpgrp(self._master)

    def close(self) -> None:
        os.close(self._commands)  # the shell ends
        try:
            self._shell.wait(20)
        finally:
            self._shell.kill()
            if self._shell.stdout is not None:
                self._shell.stdout.close()
            os.close(self._master)
            os.close(self._slave)


if __name__ == "__main__":
    shell(int(sys.argv[1]))
