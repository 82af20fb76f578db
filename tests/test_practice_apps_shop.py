"""Shop, reader and the system's own screens on the practice phone, used by a finger."""

from itertools import pairwise
from random import Random
from typing import Any

import pytest
from practice_finger import Finger

from eyehand.envs.practice.apps.reader_words import write_articles
from eyehand.envs.practice.apps.shop_data import bill, money
from eyehand.envs.practice.tasks import PracticeTask, make_task
from eyehand.envs.practice.words import World


def shopper(*, cart: int = 0) -> Finger:
    """Somebody in the shop, with so many products in the cart."""
    finger = Finger("shop")
    finger.phone.state.permissions["shop"] = True
    if "Allow" in finger.texts():
        finger.tap("Allow")
    there = [one for one in finger.data["products"] if one["stock"] > 3]
    finger.data["cart"] = [{"product": one["id"], "count": 2} for one in there[:cart]]
    finger.phone.rotate(0)  # builds the screen anew
    return finger


def product(finger: Finger, **like: Any) -> dict[str, Any]:
    found: dict[str, Any] = next(
        one
        for one in finger.data["products"]
        if all(one[key] == value for key, value in like.items())
    )
    return found


# Money


@pytest.mark.parametrize(
    ("prices", "percent", "sums"),
    [
        ([], 0, (0, 0, 0, 0)),
        ([(100, 1)], 0, (100, 0, 390, 490)),
        ([(4999, 1)], 0, (4999, 0, 390, 5389)),
        ([(2500, 2)], 0, (5000, 0, 0, 5000)),
        ([(2500, 2)], 10, (5000, 500, 390, 4890)),  # what is sent is no longer worth 50
        ([(333, 1)], 15, (333, 50, 390, 673)),  # 49.95 cents are 50
    ],
)
def test_a_bill_is_right_to_the_cent(
    prices: list[tuple[int, int]], percent: int, sums: tuple[int, int, int, int]
) -> None:
    lines = [{"price": price, "count": count} for price, count in prices]
    assert bill(lines, percent) == sums


def test_money_is_written_with_two_digits_after_the_point() -> None:
    assert [money(cents) for cents in (0, 5, 420, 12300)] == ["€0.00", "€0.05", "€4.20", "€123.00"]


# The shop


def test_a_product_is_put_into_the_cart_as_often_as_its_stepper_says() -> None:
    finger = shopper()
    one = next(one for one in finger.data["products"] if one["stock"] >= 3)
    finger.tap(one["category"], one["name"], "One more", "One more", "One less", "Add to cart")
    assert finger.data["cart"] == [{"product": one["id"], "count": 2}]
    finger.tap("Add to cart")
    assert finger.data["cart"] == [{"product": one["id"], "count": 3}]


def test_no_more_is_put_into_the_cart_than_there_is() -> None:
    finger = shopper()
    one = next(one for one in finger.data["products"] if one["stock"])
    one["stock"] = 1
    finger.tap(one["category"], one["name"], "Add to cart", "Add to cart")
    assert finger.data["cart"] == [{"product": one["id"], "count": 1}]
    assert "Only 1 in stock" in finger.texts()


def test_what_is_out_of_stock_cannot_be_put_into_the_cart() -> None:
    finger = shopper()
    one = finger.data["products"][0]
    one["stock"] = 0
    finger.tap(one["category"], one["name"], "Add to cart")
    assert finger.data["cart"] == []
    assert any("Out of stock" in text for text in finger.texts())


def test_a_category_shows_its_products_in_the_order_that_is_chosen() -> None:
    finger = shopper()
    finger.tap("Kitchen", "Price")
    places = {
        node.text: node.box.top
        for node in finger.phone.tree().walk()
        if node.role == "text" and node.text.startswith("€")
    }
    shown = [text for text, _ in sorted(places.items(), key=lambda entry: entry[1])]
    prices = [float(text.split()[0][1:]) for text in shown]
    assert len(prices) >= 4
    assert all(one <= other for one, other in pairwise(prices))


def test_search_finds_by_a_part_of_the_name_and_says_where_there_is_nothing() -> None:
    finger = shopper()
    one = finger.data["products"][0]["name"]
    finger.write("query", one[1:5].upper())
    assert one in finger.texts()
    finger.write("query", "submarine")
    assert "Nothing is called “submarine”" in finger.texts()


def test_a_coupon_counts_only_if_it_is_valid() -> None:
    finger = shopper(cart=2)
    finger.tap("Cart", "Add a coupon")
    finger.write("text", "NOTHING9")
    finger.tap("OK")
    assert finger.data["coupon"] is None
    assert "This code is not valid" in finger.texts()
    code = next(iter(finger.data["coupons"]))
    finger.tap("Add a coupon")
    finger.write("text", code.lower())
    finger.tap("OK")
    assert finger.data["coupon"] == code
    finger.tap("Remove coupon")
    assert finger.data["coupon"] is None


def test_the_cart_is_emptied_only_after_a_question() -> None:
    finger = shopper(cart=3)
    finger.tap("Cart", "More options", "Empty cart", "Cancel")
    assert len(finger.data["cart"]) == 3
    finger.tap("More options", "Empty cart", "Empty")
    assert finger.data["cart"] == []
    assert "Your cart is empty" in finger.texts()


