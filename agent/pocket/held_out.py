"""What the pocket model is never trained on, so that it can be asked for later.

The one place that says so: training leaves out what is named here. The looks of ``practice train``
ask for the seeds, themes and made-up words; sizes of screen and font are for evaluations.

==========  ======================================================================================
seeds       below ``FIRST_SEED``: all that anybody is likely to type
themes      ``THEME``
font sizes  ``FONT_SCALE``
sizes       ``SIZE``
words       names of people and towns of which a hash says so (``NAMES``), and made-up words
            likewise: no training sample shows one, asks for one or answers with one
==========  ======================================================================================
"""

import hashlib
import re
from collections.abc import Iterable

from ...envs.practice.phone import Phone
from ...envs.practice.style import THEMES
from ...envs.practice.words import CITIES, FIRST_NAMES, LAST_NAMES
from ...model.size import Size

FIRST_SEED = 1_000_000
"""Of the phones that are trained on."""
THEME = "sand"
FONT_SCALE = "1.15"
SIZE = Size(308, 672)

TRAINED_THEMES = tuple(name for name in THEMES if name != THEME)
_ONE_IN = 32
_WORD = re.compile(r"[^\W\d_]+")


def is_held_out(word: str) -> bool:
    """Whether a hash says that a name or a made-up word is never trained on: one in 32."""
    digest = hashlib.sha256(f"held out {word.casefold()}".encode()).digest()
    return digest[0] % _ONE_IN == 0


NAMES = frozenset(
    name.casefold() for name in (*FIRST_NAMES, *LAST_NAMES, *CITIES) if is_held_out(name)
)
"""Names that are never trained on, in small letters."""


def looks_held_out(phone: Phone) -> bool:
    """Whether a phone was set to a theme or a size of text that is never trained on."""
    return phone.state.theme == THEME or phone.style.font_scale == float(FONT_SCALE)


def names_one(texts: Iterable[str]) -> bool:
    """Whether one of ``NAMES`` stands in a text, also in an address or joined to other words."""
    return any(word.casefold() in NAMES for text in texts for word in _WORD.findall(text))
