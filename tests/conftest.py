"""What tests of real screens share."""

from collections.abc import Iterator

import pytest
import strategies  # noqa: F401 - its profile of hypothesis is for every test
from screens import Screen
from sheet import Sheet


@pytest.fixture(scope="session")
def session_screen() -> Iterator[Screen]:
    """A display of 1280x800 with a window manager; tests take ``screen``."""
    with Screen() as running:
        yield running


@pytest.fixture
def screen(session_screen: Screen) -> Screen:
    """The display of the whole session; the pointer is in no corner, which would stop an env."""
    session_screen.put_pointer(640, 400)
    return session_screen


@pytest.fixture
def own_screen() -> Iterator[Screen]:
    """A display that a test may break."""
    with Screen() as running:
        yield running


@pytest.fixture
def sheet(screen: Screen) -> Iterator[Sheet]:
    """A window over the whole display that writes down what it gets."""
    with Sheet(screen) as window:
        yield window


@pytest.fixture
def field(screen: Screen) -> Iterator[Sheet]:
    """A smaller window with a text field, which has the keyboard and a caret that blinks."""
    with Sheet(screen, "800x500+200+100") as window:
        window.tell("title", "Field")
        window.tell("entry", "", 300)
        yield window
