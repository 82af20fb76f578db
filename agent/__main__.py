"""The command ``eyehand``; ``python -m eyehand.agent`` is the same."""

import os
import signal
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line and exit."""
    heard = signal.getsignal(signal.SIGINT) is signal.default_int_handler  # not under nohup
    if heard:
        # Before the command line is there to hear of it, nothing is held that had to be given
        # back; and a KeyboardInterrupt can become another error in a library that is imported.
        signal.signal(signal.SIGINT, lambda *_: os._exit(130))
    from .cli import main as command

    if heard:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    command()


if __name__ == "__main__":
    main()
