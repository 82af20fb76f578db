"""Tasks in the shop: looking for things, the cart, favourites."""

from random import Random
from typing import Any

from ..apps.shop_data import bill, cart_lines, find, money, percent_of
from ..phone import Phone
from .base import Family, Params, PracticeTask, Unfit, says
from .checks import only
from .hand import Hand

Record = dict[str, Any]
AS_WRITTEN = "as the shop writes it"


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


class TellPrice(Family):
    """Say what a product costs, weighs or is made of."""

    apps = ("shop",)
    asks = True

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick a product, and what to ask."""
        product = rng.choice(phone.data("shop")["products"])
        asked = {
            "What does it cost, as the shop writes it?": money(product["price"])[1:],
            "How many grams does it weigh?": str(product["weight"]),
            "What is it made of?": product["material"],
            "How many stars does it have?": str(product["stars"]),
        }
        what = rng.choice(list(asked))
        return {
            "id": product["id"],
            "name": product["name"],
            "what": what,
            "answer": asked[what],
        }

    def goal(self, p: Params) -> str:
        """Say it."""
        return f'Look at the product "{p["name"]}" in the shop and tell me: {p["what"]}'

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it was said."""
        return says(said, task.params["answer"]) and only(phone, task, "shop")

    def solve(self, hand: Hand, p: Params) -> None:
        """Read the product's page."""
        go_product(hand, p["id"])
        hand.no_dialog()
        hand.see(p["answer"])
        hand.answer(p["answer"])


class CheapestInCategory(Family):
    """Say which product of a category is the cheapest, the dearest or the best."""

    apps = ("shop",)
    asks = True

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick a category, and what to look for."""
        everything = phone.data("shop")["products"]
        ways = {"cheapest": ("price", 1), "most expensive": ("price", -1)}
        word = rng.choice(list(ways))
        key, sign = ways[word]
        name = rng.choice(sorted({one["category"] for one in everything}))
        ranked = sorted(
            (one for one in everything if one["category"] == name), key=lambda o: sign * o[key]
        )
        if len(ranked) < 2 or ranked[0][key] == ranked[1][key]:
            raise Unfit("two cost the same")
        return {"category": name, "word": word, "answer": ranked[0]["name"]}

    def goal(self, p: Params) -> str:
        """Say it."""
        return (
            f"Which is the {p['word']} product of the category {p['category']} in the shop, out of "
            f"stock or not? Tell me its name {AS_WRITTEN}."
        )

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it was said, and no other."""
        others = (
            one["name"]
            for one in phone.data("shop")["products"]
            if one["category"] == task.params["category"] and one["name"] != task.params["answer"]
        )
        return says(said, task.params["answer"]) and not any(says(said, name) for name in others)

    def solve(self, hand: Hand, p: Params) -> None:
        """Sort by price."""
        go_category(hand, p["category"])
        hand.no_dialog()
        if hand.phone.shown_pages()[-1][0].local.get("order") != "Price":
            hand.tap("Price")
        hand.see(p["answer"])
        hand.answer(p["answer"])


class OutOfStock(Family):
    """Buy what is sold out."""

    apps = ("shop",)
    feasible = False

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick a product, and have none of it."""
        product = rng.choice(phone.data("shop")["products"])
        product["stock"] = 0
        return {"id": product["id"], "name": product["name"], "count": rng.randrange(1, 5)}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f'Put {p["count"]} of the product "{p["name"]}" into the cart of the shop.'

    def solve(self, hand: Hand, p: Params) -> None:
        """Look, and say that there is none."""
        go_product(hand, p["id"])
        hand.no_dialog()
        hand.see("Out of stock")
        hand.give_up(f"{p['name']} is out of stock")


class MissingProduct(Family):
    """Say what something costs that the shop does not sell."""

    apps = ("shop",)
    feasible = False

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Make up a product."""
        names = ("Accordion", "Tent", "Telescope", "Sewing machine", "Canoe", "Typewriter", "Kite")
        colours = ("black", "white", "grey", "golden", "silver", "brown", "beige", "violet")
        return {"name": f"{rng.choice(names)}, {rng.choice(colours)}"}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f'Put one of the product "{p["name"]}" into the cart of the shop.'

    def solve(self, hand: Hand, p: Params) -> None:
        """Search for it, and say that there is none."""
        word = p["name"].split(",")[0]
        hand.app("shop")
        hand.go("shop")
        hand.no_dialog()
        hand.field("query", word)
        hand.give_up(f"there is no {word} in the shop")


class Favourite(Family):
    """Put a product among the favourites, or take it from there."""

    apps = ("shop",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick a product."""
        data = phone.data("shop")
        add = rng.random() < 0.6
        product = rng.choice(
            [one for one in data["products"] if (one["id"] in data["favourites"]) != add]
        )
        return {"id": product["id"], "name": product["name"], "add": add}

    def goal(self, p: Params) -> str:
        """Say it."""
        how = "Add" if p["add"] else "Remove"
        way = "to" if p["add"] else "from"
        return f'{how} the product "{p["name"]}" {way} my favourites in the shop.'

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it is there or gone, and the others are as they were."""
        p, before = task.params, set(task.before["shop"]["favourites"])
        wanted = before | {p["id"]} if p["add"] else before - {p["id"]}
        now = phone.data("shop")["favourites"]
        return set(now) == wanted and only(phone, task, "shop", "favourites")

    def solve(self, hand: Hand, p: Params) -> None:
        """Tap the heart."""
        go_product(hand, p["id"])
        hand.no_dialog()
        hand.tap("Add to favourites" if p["add"] else "Remove from favourites")


class TellCartTotal(Family):
    """Say what the cart comes to."""

    apps = ("shop",)
    asks = True

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Fill the cart; perhaps with a coupon."""
        fill_cart(phone, rng, rng.randrange(2, 5))
        data = phone.data("shop")
        data["coupon"] = rng.choice([None, *data["coupons"]])
        total = bill(cart_lines(data), percent_of(data))[3]
        return {"answer": money(total)[1:], "total": total}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"What is the total of my cart in the shop? Tell me the amount {AS_WRITTEN}."

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it was said."""
        return says(said, task.params["answer"]) and only(phone, task, "shop")

    def solve(self, hand: Hand, p: Params) -> None:
        """Read it in the cart."""
        start(hand)
        hand.go("shop", ("cart", "Cart"))
        hand.no_dialog()
        hand.see(p["answer"])
        hand.answer(p["answer"])
