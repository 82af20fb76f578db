"""The shop: products by category, searched for, looked at and put into the cart."""

from collections.abc import Callable

from ..app import Command, Page, Screen
from ..layout import Column, Fixed, Row
from ..rows import Item, chips, empty, heading, padded
from ..view import Act, View
from ..widgets import Button, Icon, IconButton, Line, Text
from . import shop_cart, shop_order
from .shop_data import CATEGORIES, Picture, Record, app, find, in_cart, money

__all__ = ["app", "shop_cart", "shop_order"]

_SORTS: dict[str, Callable[[Record], tuple[float, str]]] = {
    "Name": lambda product: (0, product["name"].casefold()),
    "Price": lambda product: (product["price"], product["name"].casefold()),
    "Stars": lambda product: (-product["stars"], product["name"].casefold()),
}


def cart_command(s: Screen) -> Command:
    """Give the icon that leads to the cart."""
    count = in_cart(s)
    return ("shopping_cart" if count else "add_shopping_cart", "Cart", s.opens("cart"))


def _menu(s: Screen) -> list[tuple[str, Act]]:
    return [("Favourites", s.opens("favourites")), ("Your orders", s.opens("orders"))]


@app.page("main")
def main(s: Screen) -> Page:
    """Show categories, then everything; or what is searched for."""
    wanted = s.text("query").strip().casefold()
    products = sorted(s.data["products"], key=_SORTS["Name"])
    body: list[View]
    if wanted:
        found = [one for one in products if wanted in one["name"].casefold()]
        rows: list[View] = [_row(s, product) for product in found]
        body = rows or [empty(f"Nothing is called “{s.text('query').strip()}”", "search")]
    else:
        body = [heading("Categories")]
        for name, icon in CATEGORIES.items():
            count = sum(product["category"] == name for product in products)
            body.append(
                Item(
                    name,
                    f"{count} products",
                    before=Icon(icon, colour="accent"),
                    after=Icon("chevron_right"),
                    on_tap=s.opens("category", name=name),
                )
            )
        body += [heading("All products"), *(_row(s, product) for product in products)]
    return Page("Shop", body, commands=[cart_command(s)], menu=_menu(s), above=s.search())


def _row(s: Screen, product: Record) -> View:
    stock = "" if product["stock"] else " · out of stock"
    return Item(
        product["name"],
        f"{money(product['price'])}{stock}",
        before=Picture(product),
        on_tap=s.opens("product", id=product["id"]),
    )


@app.page("category")
def category(s: Screen) -> Page:
    """Show one category, in an order that can be chosen."""
    name = s.args["name"]
    order = s.local.setdefault("order", "Name")

    def choose(wanted: str) -> None:
        s.local["order"] = wanted

    body: list[View]
    if s.loading(0.6):
        body = [s.spinner()]
    else:
        products = [one for one in s.data["products"] if one["category"] == name]
        body = [_row(s, product) for product in sorted(products, key=_SORTS[order])]
    above = chips(tuple(_SORTS), order, choose)
    return Page(name, body, commands=[cart_command(s)], menu=_menu(s), above=above)


@app.page("favourites")
def favourites(s: Screen) -> Page:
    """Show what the owner likes."""
    products = [find(s.data["products"], number) for number in s.data["favourites"]]
    rows: list[View] = [_row(s, product) for product in products]
    body = rows or [empty("No favourites yet", "favorite_border")]
    return Page("Favourites", body, commands=[cart_command(s)])


@app.page("product")
def product_page(s: Screen) -> Page:
    """Show a product, with how many to take."""
    product = find(s.data["products"], s.args["id"])
    liked = product["id"] in s.data["favourites"]
    count = s.local.setdefault("count", 1)

    def like() -> None:
        if liked:
            s.data["favourites"].remove(product["id"])
        else:
            s.data["favourites"].append(product["id"])

    def put() -> None:
        already = next((o for o in s.data["cart"] if o["product"] == product["id"]), None)
        if count + (already["count"] if already else 0) > product["stock"]:
            s.toast(f"Only {product['stock']} in stock")
            return
        if already:
            already["count"] += count
        else:
            s.data["cart"].append({"product": product["id"], "count": count})
        s.local["count"] = 1
        s.toast("Added to the cart")

    def step(by: int) -> Act:
        def act() -> None:
            s.local["count"] = max(1, min(count + by, max(1, product["stock"])))

        return act

    left = product["stock"]
    stock = f"{left} in stock" if left else "Out of stock"
    there = left > 0
    heart: Command = (
        ("favorite", "Remove from favourites", like)
        if liked
        else ("favorite_border", "Add to favourites", like)
    )
    body = [
        padded(Picture(product, dp=170, square=False), across=16, down=4),
        padded(
            Text(product["name"], sp=20, bold=True),
            Text(money(product["price"]), sp=20, colour="accent", bold=True, id="price"),
            Text(f"★ {product['stars']} · {stock}", sp=14, colour="muted", id="stock"),
            gap=4,
        ),
        _stepper(count, step(-1), step(1), enabled=there),
        padded(Button("Add to cart", put, icon="add_shopping_cart", enabled=there)),
        Column(Line(), pad=(16, 8, 16, 0)),
        heading("Details"),
        padded(
            Text(f"Made of {product['material']}.", sp=15),
            Text(f"Weighs {product['weight']} g.", sp=15),
            Text(f"Sold under {product['category']}.", sp=15),
            gap=2,
            down=4,
        ),
    ]
    return Page(product["category"], body, commands=[heart, cart_command(s)])


def _stepper(count: int, less: Act, more: Act, *, enabled: bool) -> View:
    number = Text(str(count), sp=20, bold=True, align="centre", id="quantity")
    return Row(
        Text("Quantity", grow=1),
        IconButton("remove", "One less", less, enabled=enabled and count > 1),
        Fixed(number, width=44),
        IconButton("add", "One more", more, enabled=enabled),
        pad=(16, 0, 12, 0),
    )
