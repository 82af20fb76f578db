"""Tasks in the shop: coupons, buying what is in the cart, orders."""

import datetime
from random import Random

from ..apps.shop_data import COUPONS, money
from ..phone import Phone
from .base import Family, Params, PracticeTask, Unfit
from .checks import by_id, only
from .hand import Hand
from .shop import cart_of, fill_cart, have_cart, products, start

_WAY = ["main", "cart", "address", "payment", "review"]


def checkout(hand: Hand, address: int, label: str, payment: str) -> None:
    """Buy what is in the cart."""
    start(hand)
    pages = hand.pages
    local = hand.phone.shown_pages()[-1][0].local if pages else {}
    if pages == _WAY[:3]:
        hand.no_dialog()
        if local.get("address") != address:
            hand.tap(label)
        hand.tap("Continue")
    if pages == _WAY[:4] and hand.args["address"] == address:
        hand.no_dialog()
        if local.get("payment") != payment:
            hand.tap(payment)
        hand.tap("Continue")
    if pages == _WAY and hand.args == {"address": address, "payment": payment}:
        hand.no_dialog()
        hand.tap("Place order")
    hand.go("shop", ("cart", "Cart"), ("address", "Checkout"))


class _Buy(Family):
    """Ends with one more order, of ``p["cart"]`` (pairs)."""

    apps = ("shop",)

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether that was ordered, once, and nothing else."""
        p, data = task.params, phone.data("shop")
        before = by_id(task.before["shop"]["orders"])
        new = [order for order in data["orders"] if order["id"] not in before]
        if len(new) != 1 or any(by_id(data["orders"])[n] != o for n, o in before.items()):
            return False
        lines = {line["product"]: line["count"] for line in new[0]["lines"]}
        return (
            lines == dict(p["cart"])
            and (new[0]["address"], new[0]["payment"]) == (p["address"], p["payment"])
            and not data["cart"]
            and only(phone, task, "shop", "orders", "next", "cart", "coupon", "products")
        )

    def solve(self, hand: Hand, p: Params) -> None:
        """Fill the cart, if it is not full yet, and check out."""
        have_cart(hand, dict(p["cart"]))
        checkout(hand, p["address"], p["label"], p["payment"])


def _choices(phone: Phone, rng: Random) -> Params:
    address = rng.choice(phone.data("shop")["addresses"])
    payment = rng.choice(("Invoice", "Cash on delivery", "Saved card"))
    return {"address": address["id"], "label": address["label"], "payment": payment}


class BuyItem(_Buy):
    """Find a product, put it into the cart, and buy it."""

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick a product, an address, and how to pay."""
        product = rng.choice(products(phone, stock=3))
        count = rng.choice((1, 1, 2))
        cart = [(product["id"], count)]
        return {"name": product["name"], "count": count, "cart": cart, **_choices(phone, rng)}

    def goal(self, p: Params) -> str:
        """Say it."""
        return (
            f'Buy {p["count"]} of the product "{p["name"]}" in the shop. Have it sent to the '
            f'address "{p["label"]}" and pay by: {p["payment"]}.'
        )


class BuyCart(_Buy):
    """Buy what is in the cart already."""

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Fill the cart; pick an address, and how to pay."""
        fill_cart(phone, rng, rng.randrange(1, 4))
        return {"cart": [*cart_of(phone).items()], **_choices(phone, rng)}

    def goal(self, p: Params) -> str:
        """Say it."""
        return (
            f"Buy what is in my cart in the shop. Have it sent to the address "
            f'"{p["label"]}" and pay by: {p["payment"]}.'
        )


def _write_coupon(hand: Hand, code: str) -> None:
    """Write a coupon's code into its dialog."""
    start(hand)
    hand.go("shop", ("cart", "Cart"))
    if hand.dialog == "prompt":
        hand.field("text", code)
        hand.tap("OK")
    hand.no_dialog()
    if hand.sees("Remove coupon"):
        hand.tap("Remove coupon")
    hand.tap("Add a coupon")


