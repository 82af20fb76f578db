"""Tasks in the shop: questions, favourites, and what cannot be bought."""

from random import Random

from ..apps.shop_data import bill, cart_lines, money, percent_of
from ..phone import Phone
from .base import Family, Params, PracticeTask, Unfit, says
from .checks import only
from .hand import Hand
from .shop import fill_cart, go_category, go_product, start

AS_WRITTEN = "as the shop writes it"


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


class FavouriteProduct(Family):
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

    def solve(self, hand: Hand, p: Params) -> None:
        """Read it in the cart."""
        start(hand)
        hand.go("shop", ("cart", "Cart"))
        hand.no_dialog()
        hand.see(p["answer"])
        hand.answer(p["answer"])
