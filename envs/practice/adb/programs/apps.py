"""What is installed, and which activities there are: what ``am``, ``pm`` and ``monkey`` share."""

from dataclasses import dataclass

from ...state import ADB_KEYBOARD
from ..system import System

LAUNCHER = "org.eyehand.launcher"
SYSTEM_UI = "org.eyehand.systemui"
KEYBOARD = "org.eyehand.keyboard"
# Without an icon on the home screen.
_PARTS = {
    "android": "Android System",
    LAUNCHER: "Home",
    SYSTEM_UI: "System UI",
    KEYBOARD: "Keyboard",
    "com.android.shell": "Shell",
}
_PREINSTALLED = frozenset({"org.eyehand.settings", *_PARTS})


@dataclass(frozen=True, slots=True)
class Package:
    """An installed package.

    Attributes:
        name: Its package name.
        label: What people call it.
        activity: What its icon starts, such as ``.MainActivity``; empty where it has no icon.
        own: Whether it came with the phone.
    """

    name: str
    label: str
    activity: str
    own: bool

    @property
    def path(self) -> str:
        """Where its file is said to lie."""
        word = self.name.rpartition(".")[2]
        return f"/system/app/{word}/{word}.apk" if self.own else f"/data/app/{self.name}/base.apk"

    @property
    def uid(self) -> int:
        """Its Linux user, made up from its name, always the same."""
        return 1000 if self.own else 10000 + sum(self.name.encode()) % 1000

    @property
    def component(self) -> str:
        """What its icon starts, short."""
        return f"{self.name}/{self.activity}"


def packages(system: System) -> dict[str, Package]:
    """Everything that is installed, by package."""
    phone = system.phone
    found = {name: Package(name, label, "", own=True) for name, label in _PARTS.items()}
    for name, app in phone.packages.items():
        found[name] = Package(name, app.label, app.activity, name in _PREINSTALLED)
    if ADB_KEYBOARD in phone.imes:
        name = ADB_KEYBOARD.partition("/")[0]
        found[name] = Package(name, "ADB Keyboard", "", own=False)
    return dict(sorted(found.items()))


def full(activity: str, package: str) -> str:
    """An activity's whole name.

    Example:
        >>> full(".MainActivity", "org.eyehand.notes")
        'org.eyehand.notes.MainActivity'
    """
    return package + activity if activity.startswith(".") else activity
