"""Contacts, messages and calendar of the practice phone, used as a finger uses them."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from eyehand.envs.practice.apps.contacts import by_number, digits
from eyehand.envs.practice.apps.message_data import talk_with
from eyehand.envs.practice.env import PracticeEnv
from eyehand.envs.practice.field import TextField
from eyehand.envs.practice.phone import Phone
from eyehand.envs.practice.tasks import make_task
from eyehand.envs.practice.tasks.calendar import to_day
from eyehand.envs.practice.tasks.contacts import to_contact
from eyehand.envs.practice.tasks.hand import Hand
from eyehand.envs.practice.tasks.messages import to_talk
from eyehand.envs.practice.tasks.steps import Next
from eyehand.envs.practice.view import View

SAVE, MORE = "Save", "More options"


class User:
    """Somebody with a phone, who finds things by what they say."""

    def __init__(self, app: str, *, seed: int = 4, allowed: bool | None = True) -> None:
        self.phone = Phone(seed)
        self.phone.state.permissions["messages"] = allowed
        self.phone.open_app(app)
        self.wait()

    def wait(self, seconds: float = 1.0) -> None:
        """Let loading end."""
        self.phone.scene()
        self.phone.advance(seconds)

    def views(self) -> list[View]:
        """All that lies on the screen, the topmost first."""
        found = []
        for layer in reversed(self.phone.scene().layers):
            found += list(layer.view.walk())
            if layer.outside is not None:
                break
        return found

    def sees(self, target: str) -> bool:
        return any(target in (view.text, view.label, view.id) for view in self.views())

    def find(self, target: str) -> View:
        found = [view for view in self.views() if target in (view.text, view.label, view.id)]
        found.sort(key=lambda view: view.on_tap is None)
        assert found, f"there is no {target!r}"
        return found[0]

    def tap(self, target: str) -> None:
        self.phone.tap(*self.find(target).box.centre)
        self.wait()

    def hold(self, target: str) -> None:
        self.phone.press(*self.find(target).box.centre, 0.8)
        self.wait()

    def write(self, key: str, text: str) -> None:
        field = next(v for v in self.views() if isinstance(v, TextField) and v.id == key)
        self.phone.tap(*field.box.centre)
        self.phone.clear_field()
        self.phone.commit(text)

    def back(self) -> None:
        if self.phone.keyboard_shown:
            self.phone.back()
        self.phone.back()
        self.wait()

    def person(self, id: int) -> dict[str, Any]:
        known: list[dict[str, Any]] = self.phone.data("contacts")["people"]
        return next(one for one in known if one["id"] == id)

    def push(self, app: str, page: str, **args: Any) -> None:
        self.phone.push(app, page, args)
        self.wait()


def test_a_new_contact_is_written_down_and_shown() -> None:
    user = User("contacts")
    count = len(user.phone.data("contacts")["people"])
    user.tap("New contact")
    user.write("name", "  Ζωή O'Neill ")
    user.write("phone", "040 555 0001")
    user.tap(SAVE)
    made = user.phone.data("contacts")["people"][-1]
    assert (made["name"], made["phone"], made["email"]) == ("Ζωή O'Neill", "040 555 0001", "")
    assert len(user.phone.data("contacts")["people"]) == count + 1
    assert user.sees("Ζωή O'Neill")
    user.back()
    assert user.sees("Search contacts")


def test_a_contact_without_a_name_is_not_saved() -> None:
    user = User("contacts")
    before = list(user.phone.data("contacts")["people"])
    user.tap("New contact")
    user.write("phone", "040 555 0001")
    user.tap(SAVE)
    assert user.phone.data("contacts")["people"] == before
    assert user.sees("A contact needs a name")


def test_back_asks_before_changes_are_lost_and_keeps_them_on_cancel() -> None:
    user = User("contacts")
    user.push("contacts", "contact", id=3)
    user.tap("Edit")
    user.write("city", "Elsewhere")
    user.back()
    assert user.sees("Discard changes?")
    user.tap("Cancel")
    assert user.sees("Elsewhere")
    user.back()
    user.tap("Discard")
    assert user.person(3)["city"] != "Elsewhere"
    assert user.sees("Call")


def test_back_from_an_unchanged_form_asks_nothing() -> None:
    user = User("contacts")
    user.push("contacts", "edit", id=3)
    user.back()
    assert not user.sees("Discard changes?")


def test_deleting_a_contact_is_asked_for_first() -> None:
    user = User("contacts")
    user.push("contacts", "contact", id=3)
    for answer in ("Cancel", "Delete"):
        assert user.person(3)
        user.tap(MORE)
        user.tap("Delete")
        user.tap(answer)
    assert all(one["id"] != 3 for one in user.phone.data("contacts")["people"])
    assert user.sees("Search contacts")


def test_the_star_makes_a_favourite_and_favourites_are_listed_alone() -> None:
    user = User("contacts")
    for one in user.phone.data("contacts")["people"]:
        one["favourite"] = False
    user.tap("Favourites")
    assert user.sees("No favourites")
    user.push("contacts", "contact", id=3)
    user.tap("Add to favourites")
    user.back()
    assert user.sees("contact_3")
    assert not user.sees("contact_4")


@pytest.mark.parametrize("key", ["name", "phone", "city"])
def test_search_finds_people_by(key: str) -> None:
    user = User("contacts")
    wanted = user.person(5)
    user.write("query", wanted[key].upper())
    assert user.sees("contact_5")
    assert sum(view.id.startswith("contact_") for view in user.views()) < 8
    user.tap("Clear search")
    assert user.sees("contact_4")


def test_search_that_finds_nobody_says_so() -> None:
    user = User("contacts")
    user.write("query", "qqq")
    assert user.sees("No contacts found")


def test_a_page_of_somebody_deleted_says_so() -> None:
    user = User("contacts")
    user.push("contacts", "contact", id=3)
    user.phone.data("contacts")["people"].remove(user.person(3))
    user.phone.open_app("contacts")
    assert user.sees("This is no longer there")


def test_names_are_hidden_until_messages_may_read_contacts() -> None:
    user = User("messages", allowed=None)
    people = user.phone.data("contacts")["people"]
    talks = user.phone.data("messages")["talks"]
    known = next(one for t in talks if (one := by_number(people, t["number"])))
    user.tap("Don't allow")
    assert user.sees(known["phone"])
    assert not user.sees(known["name"])
    user.tap("New message")
    assert not user.sees(known["name"])
    user.tap("Allow access")
    user.tap("Allow")
    assert user.sees(known["name"])


def test_a_message_is_sent_and_the_field_is_empty_again() -> None:
    user = User("messages")
    number = user.phone.data("messages")["talks"][0]["number"]
    user.tap(f"talk_{digits(number)}")
    user.write("message", '"Привет", сказал он 👋')
    user.tap("Send")
    talk = talk_with(user.phone.data("messages"), number)
    assert talk is not None
    assert talk["messages"][-1]["text"] == '"Привет", сказал он 👋'
    assert talk["messages"][-1]["mine"]
    assert user.phone.field is not None
    assert user.phone.field.text == ""


def test_nothing_is_sent_where_nothing_is_written() -> None:
    user = User("messages")
    talk = user.phone.data("messages")["talks"][0]
    count = len(talk["messages"])
    user.push("messages", "conversation", number=talk["number"])
    user.write("message", "   ")
    user.tap("Send")
    assert len(talk["messages"]) == count


def test_a_conversation_is_begun_with_a_number_however_it_is_written() -> None:
    user = User("messages")
    user.tap("New message")
    user.write("to", "040-555-0001")
    user.tap("number")
    user.write("message", "Hello")
    user.tap("Send")
    talk = talk_with(user.phone.data("messages"), "040 555 0001")
    assert talk is not None
    assert [one["text"] for one in talk["messages"]] == ["Hello"]


def test_an_answer_comes_into_the_shade_where_its_conversation_is_not_open() -> None:
    user = User("messages")
    talk = user.phone.data("messages")["talks"][0]
    talk["answers"] = ["Yes, gladly"]
    user.push("messages", "conversation", number=talk["number"])
    user.write("message", "Tea?")
    user.tap("Send")
    user.phone.go_home()
    user.phone.advance(10)
    assert talk["messages"][-1]["text"] == "Yes, gladly"
    assert [note["text"] for note in user.phone.state.notifications] == ["Yes, gladly"]
    user.phone.open_notification(0)
    user.wait()
    assert user.sees("Yes, gladly")
    user.back()
    user.back()
    row = user.find(f"talk_{digits(talk['number'])}")
    assert all(view.label != "Unread" for view in row.walk())


def test_a_message_that_is_being_looked_at_makes_no_notification() -> None:
    user = User("messages")
    number = user.phone.data("messages")["talks"][0]["number"]
    user.push("messages", "conversation", number=number)
    user.phone.do("messages", "receive", {"number": number, "text": "Here I am"})
    assert user.phone.state.notifications == []
    assert user.sees("Here I am")


def test_a_message_is_unread_until_its_conversation_is_opened() -> None:
    user = User("messages")
    number = user.phone.data("messages")["talks"][0]["number"]
    user.phone.do("messages", "receive", {"number": number, "text": "News"})
    row = f"talk_{digits(number)}"
    assert any(view.label == "Unread" for view in user.find(row).walk())
    user.tap(row)
    user.back()
    assert all(view.label != "Unread" for view in user.find(row).walk())


def test_a_held_message_is_forwarded() -> None:
    user = User("messages")
    number = user.phone.data("messages")["talks"][0]["number"]
    user.phone.do("messages", "receive", {"number": number, "text": "Gate 7"})
    user.push("messages", "conversation", number=number)
    user.hold("Gate 7")
    user.tap("Forward")
    user.write("to", user.person(3)["name"])
    user.tap("to_3")
    user.tap("Send")
    talk = talk_with(user.phone.data("messages"), user.person(3)["phone"])
    assert talk is not None
    assert talk["messages"][-1]["text"] == "Gate 7"


def test_deleting_a_conversation_leaves_the_others() -> None:
    user = User("messages")
    talks = user.phone.data("messages")["talks"]
    count, number = len(talks), talks[0]["number"]
    user.push("messages", "conversation", number=number)
    user.tap(MORE)
    user.tap("Delete conversation")
    user.tap("Delete")
    assert len(talks) == count - 1
    assert talk_with(user.phone.data("messages"), number) is None
    assert user.sees("Search messages")


def test_a_contacts_button_opens_the_conversation() -> None:
    user = User("contacts")
    user.push("contacts", "contact", id=3)
    user.tap("Message")
    assert user.phone.current[0] == "org.eyehand.messages"
    assert user.sees(user.person(3)["name"])


def test_an_unknown_number_becomes_a_contact() -> None:
    user = User("messages")
    user.push("messages", "conversation", number="040 555 0001")
    user.tap(MORE)
    user.tap("Add to contacts")
    user.write("name", "Nora")
    user.tap(SAVE)
    made = user.phone.data("contacts")["people"][-1]
    assert (made["name"], made["phone"]) == ("Nora", "040 555 0001")


def test_an_event_is_written_down_for_the_chosen_day() -> None:
    user = User("calendar")
    user.tap("Next month")
    day = user.phone.state.stacks["calendar"][0]["local"]["day"]
    user.tap("New event")
    user.write("title", "Σινεμά")
    user.phone.hide_keyboard()
    user.tap("time")
    user.tap("Hours up")
    user.tap("+10 min")
    user.tap("OK")
    user.tap("duration")
    user.tap("30 minutes")
    user.tap(SAVE)
    made = user.phone.data("calendar")["events"][-1]
    assert (made["title"], made["date"], made["time"]) == ("Σινεμά", day, "13:10")
    assert made["minutes"] == 30
    assert user.sees(f"event_{made['id']}")


def test_an_event_needs_a_title() -> None:
    user = User("calendar")
    count = len(user.phone.data("calendar")["events"])
    user.tap("New event")
    user.tap(SAVE)
    assert len(user.phone.data("calendar")["events"]) == count
    assert user.sees("An event needs a title")


def test_an_event_moves_to_another_day() -> None:
    user = User("calendar")
    event = user.phone.data("calendar")["events"][0]
    user.push("calendar", "edit", id=event["id"])
    user.tap("date")
    user.tap("Next month")
    user.tap("OK")
    user.tap(SAVE)
    assert event["date"] > user.phone.clock.date().isoformat()


def test_a_deleted_event_is_gone_from_the_list() -> None:
    user = User("calendar")
    event = user.phone.data("calendar")["events"][0]
    user.push("calendar", "event", id=event["id"])
    user.tap("Delete")
    user.tap("Delete")
    assert event not in user.phone.data("calendar")["events"]
    assert user.sees("Calendar")


def test_upcoming_begins_with_what_comes_first() -> None:
    user = User("calendar")
    user.tap("Upcoming")
    now = user.phone.clock.strftime("%Y-%m-%dT%H:%M")
    coming = [one for one in user.phone.data("calendar")["events"]
              if f"{one['date']}T{one['time']}" >= now]  # fmt: skip
    coming.sort(key=lambda one: (one["date"], one["time"], one["id"]))
    rows = [view.id for view in reversed(user.views()) if view.id.startswith("event_")]
    assert sorted(rows) == sorted(f"event_{one['id']}" for one in coming)
    assert user.find(f"event_{coming[0]['id']}").box.top < user.find(rows[0]).box.bottom


def test_search_finds_an_event_by_its_place() -> None:
    user = User("calendar")
    event = user.phone.data("calendar")["events"][0]
    event["place"] = "Quay 99"
    user.tap("Search")
    user.write("query", "quay")
    user.wait()
    assert [v.id for v in user.views() if v.id.startswith("event_")] == [f"event_{event['id']}"]


def test_looking_into_a_conversation_is_no_harm_to_a_task_that_cannot_be_done() -> None:
    phone = Phone(4)
    task = make_task("message_missing_person", phone, 4)
    phone.state.permissions["messages"] = True
    phone.open_app("messages")
    for talk in phone.data("messages")["talks"]:
        phone.push("messages", "conversation", {"number": talk["number"]})
        phone.scene()
    assert task.passed(phone, [], "infeasible")
    phone.data("messages")["talks"].pop()
    assert not task.passed(phone, [], "infeasible")


def test_a_message_that_comes_in_does_not_spoil_one_that_was_sent() -> None:
    phone = Phone(4)
    task = make_task("send_message", phone, 4)
    number, text = task.params["number"], task.params["text"]
    phone.state.permissions["messages"] = True
    phone.open_app("messages")
    phone.push("messages", "conversation", {"number": number, "text": text})
    phone.scene()
    user = User.__new__(User)
    user.phone = phone
    user.tap("Send")
    assert task.passed(phone, [], "success")
    phone.do("messages", "receive", {"number": number, "text": "OK"})
    assert task.passed(phone, [], "success")


@pytest.mark.parametrize("app", ["contacts", "calendar"])
@pytest.mark.parametrize(
    "way",
    [
        lambda hand: to_contact(hand, 3),
        lambda hand: to_talk(hand, "040 555 0001"),
        lambda hand: to_day(hand, "2026-05-05"),
    ],
    ids=["contact", "talk", "day"],
)
def test_the_hand_discards_a_form_that_is_in_its_way(way: Callable[[Hand], None], app: str) -> None:
    user = User(app)
    user.push(app, "edit", id=None, day="2026-04-04")
    user.write("title" if app == "calendar" else "name", "Half")
    asyncio.run(_follow(user.phone, way))


async def _follow(phone: Phone, way: Callable[[Hand], None]) -> None:
    env = PracticeEnv(phone=phone)
    seen = await env.reset()
    for _ in range(60):
        try:
            return way(Hand(phone, []))
        except Next as step:
            outcome = await env.perform(step.action, seen)
            seen = outcome.after or await env.observe()
    pytest.fail("it did not arrive")
