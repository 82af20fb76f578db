"""What ``uiautomator dump`` tells of the field that has the focus."""

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass

from .adb_link import Link
from .worker import Stop

_FILE = "/data/local/tmp/eyehand-tree.xml"
_DUMP = f"rm -f {_FILE}; uiautomator dump {_FILE} && cat {_FILE}; rm -f {_FILE}"
_EDITABLE = re.compile(r"(EditText|AutoCompleteTextView|TextInput\w*|SearchBox|TextField)$")


@dataclass(frozen=True, slots=True)
class Field:
    """A text field.

    Attributes:
        text: What it holds, as dumped; where it is empty, perhaps its hint.
        name: What tells it from other fields: package, id and place.
        secret: It shows no text, as for a password.
    """

    text: str
    name: str
    secret: bool


@dataclass(frozen=True, slots=True)
class Focus:
    """What has the focus.

    Attributes:
        known: Whether the phone told at all.
        field: The text field; None where none has the focus, or it is not known.
        why: Why it is not known.
    """

    known: bool
    field: Field | None = None
    why: str = ""


def focus(link: Link, stop: Stop, delivered: str = "nothing") -> Focus:
    """Look which text field has the focus.

    Args:
        link: The phone.
        stop: Ends the wait.
        delivered: What arrived of the action under way, for the error.

    Raises:
        DeviceLost: The phone is gone.
    """
    reply = link.ask(_DUMP, stop, delivered)
    return read_focus(reply.text)


def read_focus(dumped: str) -> Focus:
    """Read a dump, with whatever was printed around it."""
    start, end = dumped.find("<hierarchy"), dumped.rfind("</hierarchy>")
    if start < 0 or end < start:
        said = " ".join(dumped.split())[:120]
        return Focus(False, why=f"uiautomator said {said!r}" if said else "uiautomator is silent")
    try:
        tree = ElementTree.fromstring(dumped[start : end + len("</hierarchy>")])
    except (ElementTree.ParseError, ValueError):
        return Focus(False, why="what uiautomator wrote cannot be read")
    for node in tree.iter("node"):
        if node.get("focused") == "true" and _EDITABLE.search(node.get("class", "")):
            name = "|".join(node.get(key, "") for key in ("package", "resource-id"))
            # Its lower edge moves as it grows; the corner it starts at does not.
            corner = node.get("bounds", "").partition("]")[0]
            secret = node.get("password") == "true"
            return Focus(True, Field(node.get("text", ""), f"{name}|{corner}", secret))
    return Focus(True)
