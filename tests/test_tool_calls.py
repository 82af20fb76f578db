"""Tools that hang, refuse to end, or return pictures: what a call gives."""

import asyncio
import contextlib
import itertools
import re
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from eyehand.actions import Tool, tool
from eyehand.actions.tool_results import MAX_PICTURES, MAX_RESULT_CHARS, shortened


async def result_of(value: Any) -> Any:
    @tool
    def give() -> Any:
        """Give it."""
        return value

    @tool
    async def give_later() -> Any:
        """Give it."""
        return value

    now, later = await give.call({}), await give_later.call({})
    assert now.text == later.text
    assert len(now.pictures) == len(later.pictures)
    return now


async def test_a_sync_tool_that_hangs_is_told_with_the_place_it_hangs_at() -> None:
    release = threading.Event()

    @tool(timeout_s=0.1)
    def hang() -> None:
        """Hang."""
        release.wait(30)  # here it hangs

    result = await hang.call({})
    release.set()
    assert result.text == (
        "error: TimeoutError: it did not return within 0.1 s; it cannot be stopped and may still "
        "be at work"
    )
    assert isinstance(result.error, TimeoutError)
    assert "# here it hangs" in result.traceback


async def test_an_async_tool_that_hangs_is_cancelled_and_cleans_up() -> None:
    events: list[str] = []

    async def inner() -> None:
        await asyncio.sleep(30)  # here it waits

    @tool(timeout_s=0.1)
    async def hang() -> None:
        """Hang."""
        try:
            await inner()
        finally:
            events.append("cleaned up")

    result = await hang.call({})
    assert "did not return within 0.1 s; it was stopped" in result.text
    assert events == ["cleaned up"]
    assert "# here it waits" in result.traceback
    assert "await inner()" in result.traceback


async def test_a_tool_that_swallows_cancellation_does_not_hold_up_the_run() -> None:
    @tool(timeout_s=0.05)
    async def stubborn() -> None:
        """Never end."""
        while True:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(30)

    before = asyncio.all_tasks()
    async with asyncio.timeout(20):
        result = await stubborn.call({})
        assert "did not return within 0.05 s" in result.text
        calling = asyncio.create_task(stubborn.call({}))
        await asyncio.sleep(0)
        calling.cancel()
        began = time.monotonic()
        with pytest.raises(asyncio.CancelledError):
            await calling
        assert time.monotonic() - began < 0.9  # promised are 0.1; less than the time to clean up
        # Closed soon after, or asyncio.run would never end.
        await asyncio.wait(asyncio.all_tasks() - before)


STUBBORN = """
import asyncio, time
from eyehand.actions import tool

@tool(timeout_s=0.05)
async def stubborn() -> None:
    "Never end."
    while True:
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            pass

@tool(timeout_s=0.05)
def hang() -> None:
    "Hang."
    time.sleep(600)

async def main() -> None:
    for each in (stubborn, hang):
        print((await each.call({})).text[:40])

asyncio.run(main())
"""


def test_a_program_ends_whatever_its_tools_do() -> None:
    done = subprocess.run(
        [sys.executable, "-c", STUBBORN], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("error: TimeoutError: it did not return w") == 2


async def test_an_async_tool_that_exits_does_not_end_the_loop() -> None:
    @tool
    async def leave() -> None:
        """Leave."""
        sys.exit(3)

    assert (await leave.call({})).text == "error: SystemExit: 3"


async def test_an_error_whose_message_cannot_be_read_is_still_an_error() -> None:
    class Broken(Exception):
        def __str__(self) -> str:
            raise KeyError("no message")

    @tool
    def fail() -> None:
        """Fail."""
        raise Broken

    result = await fail.call({})
    assert result.text == "error: Broken: (its message cannot be read: KeyError)"
    assert "in fail" in result.traceback


def picture(width: int, height: int) -> Image.Image:
    pixels = np.arange(width * height * 3, dtype=np.uint32).astype(np.uint8)
    return Image.fromarray(pixels.reshape(height, width, 3))


@pytest.mark.parametrize("as_array", [True, False])
async def test_a_picture_is_shown_as_it_is(as_array: bool) -> None:
    image = picture(40, 30)
    result = await result_of(np.asarray(image) if as_array else image)
    assert result.text == "(a picture of 40x30 pixels)"
    (pixels,) = result.pictures
    assert np.array_equal(pixels, np.asarray(image))
    assert not pixels.flags.writeable


async def test_text_and_pictures_keep_their_order() -> None:
    result = await result_of(["before", picture(4, 3), {"n": 1}, picture(5, 6)])
    assert result.text == ('before\n(a picture of 4x3 pixels)\n{"n": 1}\n(a picture of 5x6 pixels)')
    assert [pixels.shape for pixels in result.pictures] == [(3, 4, 3), (6, 5, 3)]


async def test_a_picture_stays_what_it_was_when_it_was_returned() -> None:
    canvas = np.zeros((3, 4, 3), np.uint8)
    result = await result_of(canvas)
    canvas[:] = 255
    assert not result.pictures[0].any()


async def test_what_is_clear_is_white_and_what_a_camera_turned_is_turned_back(
    tmp_path: Path,
) -> None:
    clear = Image.new("RGBA", (2, 2), (9, 9, 9, 0))
    clear.putpixel((1, 0), (9, 9, 9, 255))
    (pixels,) = (await result_of(clear)).pictures
    assert pixels[0].tolist() == [[255, 255, 255], [9, 9, 9]]
    turned = picture(4, 3)
    turned.getexif()[0x0112] = 6
    turned.save(tmp_path / "turned.png", exif=turned.getexif())
    with Image.open(tmp_path / "turned.png") as image:
        (pixels,) = (await result_of(image)).pictures
    assert np.array_equal(pixels, np.rot90(np.asarray(picture(4, 3)), -1))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.zeros((3, 4), np.uint8), r"TypeError: an array is a picture.*not uint8\[3, 4\]"),
        (np.zeros((3, 4, 3)), r"not float64\[3, 4, 3\]; return numbers as a list"),
        (np.zeros((0, 4, 3), np.uint8), "an empty picture"),
        (np.zeros((1, 201, 3), np.uint8), "201x1, over 200 times as long as wide"),
        (Image.new("1", (8000, 8000)), "its picture is 8000x8000: at most 40000000 pixels"),
        ([picture(1, 1)] * (MAX_PICTURES + 1), "more than 8 pictures"),
        ({"plot": picture(1, 1)}, "no JSON form .*; a tool returns text, JSON data, a picture"),
        (b"\xff", "no JSON form"),
        (itertools.count(), "it returned an iterator, which may have no end; return a list"),
    ],
)
async def test_what_can_neither_be_told_nor_shown_is_the_tools_error(
    value: Any, message: str
) -> None:
    result = await result_of(value)
    assert result.text.startswith("error: ")
    assert result.pictures == ()
    assert re.search(message, result.text)


def test_a_long_result_is_cut_and_says_by_how_much() -> None:
    assert shortened("é" * MAX_RESULT_CHARS) == "é" * MAX_RESULT_CHARS
    cut = shortened("é" * MAX_RESULT_CHARS + "x" * 123)
    assert cut == "é" * MAX_RESULT_CHARS + "… (123 more characters were left out)"


async def test_two_calls_of_one_tool_do_not_wait_for_each_other() -> None:
    both = threading.Barrier(2)

    @tool(timeout_s=20)
    def meet() -> str:
        """Wait for the other."""
        both.wait(10)
        return "met"

    async def text(each: Tool) -> str:
        return (await each.call({})).text

    assert set(await asyncio.gather(text(meet), text(meet))) == {"met"}
