"""A process that shuts itself into the phone's folder and starts shells there.

It runs apart from the device process, because a process that has chosen another root folder
cannot choose back. It reads orders from a socket: ``run ID TERMINAL``, a zero byte and the line,
with three files for standard input, output and error; or ``kill ID``. It answers ``ready KIND`` or
``failed REASON`` once, then ``exit ID STATUS`` for every shell. When the socket closes, everything
it started ends.

Source: man pages user_namespaces(7), mount_namespaces(7), pid_namespaces(7).
"""

import ctypes
import fcntl
import os
import resource
import select
import signal
import socket
import sys
import termios
import time
from contextlib import suppress
from pathlib import Path

_NEWNS, _NEWUTS, _NEWIPC, _NEWUSER, _NEWPID, _NEWNET = (
    0x00020000,
    0x04000000,
    0x08000000,
    0x10000000,
    0x20000000,
    0x40000000,
)
_MS_BIND, _MS_MOVE, _MS_REC, _MS_PRIVATE = 4096, 8192, 16384, 1 << 18
_PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS = 36, 38
_SHELL_ID = 2000  # Android's user "shell"
_NOBODY = 65534
_LONGEST_ORDER = 1 << 18
_REAP_S = 1.0


def enter(kind: str, root: str) -> None:
    """Shut this process in.

    Args:
        kind: ``namespace``: own users, files, processes and network, for anybody where the
            kernel lets them. ``chroot``: another root folder and user, for root. ``restricted``:
            nothing is done here.
        root: The phone's folder.

    Raises:
        OSError: It cannot be done on this machine.
    """
    libc = ctypes.CDLL(None, use_errno=True)

    def done(result: int) -> None:
        if result != 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))

    def mount(source: str, target: str, flags: int) -> None:
        done(libc.mount(source.encode(), target.encode(), None, ctypes.c_ulong(flags), None))

    if kind == "namespace":
        user, group = os.geteuid(), os.getegid()
        done(libc.unshare(_NEWUSER | _NEWNS | _NEWPID | _NEWNET | _NEWIPC | _NEWUTS))
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{_SHELL_ID} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{_SHELL_ID} {group} 1")
        mount("none", "/", _MS_REC | _MS_PRIVATE)
        mount(root, root, _MS_BIND | _MS_REC)
        for name in ("null", "zero", "full", "random", "urandom", "tty"):
            mount(f"/dev/{name}", f"{root}/dev/{name}", _MS_BIND)
        os.chdir(root)
        mount(".", "/", _MS_MOVE)
        os.chroot(".")
    elif kind == "chroot":
        for number, name in ((3, "null"), (5, "zero")):
            os.unlink(f"{root}/dev/{name}")
            os.mknod(f"{root}/dev/{name}", 0o666 | 0o020000, os.makedev(1, number))
            os.chmod(f"{root}/dev/{name}", 0o666)
        os.chroot(root)
        os.setgroups([])
        os.setresgid(_NOBODY, _NOBODY, _NOBODY)
        os.setresuid(_NOBODY, _NOBODY, _NOBODY)
    os.chdir("/" if kind != "restricted" else f"{root}/data/local/tmp")
    done(libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    # What a shell leaves running becomes this process's, so that its end is heard of.
    done(libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class Launcher:
    """Starts shells, and says how they ended."""

    def __init__(self, orders: socket.socket, shell: list[str], env: dict[str, str]) -> None:
        self._orders = orders
        self._shell = shell
        self._env = env
        self._running: dict[int, int] = {}  # process -> the device's number for it
        # Process groups of shells, those included whose shell has ended before them. A number
        # that is in here is in use, so it cannot have become somebody else's.
        self._groups: set[int] = set()

    def serve(self) -> None:
        """Follow orders until there are no more."""
        wake, waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        try:
            while True:
                readable, _, _ = select.select([self._orders.fileno(), wake], [], [])
                if wake in readable:
                    with suppress(BlockingIOError):
                        os.read(wake, 512)
                    self._reap()
                if self._orders.fileno() in readable:
                    data, files, _, _ = socket.recv_fds(self._orders, _LONGEST_ORDER, 3)
                    if not data:
                        return
                    for file in files:
                        os.set_inheritable(file, False)  # shells get copies as 0, 1 and 2 only
                    self._follow(data, files)
        except ConnectionError:
            return  # the device is gone
        finally:
            self._end()

    def _end(self) -> None:
        for process in self._groups:
            with suppress(OSError):
                os.killpg(process, signal.SIGKILL)
            if process in self._running:  # it may not have made its group yet
                with suppress(OSError):
                    os.kill(process, signal.SIGKILL)
        # What has ended is still listed until somebody asks how.
        end = time.monotonic() + _REAP_S
        with suppress(ChildProcessError):
            while time.monotonic() < end:
                if os.waitpid(-1, os.WNOHANG)[0] == 0:
                    time.sleep(0.005)

    def _reap(self) -> None:
        with suppress(ChildProcessError):
            while True:
                process, status = os.waitpid(-1, os.WNOHANG)
                if process == 0:
                    return
                number = self._running.pop(process, None)
                if number is not None:
                    code = os.waitstatus_to_exitcode(status)
                    self._orders.send(f"exit {number} {code if code >= 0 else 128 - code}".encode())
                for group in self._groups - self._running.keys():
                    try:
                        os.killpg(group, 0)
                    except ProcessLookupError:
                        self._groups.discard(group)
                    except PermissionError:
                        pass

    def _follow(self, data: bytes, files: list[int]) -> None:
        head, _, line = data.partition(b"\0")
        words = head.decode().split()
        if words[0] == "kill":
            for process, number in self._running.items():
                if number == int(words[1]):
                    with suppress(OSError):
                        os.killpg(process, signal.SIGKILL)
        elif words[0] == "run":
            process = os.fork()
            if process == 0:
                self._become(line, files, terminal=words[2] == "1")
            self._groups.add(process)
            self._running[process] = int(words[1])
        for file in files:
            os.close(file)

    def _become(self, line: bytes, files: list[int], *, terminal: bool) -> None:
        try:
            os.setsid()
            if terminal:
                fcntl.ioctl(files[0], termios.TIOCSCTTY, 0)
            for wanted, file in enumerate(files):
                os.dup2(file, wanted)
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGPIPE, signal.SIGINT, signal.SIGXFSZ):
                signal.signal(number, signal.SIG_DFL)
            argv: list[bytes] = [os.fsencode(word) for word in self._shell]
            argv += [b"-c", line] if line else [b"-i"] if terminal else []
            os.execve(argv[0], argv, self._env)
        except OSError as error:
            os.write(2, f"exec '{self._shell[0]}' failed: {error.strerror}\n".encode())
        finally:
            os._exit(1)


def main() -> None:
    """Arguments: the socket, what to do, the folder, the environment's length, it, the shell."""
    handle, kind, root, count, *rest = sys.argv[1:]
    orders = socket.socket(fileno=int(handle))
    orders.set_inheritable(False)
    env = dict(item.split("=", 1) for item in rest[: int(count)])
    # A key that stops the device process must not stop this one first.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        enter(kind, root)
    except (OSError, AttributeError) as error:
        orders.send(f"failed {error}".encode())
        return
    if kind == "namespace":
        # The first child is the new namespace's process 1: when it ends, all of them do.
        child = os.fork()
        if child:
            orders.close()
            os.waitpid(child, 0)
            return
    orders.send(f"ready {kind}".encode())
    Launcher(orders, rest[int(count) :], env).serve()


if __name__ == "__main__":
    main()
