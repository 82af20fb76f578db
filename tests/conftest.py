"""What tests of real screens share."""

from collections.abc import Iterator

import pytest
from screens import Screen, screen
from sheet import Sheet
from windows import Screen as Stage
from windows import TkWindow


@pytest.fixture(scope="session")
def xvfb() -> Iterator[str]:
    """A display of 1280x800 with a window manager, for the whole session; gives its name."""
    with screen() as running:
        yield running.name


@pytest.fixture
def sheet(xvfb: str) -> Iterator[Sheet]:
    """A window over the whole of that display that writes down what it gets."""
    with Sheet(xvfb) as window:
        yield window


@pytest.fixture
def own_screen() -> Iterator[Screen]:
    """A display that a test may break."""
    with screen() as running:
        yield running


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    """Another such display, on which tests also look at what is held down."""
    with Stage() as running:
        yield running


@pytest.fixture
def canvas(stage: Stage) -> Iterator[TkWindow]:
    """A window over the whole of the stage that logs every event."""
    with TkWindow(stage, "full", (0, 0, 1280, 800)) as window:
        yield window


@pytest.fixture
def field(stage: Stage) -> Iterator[TkWindow]:
    """A text field on the stage that has the keyboard."""
    with TkWindow(stage, "text", (200, 100, 800, 500)) as window:
        yield window
