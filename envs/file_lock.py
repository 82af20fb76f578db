"""One writer for a file, among all processes of this machine."""

import errno

from .errors import EpisodeInUse


def lock_file(file: int) -> bool:
    """Keep other journals from a file as long as it is open, even if this process is killed.

    Returns:
        False where the system or the file system knows no such locks.

    Raises:
        EpisodeInUse: Another has it.
    """
    try:
        import fcntl
    except ImportError:  # not a POSIX system
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise EpisodeInUse(
            "a run that is alive writes to this recording: stop that run first, or wait for its end"
        ) from error
    except OSError as error:
        if error.errno in (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP):
            return False
        raise
    return True
