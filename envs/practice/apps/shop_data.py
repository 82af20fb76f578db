"""What the shop sells, to whom, and how its money and pictures look."""

import colorsys
import datetime
from random import Random
from typing import Any

from ..app import App, Screen
from ..draw import Box, Canvas
from ..style import Colour, Style
from ..view import View
from ..words import CITIES, World

Record = dict[str, Any]

CATEGORIES = {
    "Kitchen": "kitchen",
    "Garden": "local_florist",
    "Household": "chair",
    "Sport": "sports_soccer",
    "Music & games": "extension",
}
"""Each with its icon."""

_GOODS: dict[str, tuple[tuple[str, str], ...]] = {
    "Kitchen": (
        ("Mug", "coffee"), ("Kettle", "local_cafe"), ("Soup bowl", "ramen_dining"),
        ("Egg cup", "egg"), ("Cake tin", "cake"), ("Bread box", "bakery_dining"),
        ("Wine glass", "wine_bar"), ("Pizza stone", "local_pizza"), ("Самовар", "local_cafe"),
        ("急須", "coffee"), ("Μπρίκι", "coffee"),
    ),
    "Garden": (
        ("Watering can", "water_drop"), ("Parasol", "beach_access"), ("Seeds", "grass"),
        ("Flower pot", "local_florist"), ("Bird house", "cottage"), ("Hammock", "park"),
        ("Compost bin", "eco"), ("Rain gauge", "umbrella"), ("Gießkännchen", "water_drop"),
        ("فانوس", "lightbulb"),
    ),
    "Household": (
        ("Desk lamp", "lightbulb"), ("Armchair", "chair"), ("Blanket", "king_bed"),
        ("Wall clock", "access_time"), ("Umbrella", "umbrella"), ("Suitcase", "luggage"),
        ("Picture frame", "image"), ("Candle", "local_fire_department"),
        ("Laundry bag", "local_laundry_service"), ("座布団", "king_bed"),
    ),
    "Sport": (
        ("Football", "sports_soccer"), ("Basketball", "sports_basketball"),
        ("Tennis racket", "sports_tennis"), ("Bicycle bell", "notifications"),
        ("Snow goggles", "snowboarding"), ("Hiking boots", "hiking"), ("Yoga mat", "spa"),
        ("Stopwatch", "timer"), ("Мяч", "sports_soccer"),
    ),
    "Music & games": (
        ("Headphones", "headphones"), ("Speaker", "speaker"), ("Puzzle 🧩", "extension"),
        ("Dice", "casino"), ("Song book", "library_music"), ("Microphone", "mic"),
        ("Game pad", "sports_esports"), ("Radio", "radio"), ("Paint box", "palette"),
        ("三味線", "music_note"),
    ),
}  # fmt: skip
_COLOURS = {
    "red": 0.99, "orange": 0.07, "yellow": 0.13, "green": 0.36, "turquoise": 0.48, "blue": 0.6,
    "purple": 0.76, "pink": 0.91,
}  # fmt: skip
_MATERIALS = (
    "steel", "oak", "clay", "glass", "cotton", "cork", "bamboo", "recycled paper", "wool", "copper",
)  # fmt: skip
_STREETS = ("Mill Lane", "Station Road", "Lindenstraße", "Rue du Four", "Harbour Street")
COUPONS = (
    "HONEY", "SPRING", "WELCOME", "RIVER", "COMET", "BASIL", "PEBBLE", "LANTERN", "MAPLE", "ORBIT",
)  # fmt: skip
DELIVERY = 390
"""What sending costs, in cents."""
FREE_FROM = 5000
"""From so many cents on, sending costs nothing."""


def _seed(world: World, rng: Random) -> dict[str, Any]:
    products: list[Record] = []
    for category, goods in _GOODS.items():
        chosen = rng.sample(goods, rng.randrange(4, 7))
        for name, icon in [*chosen, chosen[0]]:  # two alike that differ in colour
            colour = rng.choice(sorted(_COLOURS))
            full = f"{name}, {colour}"
            if any(full == product["name"] for product in products):
                continue
            products.append(
                {
                    "id": len(products) + 1,
                    "name": full,
                    "category": category,
                    "icon": icon,
                    "hue": _COLOURS[colour],
                    "price": rng.randrange(2, 90) * 100 + rng.choice((0, 20, 50, 90, 95, 99)),
                    "stock": 0 if rng.random() < 0.12 else rng.randrange(3, 30),
                    "stars": rng.randrange(20, 50) / 10,
                    "material": rng.choice(_MATERIALS),
                    "weight": rng.randrange(4, 300) * 10,
                }
            )
    owner = world.people[0]
    addresses: list[Record] = [
        {
            "id": number,
            "label": label,
            "name": owner.name,
            "street": f"{rng.choice(_STREETS)} {rng.randrange(1, 120)}",
            "code": str(rng.randrange(10000, 99999)),
            "city": rng.choice(CITIES),
        }
        for number, label in enumerate(rng.sample(("My flat", "Office", "Parents"), 2), 1)
    ]
    data: dict[str, Any] = {
        "next": rng.randrange(1001, 9000),
        "products": products,
        "cart": [],
        "coupon": None,
        "coupons": {
            f"{word}{percent}": percent
            for word in rng.sample(COUPONS, 3)
            for percent in [rng.choice((5, 10, 15, 20, 25))]
        },
        "favourites": [product["id"] for product in rng.sample(products, 2)],
        "addresses": addresses,
        "card": str(rng.randrange(1000, 9999)),
        "orders": [],
    }
    for number in reversed(range(rng.randrange(3, 6))):  # the oldest first
        lines = [
            {"product": product["id"], "count": rng.randrange(1, 4), "price": product["price"]}
            for product in rng.sample(products, rng.randrange(1, 4))
        ]
        day = world.today - datetime.timedelta(days=1 + 9 * number + rng.randrange(8))
        state = ("Being packed", "On its way", "Delivered")[min(2, number)]
        add_order(data, day.isoformat(), lines, addresses[0]["id"], "Invoice", 0, state)
    return data


