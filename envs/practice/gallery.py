"""Pictures of the whole practice phone, to be looked at: every app, light beside dark."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from . import fonts
from .draw import Box, Canvas
from .fonts import FAMILIES, Font
from .phone import Phone

_GROUND = (235, 236, 239)
_INK = (70, 74, 82)
_FRAME = (24, 24, 28)


@dataclass(frozen=True, slots=True)
class Shot:
    """One screen of the sheet.

    Attributes:
        caption: Written above it.
        theme: A name of ``style.THEMES``.
        app: What is opened; empty: the home screen.
        pages: Opened one after the other, each with its arguments.
        then: What is done last.
    """

    caption: str
    theme: str
    app: str = ""
    pages: tuple[tuple[str, dict[str, Any]], ...] = ()
    then: Callable[[Phone], None] | None = None


def contact_sheet(seed: int = 3, *, width: int = 1800, pairs: int = 4) -> Image.Image:
    """Draw the main pages of all apps and some details, each in light and in dark.

    Args:
        seed: Of the phones.
        width: Of the picture, in pixels.
        pairs: Screens beside each other; each takes the room of two.

    Returns:
        RGB.
    """
    shots = _shots(Phone(seed))
    gap = width // 120
    wide = (width - gap) // pairs
    inner = (wide - gap - 4) // 2
    high = inner * 20 // 9
    line = Font(FAMILIES[0], max(10, width // 120), bold=True)
    row = fonts.line_height(line) + gap + high + gap
    sheet = Image.new("RGB", (width, -(-len(shots) // pairs) * row + gap), _GROUND)
    canvas = Canvas(sheet)
    for number, shot in enumerate(shots):
        down, across = divmod(number, pairs)
        left, top = gap + across * wide, gap + down * row
        caption = fonts.ellipsize(f"{shot.caption} · {shot.theme}", line, wide - gap)
        canvas.text(left, top, caption, line, _INK)
        top += fonts.line_height(line) + gap // 2
        for half, dark in enumerate((False, True)):
            picture = picture_of(shot, seed, dark=dark).resize(
                (inner, high), Image.Resampling.LANCZOS
            )
            x = left + half * (inner + 4)
            canvas.fill(Box(x - 1, top - 1, x + inner + 1, top + high + 1), _FRAME)
            sheet.paste(picture, (x, top))
    return sheet


def write(path: Path, seed: int = 3) -> None:
    """Write the sheet as a PNG of 256 colours: a third of the size, and it looks the same."""
    sheet = contact_sheet(seed)
    few = sheet.quantize(256, Image.Quantize.MEDIANCUT, kmeans=3, dither=Image.Dither.NONE)
    few.save(path, optimize=True)


def picture_of(shot: Shot, seed: int, *, dark: bool) -> Image.Image:
    """Draw one screen, at 540x1200."""
    phone = Phone(seed, theme=shot.theme, dark=dark)
    phone.state.permissions = {app: True for app in phone.apps}
    _stage(phone)
    if shot.app:
        phone.open_app(shot.app)
        for page, args in shot.pages:
            phone.push(shot.app, page, args)
        phone.scene()  # a page begins to load when it is first shown
        phone.advance(3.0)
    if shot.then is not None:
        shot.then(phone)
    return Image.fromarray(phone.pixels())


def tap(phone: Phone, *words: str) -> None:
    """Tap the things of these texts or labels, one after the other.

    Raises:
        LookupError: There is no such thing on the screen.
    """
    for wanted in words:
        nodes = [node for node in phone.tree().walk() if wanted in (node.text, node.label)]
        if not nodes:
            raise LookupError(f"there is no {wanted!r} on {phone.current}")
        node = next((one for one in nodes if one.clickable), nodes[0])
        phone.tap(*node.box.centre)
        phone.advance(1.0)


def _stage(phone: Phone) -> None:
    """Put something into the shade and the cart, so that there is something to see."""
    shop = phone.data("shop")
    there = [product for product in shop["products"] if product["stock"] > 3]
    shop["cart"] = [
        {"product": product["id"], "count": count}
        for product, count in zip(there[::6], (2, 1, 1), strict=False)
    ]
    shop["coupon"] = next(iter(shop["coupons"]))


def _shots(phone: Phone) -> Sequence[Shot]:
    """Say what is shown; numbers of records are those of this phone."""

    def first(app: str, key: str, name: str = "id", **like: Any) -> Any:
        records = phone.data(app)[key]
        fit = [one for one in records if all(one[part] == value for part, value in like.items())]
        return (fit or records)[0][name]

    def longest(records: list[dict[str, Any]], key: str) -> dict[str, Any]:
        return max(records, key=lambda record: len(record[key]))

    talk = longest(phone.data("messages")["talks"], "messages")["number"]
    note = longest(phone.data("notes")["notes"], "text")["id"]
    product, order = first("shop", "products"), first("shop", "orders")
    article = phone.data("reader")["articles"][3]["id"]
    return (
        Shot("Home", "sea"),
        Shot("Shade", "sea", "notes", then=_shade),
        Shot("Recent apps", "forest", "notes", then=_recents),
        Shot("Lock screen", "ember", then=_lock),
        Shot("Settings", "slate", "settings"),
        Shot("Display", "sand", "settings", (("display", {}),)),
        Shot("Contacts", "forest", "contacts"),
        Shot("A contact", "plum", "contacts", (("contact", {"id": first("contacts", "people")}),)),
        Shot("Messages", "sea", "messages"),
        Shot("A conversation", "sea", "messages", (("conversation", {"number": talk}),), _writing),
        Shot("Calendar", "ember", "calendar"),
        Shot("Choosing a day", "plum", "calendar", then=_day),
        Shot("Clock", "plum", "clock"),
        Shot("Notes", "sand", "notes"),
        Shot("A note", "sand", "notes", (("note", {"id": note}),), _selecting),
        Shot("Calculator", "sea", "calculator", then=_sum),
        Shot("Files", "slate", "files"),
        Shot("Shop", "ember", "shop"),
        Shot("A product", "forest", "shop", (("product", {"id": product}),)),
        Shot("Cart", "sea", "shop", (("cart", {}),)),
        Shot("An order", "plum", "shop", (("orders", {}), ("order", {"id": order}))),
        Shot("Reader", "slate", "reader"),
        Shot("An article", "sand", "reader", (("article", {"id": article}),)),
        Shot("Permission", "ember", "shop", (("permission", {}),)),
    )


def _shade(phone: Phone) -> None:
    for app, title, text in (
        ("shop", "Parcel", "Your parcel comes on Thursday."),
        ("reader", "New in Towns", "12 articles were added."),
        ("messages", "Ελένη", "Τα λέμε αύριο! 👋"),
    ):
        phone.notify(app, title, text, "main")
    phone.open_shade()


def _recents(phone: Phone) -> None:
    for app in ("reader", "calendar", "shop", "contacts"):
        phone.open_app(app)
    phone.show_recents()


def _lock(phone: Phone) -> None:
    phone.screen_off()
    phone.wake()


def _field(phone: Phone) -> None:
    node = next(node for node in phone.tree().walk() if node.role == "field")
    phone.tap(*node.box.centre)
    phone.advance(0.3)


def _writing(phone: Phone) -> None:
    _field(phone)
    phone.commit("Grüße aus Αθήνα 🌞")


def _selecting(phone: Phone) -> None:
    nodes = [node for node in phone.tree().walk() if node.role == "field"]
    box = nodes[-1].box
    phone.press(box.left + phone.style.dp(40), box.top + phone.style.dp(24), 0.7)


def _sum(phone: Phone) -> None:
    tap(phone, "7", "8", "×", "4", "6", "+", "9")


def _day(phone: Phone) -> None:
    tap(phone, "New event", "Date")


def _size(phone: Phone) -> None:
    tap(phone, "More options", "Text size")
