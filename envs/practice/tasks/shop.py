"""Tasks in the shop: looking for things, the cart, favourites."""

from random import Random
from typing import Any

from ..apps.shop_data import find
from ..phone import Phone
from .base import Family, Params, PracticeTask, Unfit
from .checks import only
from .hand import Hand

Record = dict[str, Any]


def products(phone: Phone, *, stock: int = 1) -> list[Record]:
    """Give the products of which there are so many."""
    return [one for one in phone.data("shop")["products"] if one["stock"] >= stock]


def start(hand: Hand) -> None:
    """Be in the shop; on its first page, have nothing searched for."""
    hand.app("shop")
    if hand.pages == ["main"] and not hand.dialog and hand.text("query"):
        hand.tap("Clear search")


def go_category(hand: Hand, name: str) -> None:
    """Be on the page of a category."""
    start(hand)
    hand.go("shop", ("category", name), args={"name": name})


def go_product(hand: Hand, product: int) -> None:
    """Be on the page of a product."""
    one = find(hand.data["shop"]["products"], product)
    start(hand)
    if hand.pages == ["main", "category", "product"]:
        hand.go("shop", ("category", ""), ("product", ""), args={"id": product})
        return
    go_category(hand, one["category"])
    hand.no_dialog()
    hand.tap(one["name"])


def have_cart(hand: Hand, wanted: dict[int, int]) -> None:
    """Have these products in the cart, so many of each, and nothing else."""
    data = hand.data["shop"]
    there = {line["product"]: line["count"] for line in data["cart"]}
    names = {one["id"]: one["name"] for one in data["products"]}
    for product, count in there.items():
        if wanted.get(product) != count:
            start(hand)
            hand.go("shop", ("cart", "Cart"))
            hand.no_dialog()
            if product not in wanted:
                hand.tap(f"Remove {names[product]}")
            hand.tap(f"One {'more' if count < wanted[product] else 'less'} {names[product]}")
    for product, count in wanted.items():
        if product not in there:
            go_product(hand, product)
            hand.no_dialog()
            chosen = hand.phone.shown_pages()[-1][0].local["count"]
            if chosen != count:
                hand.tap("One more" if chosen < count else "One less")
            hand.tap("Add to cart")


def cart_of(phone: Phone) -> dict[int, int]:
    """Give how many of which products are in the cart."""
    return {line["product"]: line["count"] for line in phone.data("shop")["cart"]}


def fill_cart(phone: Phone, rng: Random, count: int) -> list[Record]:
    """Put some products into the cart, and give them."""
    there = products(phone, stock=4)
    if len(there) < count:
        raise Unfit("too little is in stock")
    chosen = rng.sample(there, count)
    lines = [{"product": one["id"], "count": rng.randrange(1, 4)} for one in chosen]
    phone.data("shop")["cart"] = lines
    return chosen


class AddToCart(Family):
    """Put some of a product into the cart."""

    apps = ("shop",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick a product, and how many."""
        product = rng.choice(products(phone, stock=3))
        return {"id": product["id"], "name": product["name"], "count": rng.choice((1, 1, 2, 3))}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f'Put {p["count"]} of the product "{p["name"]}" into the cart of the shop.'

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it is in the cart, alone."""
        p = task.params
        return cart_of(phone) == {p["id"]: p["count"]} and only(phone, task, "shop", "cart")

    def solve(self, hand: Hand, p: Params) -> None:
        """Go to the product."""
        have_cart(hand, {p["id"]: p["count"]})


class _Cart(Family):
    """Has a cart to begin with; ``p["cart"]`` is what it shall be (pairs)."""

    apps = ("shop",)

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether the cart is as it shall be."""
        return cart_of(phone) == dict(task.params["cart"]) and only(phone, task, "shop", "cart")

    def solve(self, hand: Hand, p: Params) -> None:
        """Make the cart so."""
        have_cart(hand, dict(p["cart"]))


class ChangeQuantity(_Cart):
    """Take another number of something in the cart."""

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Fill the cart, and pick what to change."""
        chosen = rng.choice(fill_cart(phone, rng, rng.randrange(1, 4)))
        cart = cart_of(phone)
        cart[chosen["id"]] = rng.choice([n for n in range(1, 5) if n != cart[chosen["id"]]])
        return {"name": chosen["name"], "count": cart[chosen["id"]], "cart": [*cart.items()]}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f'Change the number of "{p["name"]}" in the cart of the shop to {p["count"]}.'


class RemoveFromCart(_Cart):
    """Take one product out of the cart."""

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Fill the cart, and pick what goes."""
        chosen = rng.choice(fill_cart(phone, rng, rng.randrange(2, 5)))
        cart = cart_of(phone)
        del cart[chosen["id"]]
        return {"name": chosen["name"], "cart": [*cart.items()]}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f'Remove "{p["name"]}" from the cart of the shop.'


class EmptyCart(Family):
    """Take everything out of the cart."""

    apps = ("shop",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Fill the cart."""
        return {"count": len(fill_cart(phone, rng, rng.randrange(2, 6)))}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"Empty the cart of the shop; there are {p['count']} different products in it."

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it is empty."""
        return not cart_of(phone) and only(phone, task, "shop", "cart")

    def solve(self, hand: Hand, p: Params) -> None:
        """Use the menu."""
        start(hand)
        hand.go("shop", ("cart", "Cart"))
        if hand.dialog == "menu":
            hand.tap("Empty cart")
        if hand.dialog == "ask":
            hand.confirm("Empty")
        hand.no_dialog()
        hand.tap("More options")
