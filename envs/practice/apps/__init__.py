"""The apps of the practice phone."""

from ..app import App
from .calculator import app as calculator
from .calendar import app as calendar
from .clock import app as clock
from .contacts import app as contacts
from .files import app as files
from .messages import app as messages
from .notes import app as notes
from .reader import app as reader
from .settings import app as settings
from .shop import app as shop

APPS: dict[str, App] = {
    app.id: app
    for app in (
        settings,
        contacts,
        messages,
        calendar,
        notes,
        files,
        calculator,
        clock,
        shop,
        reader,
    )
}
"""Every app by its id."""

__all__ = ["APPS"]
