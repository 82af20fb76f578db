"""What ``uiautomator dump`` tells: what is on the screen, and the field that has the focus."""

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass

from .adb_link import Link
from .base import Shown
from .errors import ActionFailed
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


def shown(link: Link, stop: Stop) -> tuple[Shown, ...]:
    """Give what the phone says is on its screen, from the top left.

    Args:
        link: The phone.
        stop: Ends the wait.

    Raises:
        ActionFailed: It does not say so now: something on the screen never rests.
        DeviceLost: The phone is gone.
    """
    return read_shown(link.ask(_DUMP, stop, "nothing").text)


def read_shown(dumped: str) -> tuple[Shown, ...]:
    """Read what is on the screen from a dump, with whatever was printed around it.

    Raises:
        ActionFailed: There is no dump in it.
    """
    tree = _parsed(dumped)
    if isinstance(tree, str):
        raise ActionFailed(f"the phone does not tell what is on its screen: {tree}")
    found = []
    for node in tree.iter("node"):
        edges = [int(number) for number in re.findall(r"-?\d+", node.get("bounds", ""))]
        if len(edges) != 4:
            continue
        checkable = node.get("checkable") == "true"
        found.append(
            Shown(
                text=node.get("text", ""),
                label=node.get("content-desc", ""),
                id=node.get("resource-id", ""),
                box=(edges[0], edges[1], edges[2], edges[3]),
                checked=node.get("checked") == "true" if checkable else None,
                enabled=node.get("enabled") != "false",
                focused=node.get("focused") == "true",
            )
        )
    return tuple(found)


def _parsed(dumped: str) -> ElementTree.Element | str:
    """Find and parse the tree in what was printed; else why there is none."""
    start, end = dumped.find("<hierarchy"), dumped.rfind("</hierarchy>")
    if start < 0 or end < start:
        said = " ".join(dumped.split())[:120]
        return f"uiautomator said {said!r}" if said else "uiautomator is silent"
    try:
        return ElementTree.fromstring(dumped[start : end + len("</hierarchy>")])
    except (ElementTree.ParseError, ValueError):
        return "what uiautomator wrote cannot be read"


def read_focus(dumped: str) -> Focus:
    """Read a dump, with whatever was printed around it."""
    tree = _parsed(dumped)
    if isinstance(tree, str):
        return Focus(False, why=tree)
    for node in tree.iter("node"):
        if node.get("focused") == "true" and _EDITABLE.search(node.get("class", "")):
            name = "|".join(node.get(key, "") for key in ("package", "resource-id"))
            # Its lower edge moves as it grows; the corner it starts at does not.
            corner = node.get("bounds", "").partition("]")[0]
            secret = node.get("password") == "true"
            return Focus(True, Field(node.get("text", ""), f"{name}|{corner}", secret))
    return Focus(True)
