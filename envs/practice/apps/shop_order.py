"""The shop's checkout: where to, how it is paid, a last look; and what was ordered before."""

import datetime

from ..app import Page, Screen
from ..controls import Tick
from ..layout import Column
from ..rows import Item, empty, heading, padded
from ..view import Act, View
from ..widgets import Button, Icon, Text
from .shop_cart import totals
from .shop_data import (
    Picture,
    Record,
    add_order,
    app,
    bill,
    cart_lines,
    find,
    money,
    percent_of,
)

PAYMENTS = ("Invoice", "Cash on delivery", "Saved card", "New card")
_FIELDS = {
    "label": "Called, such as Office",
    "name": "Name",
    "street": "Street and number",
    "code": "Postcode",
    "city": "City",
}


def _below(word: str, act: Act) -> View:
    return Column(Button(word, act), pad=(16, 4, 16, 8), fill="surface")


def _choice(s: Screen, key: str, value: object, title: str, detail: str = "") -> View:
    on = s.local.get(key) == value
    tick = Tick(on, radio=True, label=title)
    return Item(
        title,
        detail,
        before=tick,
        on_tap=lambda: s.local.update({key: value}),
        lines=2,
    )


@app.page("address")
def address(s: Screen) -> Page:
    """Ask where to send it."""
    rows: list[View] = [
        _choice(s, "address", one["id"], one["label"], _written(one)) for one in s.data["addresses"]
    ]
    rows.append(
        Item("Another address", before=Icon("add", colour="accent"), on_tap=s.opens("new_address"))
    )

    def on() -> None:
        if "address" in s.local:
            s.open("payment", address=s.local["address"])
        else:
            s.toast("Choose an address")

    return Page("Delivery address", rows, below=_below("Continue", on))


def _written(one: Record) -> str:
    return f"{one['name']}, {one['street']}, {one['code']} {one['city']}"


@app.page("new_address")
def new_address(s: Screen) -> Page:
    """Take down another address."""

    def save() -> None:
        found = {key: s.text(key).strip() for key in _FIELDS}
        missing = [_FIELDS[key].split(",")[0] for key, text in found.items() if not text]
        if missing:
            s.toast(f"Missing: {', '.join(missing)}")
            return
        number = max((one["id"] for one in s.data["addresses"]), default=0) + 1
        s.data["addresses"].append({"id": number, **found})
        s.close()

    fields: list[View] = [s.field(key, hint) for key, hint in _FIELDS.items()]
    return Page("New address", [padded(*fields, Button("Save address", save), gap=12)])


@app.page("payment")
def payment(s: Screen) -> Page:
    """Ask how it is paid."""
    details = {
        "Invoice": "Within 14 days",
        "Cash on delivery": "To whoever brings it",
        "Saved card": f"Ending in {s.data['card']}",
        "New card": "Its number is kept by nobody",
    }
    rows: list[View] = [_choice(s, "payment", name, name, details[name]) for name in PAYMENTS]

    def on() -> None:
        chosen = s.local.get("payment")
        if chosen is None:
            s.toast("Choose how to pay")
        elif chosen == "New card":
            s.open("card", address=s.args["address"])
        else:
            s.open("review", address=s.args["address"], payment=chosen)

    return Page("Payment", rows, below=_below("Continue", on))


@app.page("card")
def card(s: Screen) -> Page:
    """Take a card's number; no picture is to be taken of it."""

    def on() -> None:
        number = s.text("number").replace(" ", "").replace("-", "")
        if len(number) != 16 or not number.isdigit():
            s.toast("A card's number has 16 digits")
        elif len(s.text("check")) != 3:
            s.toast("The security code has 3 digits")
        elif not s.text("expires"):
            s.toast("Until when is the card valid?")
        else:
            word = f"Card ending in {number[-4:]}"
            s.replace("review", address=s.args["address"], payment=word)

    fields: list[View] = [
        s.field("number", "Card number", kind="phone"),
        s.field("expires", "Valid until"),
        s.field("check", "Security code", kind="password"),
    ]
    note = Text("Secure page: no pictures can be taken of it.", sp=14, colour="muted")
    body = [padded(note, *fields, Button("Continue", on, icon="lock"), gap=12)]
    return Page("Pay by card", body, secure=True)


