"""What was asked of the phone's shell and what ran, to be read by whoever wants to be sure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Asked:
    """A command line arrived.

    Attributes:
        service: ``shell`` or ``exec``.
        line: The line, word for word; bytes that are no UTF-8 are surrogates.
    """

    service: str
    line: str


@dataclass(frozen=True, slots=True)
class Ran:
    """A program was run, by the shell or by a plain line.

    Attributes:
        argv: Its name and arguments, as the shell handed them over.
    """

    argv: tuple[str, ...]


Entry = Asked | Ran
