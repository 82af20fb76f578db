"""``uiautomator dump``: the views on the screen as XML.

Source: AOSP, frameworks/testing/uiautomator, AccessibilityNodeInfoDumper, for the attributes.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .call import Call, Programs

if TYPE_CHECKING:
    from ...view import UiNode

_DEFAULT = "/sdcard/window_dump.xml"
_CLASSES = {
    "box": "android.view.ViewGroup",
    "button": "android.widget.Button",
    "checkbox": "android.widget.CheckBox",
    "field": "android.widget.EditText",
    "image": "android.widget.ImageView",
    "item": "android.widget.LinearLayout",
    "key": "android.widget.Button",
    "list": "androidx.recyclerview.widget.RecyclerView",
    "slider": "android.widget.SeekBar",
    "switch": "android.widget.Switch",
    "tab": "android.widget.TextView",
    "text": "android.widget.TextView",
}
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\n": "&#10;", "\t": "&#9;"}
_DOT = "\u2022"


def hierarchy(root: "UiNode", rotation: int) -> str:
    """The XML that ``uiautomator dump`` writes.

    Args:
        root: What is on the screen.
        rotation: How the screen is turned, in quarter turns.
    """
    head = "<?xml version='1.0' encoding='UTF-8' standalone='yes' ?>"
    return f'{head}<hierarchy rotation="{rotation}">{"".join(_nodes(root, 0))}</hierarchy>'


def _nodes(node: "UiNode", index: int) -> Iterator[str]:
    left, top, right, bottom = node.box
    text = _DOT * len(node.text) if node.password else node.text
    values = {
        "index": str(index),
        "text": text,
        "resource-id": f"{node.package}:id/{node.id}" if node.id else "",
        "class": _CLASSES.get(node.role, "android.view.View"),
        "package": node.package,
        "content-desc": node.label,
        "checkable": node.checkable,
        "checked": node.checked,
        "clickable": node.clickable,
        "enabled": node.enabled,
        "focusable": node.focusable,
        "focused": node.focused,
        "scrollable": node.scrollable,
        "long-clickable": node.long_clickable,
        "password": node.password,
        "selected": node.selected,
        "bounds": f"[{left},{top}][{right},{bottom}]",
    }
    written = " ".join(
        f'{name}="{escape(value) if isinstance(value, str) else str(value).lower()}"'
        for name, value in values.items()
    )
    if not node.children:
        yield f"<node {written} />"
        return
    yield f"<node {written}>"
    for number, child in enumerate(node.children):
        yield from _nodes(child, number)
    yield "</node>"


def escape(text: str) -> str:
    r"""A text as an attribute's value. What XML 1.0 has no way to say becomes a full stop.

    Example:
        >>> escape('a<"b"&\x07')
        'a&lt;&quot;b&quot;&amp;.'
    """
    return "".join(_ESCAPES.get(char) or (char if _allowed(ord(char)) else ".") for char in text)


def _allowed(code: int) -> bool:
    return code >= 0x20 and not 0xD800 <= code <= 0xDFFF and code not in (0xFFFE, 0xFFFF)


async def run_uiautomator(call: Call) -> int:
    """The program ``uiautomator``."""
    words = [word for word in call.args if not word.startswith("--")]
    if words[:1] != ["dump"]:
        await call.complain("Usage: uiautomator <subcommand> [options]\n\n  dump [file]")
        return 1
    if call.system.faults.busy_screen:
        await call.complain("ERROR: could not get idle state.")
        return 1
    path = words[1] if len(words) > 1 else _DEFAULT
    phone = call.system.phone
    data = hierarchy(phone.tree(), phone.rotation).encode()
    if path in ("/dev/tty", "/dev/stdout", "/proc/self/fd/1"):
        await call.write(data)
    else:
        try:
            call.system.files.make_parents(path, call.cwd)
            call.system.files.writable(path, call.cwd).write_bytes(data)
        except OSError as error:
            await call.complain(f"java.io.FileNotFoundException: {path}: {error.strerror}")
            return 1
    # Spelled as Android spells it: clients look for it.
    await call.say(f"UI hierchary dumped to: {path}")
    return 0


PROGRAMS: Programs = {"uiautomator": run_uiautomator}