def test_buying_makes_one_order_and_takes_it_from_the_stock() -> None:
    finger = shopper(cart=2)
    before = {one["id"]: one["stock"] for one in finger.data["products"]}
    lines, orders = list(finger.data["cart"]), len(finger.data["orders"])
    label = finger.data["addresses"][1]["label"]
    finger.tap("Cart", "Checkout", label, "Continue", "Cash on delivery", "Continue", "Place order")
    finger.wait(3)
    assert len(finger.data["orders"]) == orders + 1
    order = finger.data["orders"][0]
    assert (order["address"], order["payment"]) == (2, "Cash on delivery")
    assert finger.data["cart"] == []
    for line in lines:
        assert product(finger, id=line["product"])["stock"] == before[line["product"]] - 2
    assert f"Order {order['id']}" in finger.texts()


def test_going_back_while_an_order_is_placed_does_not_place_it_twice() -> None:
    finger = shopper(cart=1)
    orders = len(finger.data["orders"])
    finger.tap("Cart", "Checkout", finger.data["addresses"][0]["label"], "Continue", "Invoice")
    finger.tap("Continue", "Place order")
    finger.phone.back()
    finger.phone.go_home()
    finger.wait(3)
    assert len(finger.data["orders"]) == orders + 1


def test_checkout_asks_for_what_is_not_chosen() -> None:
    finger = shopper(cart=1)
    finger.tap("Cart", "Checkout", "Continue")
    assert "Choose an address" in finger.texts()
    finger.tap(finger.data["addresses"][0]["label"], "Continue", "Continue")
    assert "Choose how to pay" in finger.texts()


def test_no_picture_can_be_taken_of_the_page_for_a_cards_number() -> None:
    finger = shopper(cart=1)
    finger.tap("Cart", "Checkout", finger.data["addresses"][0]["label"], "Continue", "New card")
    finger.tap("Continue")
    assert finger.phone.secure
    assert not finger.phone.pixels().any()
    finger.write("number", "4000 1234 5678 9010")
    finger.write("expires", "09/31")
    finger.write("check", "123")
    finger.tap("Continue")
    assert not finger.phone.secure
    assert "Card ending in 9010" in finger.texts()
    assert "5678" not in str(finger.phone.state.data), "a card's number is kept nowhere"


def test_only_an_order_that_is_being_packed_can_be_cancelled() -> None:
    finger = shopper()
    first, *_, last = finger.data["orders"]
    assert (first["state"], last["state"]) == ("Being packed", "Delivered")
    finger.tap("More options", "Your orders", f"Order {last['id']}")
    assert "Cancel order" not in finger.texts()
    finger.back()
    finger.tap(f"Order {first['id']}", "Cancel order", "Cancel order")
    assert first["state"] == "Cancelled"


# The reader


def test_an_article_is_found_by_its_address_and_goes_into_the_history() -> None:
    finger = Finger("reader")
    article = finger.data["articles"][5]
    finger.write("address", f"https://{article['address']}/")
    finger.tap("Go")
    assert article["paragraphs"][0] in finger.texts()
    assert finger.data["history"][0]["article"] == article["id"]


def test_an_address_that_is_nobodys_is_not_found() -> None:
    finger = Finger("reader")
    finger.write("address", "nowhere.example/at-all")
    finger.tap("Go")
    finger.wait(2)
    assert "This page cannot be found" in finger.texts()


def test_a_search_finds_articles_by_what_stands_in_them() -> None:
    finger = Finger("reader")
    article = finger.data["articles"][0]
    finger.write("address", article["facts"][0][0])
    finger.tap("Go")
    finger.wait(1)
    assert article["title"] in finger.texts()


def test_a_link_leads_on_and_back_leads_back() -> None:
    finger = Finger("reader")
    titles = {one["id"]: one["title"] for one in finger.data["articles"]}
    article = finger.data["articles"][0]
    finger.tap(article["title"], titles[article["links"][0]])
    assert finger.phone.state.stacks["reader"][-1]["args"]["id"] == article["links"][0]
    finger.back()
    assert article["paragraphs"][0] in finger.texts()


def test_every_fact_stands_in_its_article_and_holds_its_answer() -> None:
    for seed in range(30):
        world = World.make(seed)
        for article in write_articles(world, Random(seed)):
            text = " ".join(article["paragraphs"])
            assert all(0 < other <= 30 and other != article["id"] for other in article["links"])
            for sentence, question, answer in article["facts"]:
                assert sentence in text
                assert answer in sentence
                assert answer not in question


# The system


def test_a_permission_that_was_denied_can_be_given_in_the_settings() -> None:
    finger = Finger("shop")
    finger.phone.state.permissions["shop"] = False
    finger.phone.open_app("settings")
    finger.wait(1)
    finger.tap("Permissions", "Shop")
    assert finger.phone.state.permissions["shop"] is True


@pytest.mark.parametrize("family", ["close_app", "dismiss_notification", "quick_toggle"])
def test_doing_it_to_all_of_them_is_not_what_was_asked(family: str) -> None:
    finger = Finger("settings", seed=11)
    phone = finger.phone
    phone.go_home()
    task: PracticeTask = make_task(family, phone, 11)
    if family == "close_app":
        phone.clear_recents()
    elif family == "dismiss_notification":
        phone.clear_notifications()
    else:
        for name in ("Wi-Fi", "Bluetooth", "Airplane", "Torch", "Silent", "Dark"):
            phone.open_shade()
            finger.tap(name)
    assert not task.passed(phone, [], "success")


def test_looking_around_in_the_reader_does_not_spoil_that_it_cannot_be_done() -> None:
    finger = Finger("reader")
    task = make_task("missing_article", finger.phone, 3)
    finger.tap(finger.data["articles"][0]["title"])
    assert task.passed(finger.phone, [], "infeasible")
    finger.tap("Remove bookmark" if "Remove bookmark" in finger.texts() else "Add bookmark")
    assert not task.passed(finger.phone, [], "infeasible")
