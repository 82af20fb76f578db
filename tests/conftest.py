"""What tests of real screens share."""

from collections.abc import Iterator

import pytest
from screens import Screen, screen
from sheet import Sheet


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