@app.page("review")
def review(s: Screen) -> Page:
    """Show all of it once more, and order."""
    if s.local.get("placing"):
        waiting = Text("Placing your order…", align="centre", colour="muted")
        return Page("Your order", [s.spinner(), padded(waiting)], back=lambda: None)
    where = find(s.data["addresses"], s.args["address"])
    lines = cart_lines(s.data)

    def place() -> None:
        s.local["placing"] = True
        s.later(1.5, "place", address=s.args["address"], payment=s.args["payment"])

    body = [
        heading("Products"),
        *_lines(s, lines),
        heading("Delivery"),
        Item(where["label"], _written(where), before=Icon("local_shipping"), lines=3),
        heading("Payment"),
        Item(s.args["payment"], before=Icon("payments")),
        totals(bill(lines, percent_of(s.data)), s.data["coupon"]),
    ]
    return Page("Your order", body, below=_below("Place order", place))


def _lines(s: Screen, lines: list[Record]) -> list[View]:
    found: list[View] = []
    for line in lines:
        product = find(s.data["products"], line["product"])
        amount = Text(money(line["price"] * line["count"]), sp=14)
        detail = f"{line['count']} × {money(line['price'])}"
        found.append(Item(product["name"], detail, before=Picture(product, dp=40), after=amount))
    return found


@app.does("place")
def place(s: Screen, address: int, payment: str) -> None:
    """Order what is in the cart, also where the page was left meanwhile."""
    lines = cart_lines(s.data)
    if not lines:
        return
    for line in lines:
        find(s.data["products"], line["product"])["stock"] -= line["count"]
    day = s.phone.clock.date().isoformat()
    number = add_order(s.data, day, lines, address, payment, percent_of(s.data))
    s.data["cart"].clear()
    s.data["coupon"] = None
    s.toast("Thank you for your order")
    if s.name == "review":
        s.close_to("main")
        s.open("orders")
        s.open("order", id=number)


@app.page("orders")
def orders(s: Screen) -> Page:
    """Show what was ordered, newest first."""
    if s.loading(0.5):
        return Page("Your orders", [s.spinner()])
    rows: list[View] = [
        Item(
            f"Order {one['id']}",
            f"{_day(one['day'])} · {money(one['total'])} · {one['state']}",
            before=Icon("receipt_long"),
            on_tap=s.opens("order", id=one["id"]),
            lines=2,
        )
        for one in s.data["orders"]
    ]
    return Page("Your orders", rows or [empty("No orders yet", "receipt_long")])


def _day(text: str) -> str:
    return f"{datetime.date.fromisoformat(text):%-d %B %Y}"


@app.page("order")
def order(s: Screen) -> Page:
    """Show one order."""
    one = find(s.data["orders"], s.args["id"])
    where = find(s.data["addresses"], one["address"])
    packed = one["state"] == "Being packed"

    def cancel() -> None:
        text = "It has not been sent yet."
        s.ask(f"Cancel order {one['id']}?", text, "Cancel order", "cancel_order", order=one["id"])

    body = [
        Item("Ordered", _day(one["day"]), before=Icon("event")),
        Item("State", one["state"], before=Icon("local_shipping")),
        heading("Products"),
        *_lines(s, one["lines"]),
        Item("Total", money(one["total"]), before=Icon("receipt")),
        Item("Paid by", one["payment"], before=Icon("payments")),
        Item(where["label"], _written(where), before=Icon("home"), lines=3),
        padded(Button("Cancel order", cancel, kind="tonal")) if packed else None,
    ]
    return Page(f"Order {one['id']}", body)


@app.does("cancel_order")
def cancel_order(s: Screen, order: int) -> None:
    """Cancel an order that has not been sent."""
    find(s.data["orders"], order)["state"] = "Cancelled"
    s.toast("Order cancelled")
