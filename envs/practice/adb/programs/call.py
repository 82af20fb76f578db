"""How a program of the phone's shell is called."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from ..system import System

Write = Callable[[bytes | bytearray], Awaitable[None]]
Read = Callable[[], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class Call:
    """One run of a program.

    Attributes:
        system: The phone.
        argv: Name and arguments. Bytes that are no UTF-8 are surrogates.
        cwd: The folder it was started in, a path of the phone.
        read: Gives the next bytes of standard input; none at its end.
        write: Takes bytes for standard output.
        write_error: Takes bytes for standard error.
    """

    system: System
    argv: tuple[str, ...]
    cwd: str
    read: Read
    write: Write
    write_error: Write

    @property
    def name(self) -> str:
        """What the program was called as."""
        return self.argv[0]

    @property
    def args(self) -> tuple[str, ...]:
        """The arguments, without the name."""
        return self.argv[1:]

    async def say(self, text: str) -> None:
        """Print a line."""
        await self.write((text + "\n").encode("utf-8", "surrogateescape"))

    async def complain(self, text: str) -> None:
        """Print a line on standard error."""
        await self.write_error((text + "\n").encode("utf-8", "surrogateescape"))

    async def read_all(self) -> bytes:
        """All of standard input."""
        chunks = []
        while chunk := await self.read():
            chunks.append(chunk)
        return b"".join(chunks)


Program = Callable[[Call], Awaitable[int]]
Programs = dict[str, Program]


class Wrong(Exception):
    """A program cannot do what it was asked for.

    Attributes:
        code: Its exit status.
    """

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code
