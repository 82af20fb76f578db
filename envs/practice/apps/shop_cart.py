"""The shop's cart: how many of what, a coupon, and what it comes to."""

from ..app import Page, Screen
from ..layout import Column, Fixed, Row
from ..rows import Item, empty, padded
from ..view import Act, View
from ..widgets import Button, Icon, IconButton, Line, Text
from .shop_data import Picture, Record, app, bill, cart_lines, find, money, percent_of


@app.page("cart")
def cart(s: Screen) -> Page:
    """Show what is in the cart."""
    lines = cart_lines(s.data)
    if not lines:
        return Page("Cart", [empty("Your cart is empty", "shopping_cart")])
    body: list[View] = []
    for line in lines:
        body += [_line(s, line), Column(Line(), pad=(16, 0, 16, 0))]
    body.append(_coupon(s))
    body.append(totals(bill(lines, percent_of(s.data)), s.data["coupon"]))

    def clear() -> None:
        s.ask("Empty the cart?", "All products are taken out.", "Empty", "empty_cart")

    below = Column(Button("Checkout", s.opens("address")), pad=(16, 4, 16, 8), fill="surface")
    return Page("Cart", body, menu=[("Empty cart", clear)], below=below)


def _line(s: Screen, line: Record) -> View:
    product = find(s.data["products"], line["product"])
    name, count = product["name"], line["count"]
    entry = next(one for one in s.data["cart"] if one["product"] == product["id"])

    def step(by: int) -> Act:
        def act() -> None:
            if count + by > product["stock"]:
                s.toast(f"Only {product['stock']} in stock")
            else:
                entry["count"] = count + by

        return act

    def remove() -> None:
        s.data["cart"].remove(entry)

    words = Column(Text(name, lines=2), Text(money(line["price"]), sp=14, colour="muted"), grow=1)
    top = Row(
        Picture(product), words, IconButton("delete_outline", f"Remove {name}", remove), gap=12
    )
    low = Row(
        IconButton("remove", f"One less {name}", step(-1), enabled=count > 1),
        Fixed(Text(str(count), bold=True, align="centre"), width=36),
        IconButton("add", f"One more {name}", step(1)),
        Text(money(line["price"] * count), bold=True, align="right", grow=1),
    )
    return Column(top, low, pad=(16, 8, 12, 0))


def _coupon(s: Screen) -> View:
    code = s.data["coupon"]
    if code:
        remove = IconButton("close", "Remove coupon", lambda: s.data.update(coupon=None))
        detail = f"{percent_of(s.data)} % off"
        return Item(code, detail, before=Icon("local_offer", colour="accent"), after=remove)

    def add() -> None:
        s.prompt("Coupon", "Code", "", "use_coupon")

    return Item("Add a coupon", before=Icon("local_offer"), on_tap=add)


@app.does("use_coupon")
def use_coupon(s: Screen, text: str) -> None:
    """Use a coupon, if there is one of that code."""
    code = text.strip().upper()
    if code in s.data["coupons"]:
        s.data["coupon"] = code
        s.toast(f"{percent_of(s.data)} % off with {code}")
    else:
        s.toast("This code is not valid")


@app.does("empty_cart")
def empty_cart(s: Screen) -> None:
    """Take everything out."""
    s.data["cart"].clear()


def totals(sums: tuple[int, int, int, int], coupon: str | None) -> View:
    """Give the sums, line by line.

    Args:
        sums: Goods, discount, delivery and total, in cents.
        coupon: Its code; None: no line of its own.
    """
    goods, discount, delivery, total = sums

    def line(words: str, amount: str, *, strong: bool = False) -> View:
        size = 18 if strong else 15
        return Row(
            Text(words, sp=size, bold=strong, grow=1), Text(amount, sp=size, bold=strong), gap=8
        )

    return padded(
        line("Products", money(goods)),
        line(f"Coupon {coupon}", f"−{money(discount)}") if coupon else None,
        line("Delivery", money(delivery) if delivery else "free"),
        line("Total", money(total), strong=True),
        gap=4,
        down=12,
    )
