"""Starting an app by the name people know it by, or its package; never a command line."""

import difflib
import re
from dataclasses import dataclass

from .adb_link import Link
from .android_quote import quoted
from .errors import ActionFailed
from .worker import Stop

_QUERY = (
    "cmd package query-activities -a android.intent.action.MAIN -c android.intent.category.LAUNCHER"
)
_NEW_TASK = "0x10200000"
"""As a launcher starts apps: a new task, or the old one brought to the front."""

# Android's shell tells packages; the names people see are inside the apps. These are common ones
# whose package does not end in the name.
_NAMES = {
    "browser": ("com.android.chrome", "org.mozilla.firefox", "com.android.browser"),
    "calculator": ("com.google.android.calculator", "com.android.calculator2"),
    "camera": ("com.google.android.GoogleCamera", "com.android.camera2", "com.android.camera"),
    "clock": ("com.google.android.deskclock", "com.android.deskclock"),
    "drive": ("com.google.android.apps.docs",),
    "files": ("com.google.android.apps.nbu.files", "com.android.documentsui"),
    "firefox": ("org.mozilla.firefox",),
    "gallery": ("com.android.gallery3d", "com.sec.android.gallery3d"),
    "gmail": ("com.google.android.gm",),
    "maps": ("com.google.android.apps.maps",),
    "messages": ("com.google.android.apps.messaging", "com.android.mms", "com.android.messaging"),
    "notes": ("com.google.android.keep",),
    "keep": ("com.google.android.keep",),
    "phone": ("com.google.android.dialer", "com.android.dialer"),
    "photos": ("com.google.android.apps.photos",),
    "play store": ("com.android.vending",),
    "telegram": ("org.telegram.messenger",),
}


@dataclass(frozen=True, slots=True)
class App:
    """An app with an icon on the home screen.

    Attributes:
        package: Its package.
        activity: What is started, as ``package/activity``.
        label: The name people see; empty where the phone does not tell.
    """

    package: str
    activity: str
    label: str = ""

    @property
    def names(self) -> set[str]:
        """What it may be called, in lower case."""
        own = {self.package, self.label, self.package.rpartition(".")[2]}
        own |= {name for name, packages in _NAMES.items() if self.package in packages}
        return {name.casefold() for name in own if name}

    def __str__(self) -> str:
        """Give its label and package, or its package alone; a label is whatever an app says."""
        return f"{self.label:.60} ({self.package})" if self.label else self.package


def installed(link: Link, stop: Stop) -> list[App]:
    """List the apps of the home screen.

    Raises:
        DeviceLost: The phone does not answer.
    """
    return parse_apps(link.ask(_QUERY, stop).text)


def parse_apps(listing: str) -> list[App]:
    """Read what ``cmd package query-activities`` prints, in its long and its brief form."""
    apps: dict[str, App] = {}
    for block in re.split(r"^\s*Activity #\d+:", listing, flags=re.MULTILINE):
        brief = re.findall(r"^\s+([\w.]+/[\w.$]+)\s*$", block, re.MULTILINE)
        name = re.search(r"^\s+name=(\S+)", block, re.MULTILINE)
        package = re.search(r"^\s+packageName=(\S+)", block, re.MULTILINE)
        if name and package:
            label = re.search(r"nonLocalizedLabel=(?!null\b)(.+?)(?: icon=|$)", block, re.MULTILINE)
            activity = f"{package[1]}/{name[1]}"
            apps.setdefault(activity, App(package[1], activity, label[1] if label else ""))
        for activity in brief:
            apps.setdefault(activity, App(activity.partition("/")[0], activity))
    return list(apps.values())


def find(name: str, apps: list[App]) -> App:
    """Find the one app that a name means.

    Args:
        name: The name people see, a package, its last word, or close to one of them.
        apps: What there is.

    Raises:
        ActionFailed: None is meant, or several are; lists near names.
    """
    wanted = " ".join(name.split()).casefold()
    for found in (
        [app for app in apps if wanted == app.package.casefold()],
        [app for app in apps if wanted == app.label.casefold()],
        [app for app in apps if wanted in app.names],
        _close(wanted, apps),
    ):
        if len(found) == 1:
            return found[0]
        if found:
            listed = ", ".join(str(app) for app in found[:5])
            raise ActionFailed(f"{name!r} may mean {listed}: name the package")
    names = {n: app for app in apps for n in app.names}
    near = difflib.get_close_matches(wanted, names, n=3, cutoff=0.5)
    near = near or [n for n in names if wanted and (wanted in n or n in wanted)][:3]
    hint = (
        f"; did you mean {' or '.join(dict.fromkeys(str(names[n]) for n in near))}?" if near else ""
    )
    raise ActionFailed(f"no app is called {name!r}{hint}")


def _close(wanted: str, apps: list[App]) -> list[App]:
    """Give the apps with a name hardly different from the one wanted: a typing error, an ending."""
    names = {n: app for app in apps for n in sorted(app.names)}
    near = difflib.get_close_matches(wanted, names, n=3, cutoff=0.85)
    return list(dict.fromkeys(names[n] for n in near))


def start_command(app: App) -> str:
    """Give the command that starts an app, as its icon does."""
    return (
        f"am start -a android.intent.action.MAIN -c android.intent.category.LAUNCHER "
        f"-f {_NEW_TASK} -n {quoted(app.activity)}"
    )
