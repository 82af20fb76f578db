"""Replies of one call in tags, after a thought in tags: ``<think>…</think><action>…</action>``."""

import re
from collections.abc import Container
from typing import NamedTuple

from .call import Call, CallScanner
from .reading import BEGINS, Reading

_MARKS = re.compile(r"</?(?:think|answer|action)>|<\|begin_of_box\|>")
_OPENS = re.compile(r"(?:\s|```[a-z]*\n|<\|begin_of_box\|>)*")


class Form(NamedTuple):
    """How a family's replies are built.

    Attributes:
        tag: The tag around the call, such as ``action``.
        alone: Where a call without its tag begins, see `alone`.
        after: The tag that may follow, such as ``conclusion``; empty: none.
        final: Arguments that are always the last of their call.
        example: A call, for messages.
    """

    tag: str
    alone: re.Pattern[str]
    after: str
    final: Container[str]
    example: str


def alone(names: str) -> re.Pattern[str]:
    """Give where a call without its tag begins: ``names`` is a regular expression."""
    return re.compile(rf"{BEGINS}(?:{names})\s*[(（]", re.MULTILINE)


def tagged_call(reading: Reading, form: Form) -> tuple[Call, str]:
    """Read the one call of a reply, and the thought before it.

    Calls inside the thinking are only thought.

    Raises:
        ActionParseError: There is none, or there are several that differ.
    """
    text = reading.reply
    thought_ends = _after_thinking(reading)
    opens, closes = f"<{form.tag}>", f"</{form.tag}>"
    tag = text.find(opens, thought_ends)
    if tag >= 0:
        begins = tag + len(opens)
    else:
        found = form.alone.search(text, thought_ends)
        if found is None:
            reading.fail(
                f"the reply has no action: write {opens}{form.example}{closes}", thought_ends
            )
        tag = begins = found.start()
        reading.repaired(f"no {opens}", begins)
    end = text.rfind(closes, begins)
    if end < 0:
        after = text.find(f"<{form.after}>", begins) if form.after else -1
        end = len(text) if after < 0 else after
        if text.find(opens, thought_ends) >= 0:
            reading.repaired(f"no {closes}", end)
    calls = _calls(reading, begins, end, form)
    if len(calls) > 1:
        if any(call[:3] != calls[0][:3] for call in calls):
            reading.fail("the reply has several actions: write exactly one", calls[1].position)
        reading.repaired("a call repeated", calls[1].position)
    return calls[0], _MARKS.sub("", text[:tag])


def _after_thinking(reading: Reading) -> int:
    ends = reading.reply.find("</think>")
    if ends >= 0:
        return ends + len("</think>")
    begins = reading.reply.find("<think>")
    if begins >= 0:
        reading.fail("the thinking does not end: close it with </think>, then act", begins)
    return 0


def _calls(reading: Reading, begins: int, end: int, form: Form) -> list[Call]:
    text = reading.reply
    opened = _OPENS.match(text, begins, end)
    start = begins if opened is None else opened.end()
    stop = reading.without_tail(start, end)
    if "<|" in text[begins:start] or "<|" in text[stop:end]:
        reading.repaired("control tokens round a call", begins)
    scanner = CallScanner(reading, start, stop, final=form.final)
    if not scanner.peek():
        reading.fail(f"there is no action in <{form.tag}>: write {form.example}", begins)
    calls: list[Call] = []
    while scanner.peek():
        calls.append(scanner.call())
    return calls
