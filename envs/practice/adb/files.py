"""The phone's folders, as a folder of this machine that nothing leads out of."""

import errno
import os
import posixpath
import shutil
import stat
import tempfile
from pathlib import Path

SHARED = "/storage/emulated/0"
# Other names that phones have for their shared storage.
_ALIASES = ("/sdcard", "/mnt/sdcard", "/storage/self/primary", "/storage/sdcard0")
WRITABLE = (SHARED, "/data/local/tmp")
_USER_FOLDERS = ("Android", "DCIM", "Documents", "Download", "Movies", "Music", "Pictures")


class Files:
    """A phone's file tree.

    Attributes:
        root: The folder that stands for ``/``, inside one that only this user may enter.
    """

    def __init__(self) -> None:
        # Short, because the address of a Unix socket below it may have about 100 bytes.
        parent = None if len(tempfile.gettempdir()) < 60 else "/tmp"
        self._place = Path(tempfile.mkdtemp(prefix="phone-", dir=parent))
        self.root = self._place / "root"
        for folder in ("data/local/tmp", "dev/socket", "system/bin", "system/etc", "proc"):
            (self.root / folder).mkdir(parents=True)
        for name in _USER_FOLDERS:
            (self.root / SHARED[1:] / name).mkdir(parents=True)

    def close(self) -> None:
        """Remove everything. Closing twice is harmless."""
        for folder in self._place.rglob("*"):
            if folder.is_dir() and not folder.is_symlink():
                folder.chmod(0o755)
        shutil.rmtree(self._place, ignore_errors=True)

    def name(self, path: str, cwd: str = "/") -> str:
        """A path of the phone in its one true form: absolute, without ``..`` and aliases.

        Example:
            >>> files = Files()
            >>> files.name("../../sdcard/./a", cwd="/data")
            '/storage/emulated/0/a'
            >>> files.close()
        """
        whole = posixpath.normpath(posixpath.join("/", cwd, path))
        whole = "/" + whole.lstrip("/")
        for alias in _ALIASES:
            if whole == alias or whole.startswith(alias + "/"):
                return SHARED + whole[len(alias) :]
        return whole

    def real(self, path: str, cwd: str = "/") -> Path:
        """Where a path of the phone lies on this machine.

        Raises:
            OSError: The path is no name of a file, or leads through a symbolic link: the phone
                makes none, so somebody else did.
        """
        name = self.name(path, cwd)
        if "\0" in name:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), path)
        real = self.root
        for part in name.split("/")[1:]:
            if part:
                real = real / part
                if real.is_symlink():
                    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
        return real

    def writable(self, path: str, cwd: str = "/") -> Path:
        """Where something may be made, changed or removed.

        Raises:
            OSError: The phone's owner may not write there.
        """
        name = self.name(path, cwd)
        inside = any(name.startswith(folder + "/") for folder in WRITABLE)
        if not inside:
            code = errno.EACCES if name.startswith(("/data", "/storage")) else errno.EROFS
            raise OSError(code, os.strerror(code), path)
        return self.real(path, cwd)

    def seal(self) -> None:
        """Let the phone's shell make nothing outside of the folders that are its own."""
        shut = [self.root]
        for folder in shut:
            if not any(folder == self.root / own[1:] for own in WRITABLE):
                shut += [one for one in folder.iterdir() if one.is_dir() and not one.is_symlink()]
                folder.chmod(0o555)

    def make_parents(self, path: str, cwd: str = "/") -> None:
        """Make the folders above a path, where they are missing.

        Raises:
            OSError: One of them cannot be made.
        """
        self.writable(path, cwd).parent.mkdir(parents=True, exist_ok=True)


def mode_of(status: os.stat_result) -> int:
    """Kind and permissions as a phone's shared storage shows them: rw-rw----; rwxrwx--x."""
    if stat.S_ISDIR(status.st_mode):
        return stat.S_IFDIR | 0o771
    return stat.S_IFMT(status.st_mode) | 0o660