app = App("shop", "Shop", "storefront", (186, 84, 40), _seed, permission="know where you are")


def add_order(
    data: dict[str, Any],
    day: str,
    lines: list[Record],
    address: int,
    payment: str,
    percent: int,
    state: str = "Being packed",
) -> int:
    """Write an order down, newest first, and give its number."""
    number = int(data["next"])
    data["next"] = number + 1
    data["orders"].insert(
        0,
        {
            "id": number,
            "day": day,
            "lines": lines,
            "address": address,
            "payment": payment,
            "total": bill(lines, percent)[3],
            "state": state,
        },
    )
    data["orders"].sort(key=lambda order: (order["day"], order["id"]), reverse=True)
    return number


def bill(lines: list[Record], percent: int) -> tuple[int, int, int, int]:
    """Add up what is bought.

    Args:
        lines: Each with ``price`` in cents and ``count``.
        percent: That a coupon takes off.

    Returns:
        Goods, discount, delivery and total, in cents.
    """
    goods = sum(line["price"] * line["count"] for line in lines)
    discount = (goods * percent + 50) // 100
    delivery = 0 if goods - discount >= FREE_FROM or not goods else DELIVERY
    return goods, discount, delivery, goods - discount + delivery


def cart_lines(data: dict[str, Any]) -> list[Record]:
    """Give what is in the cart, with prices."""
    return [
        {**line, "price": find(data["products"], line["product"])["price"]} for line in data["cart"]
    ]


def percent_of(data: dict[str, Any]) -> int:
    """What the coupon in use takes off."""
    return int(data["coupons"].get(data["coupon"], 0))


def find(records: list[Record], number: int) -> Record:
    """Give the record of a number.

    Raises:
        LookupError: There is none.
    """
    for record in records:
        if record["id"] == number:
            return record
    raise LookupError(number)


def money(cents: int) -> str:
    """Such as ``€4.20``."""
    return f"€{cents // 100}.{cents % 100:02d}"


def in_cart(s: Screen) -> int:
    """How many things are in the cart."""
    return sum(line["count"] for line in s.data["cart"])


class Picture(View):
    """A product's picture: its shape in its colour, before a plain ground.

    Args:
        product: Which.
        dp: Its height; as wide as it may be, or a square where ``square`` is set.
        square: Whether it is as wide as it is high.
    """

    role = "image"

    def __init__(self, product: Record, *, dp: float = 48, square: bool = True) -> None:
        super().__init__(label="" if square else f"Picture of {product['name']}")
        self.icon, self.hue, self.dp = product["icon"], product["hue"], dp

    def width_of(self, s: Style) -> int:
        """Its height."""
        return s.dp(self.dp)

    def height_of(self, s: Style, width: int) -> int:
        """As given."""
        return s.dp(self.dp)

    def draw(self, c: Canvas, s: Style) -> None:
        """Draw the ground, a disc, and the shape."""
        c.fill(self.box, self._shade(0.24 if s.dark else 0.90, 0.35), s.dp(min(16, s.theme.radius)))
        x, y = self.box.centre
        size = round(min(self.box.width, self.box.height) * 0.8)
        disc = Box(x - size // 2, y - size // 2, x - size // 2 + size, y - size // 2 + size)
        c.fill(disc, self._shade(0.32 if s.dark else 0.82, 0.5), size // 2)
        px = round(size * 0.66)
        c.icon(x - px // 2, y - px // 2, px, self.icon, self._shade(0.68 if s.dark else 0.38, 0.6))

    def _shade(self, lightness: float, saturation: float) -> Colour:
        parts = colorsys.hls_to_rgb(self.hue, lightness, saturation)
        red, green, blue = (round(255 * part) for part in parts)
        return red, green, blue