class ApplyCoupon(Family):
    """Use a coupon for what is in the cart."""

    apps = ("shop",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Fill the cart, and make a coupon."""
        fill_cart(phone, rng, rng.randrange(1, 4))
        code = f"{rng.choice(COUPONS)}{rng.randrange(1, 10)}{rng.choice('XYZ')}"
        phone.data("shop")["coupons"][code] = rng.randrange(5, 40)
        return {"code": code}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"Use the coupon {p['code']} for what is in the cart of the shop."

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it is used."""
        used = phone.data("shop")["coupon"] == task.params["code"]
        return used and only(phone, task, "shop", "coupon")

    def solve(self, hand: Hand, p: Params) -> None:
        """Write it in the cart."""
        _write_coupon(hand, p["code"])


class InvalidCoupon(Family):
    """Use a coupon that is not valid."""

    apps = ("shop",)
    feasible = False

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Fill the cart, and make up a code."""
        fill_cart(phone, rng, rng.randrange(1, 4))
        return {"code": f"{rng.choice(COUPONS)}{rng.randrange(100, 1000)}"}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"Use the coupon {p['code']} for what is in the cart of the shop."

    def solve(self, hand: Hand, p: Params) -> None:
        """Try it, and say what the shop says."""
        toast = hand.phone.state.toast
        if toast and "not valid" in toast["text"] and hand.phone.now < toast["until"]:
            hand.give_up(f"the shop says that {p['code']} is not valid")
        _write_coupon(hand, p["code"])


class CancelOrder(Family):
    """Cancel an order that has not been sent yet."""

    apps = ("shop",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Have two or more orders that can be cancelled; pick one."""
        orders = phone.data("shop")["orders"]
        for order in orders[: rng.randrange(2, 4)]:
            order["state"] = "Being packed"
        return {"order": rng.choice([o["id"] for o in orders if o["state"] == "Being packed"])}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"Cancel my order {p['order']} in the shop."

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it is, and no other."""
        number = task.params["order"]
        now, before = by_id(phone.data("shop")["orders"]), by_id(task.before["shop"]["orders"])
        before[number] = {**before[number], "state": "Cancelled"}
        return now == before and only(phone, task, "shop", "orders")

    def solve(self, hand: Hand, p: Params) -> None:
        """Find it among the orders."""
        go_order(hand, p["order"])
        if hand.dialog == "ask":
            hand.confirm("Cancel order")
        hand.no_dialog()
        hand.tap("Cancel order")


def go_order(hand: Hand, number: int) -> None:
    """Be on the page of an order."""
    start(hand)
    if hand.pages == ["main"]:
        if hand.dialog == "menu":
            hand.tap("Your orders")
        hand.no_dialog()
        hand.tap("More options")
    way = (("orders", ""), ("order", f"Order {number}"))
    hand.go("shop", *way, args={"id": number})


class TellOrder(Family):
    """Say something about an earlier order."""

    apps = ("shop",)
    asks = True

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick an order, and what to ask."""
        data = phone.data("shop")
        order = rng.choice(data["orders"])
        days = sum(one["day"] == order["day"] for one in data["orders"])
        if days > 1:
            raise Unfit("two orders of one day")
        names = by_id(data["products"])
        one = rng.choice(order["lines"])
        name = names[one["product"]]["name"]
        day = datetime.date.fromisoformat(order["day"])
        number, shop = order["id"], "in the shop"
        asked = {
            f"What is the total of my order {number} {shop}, as the shop writes it?": (
                money(order["total"])[1:], "Total"),
            f"What is the state of my order {number} {shop}, as the shop writes it?": (
                order["state"], "State"),
            f'How many of "{name}" are in my order {number} {shop}?': (str(one["count"]), name),
            f"What is the number of the order that I made {shop} on {day:%-d %B %Y}?": (
                str(number), "Ordered"),
        }  # fmt: skip
        goal = rng.choice(list(asked))
        return {"order": number, "goal": goal, "answer": asked[goal][0], "where": asked[goal][1]}

    def goal(self, p: Params) -> str:
        """Say it."""
        return str(p["goal"])

    def solve(self, hand: Hand, p: Params) -> None:
        """Read it on the order's page."""
        go_order(hand, p["order"])
        hand.no_dialog()
        hand.see(p["where"])
        hand.answer(p["answer"])
