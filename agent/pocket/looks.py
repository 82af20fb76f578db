"""How what is drawn looks: theme, dark or light, size of text, size of screen."""

from dataclasses import dataclass
from random import Random

from ...envs.practice.fonts import FAMILIES, Font
from ...envs.practice.phone import Phone
from ...envs.practice.style import Colour, Style, style_of
from ...model.size import Size
from .held_out import FIRST_SEED, TRAINED_THEMES

SCREEN = Size(280, 616)
"""The pocket model's own screen: 10 x 22 tokens. The smallest multiple of 28 on which the phone's
pages lie as on 540x1200, with nothing cut, and its smallest letters (12 sp) are still 9 pixels an
em; 308x672 has the same pages for a fifth more tokens."""
_DENSITY = 124
"""Of that screen: 360 dp across."""


@dataclass(frozen=True, slots=True)
class Looks:
    """What pictures may look like.

    Attributes:
        themes: Names of looks.
        dark: Whether some are light on dark.
        families: Typefaces of what is drawn outside of phones.
        ems: Least and greatest em of that, in pixels.
        bold: Share of it that is bold.
        scales: Font sizes that phones are set to.
        sizes: Of phones, upright.
    """

    themes: tuple[str, ...] = TRAINED_THEMES
    dark: bool = True
    families: tuple[str, ...] = FAMILIES
    ems: tuple[int, int] = (9, 17)
    bold: float = 0.3
    scales: tuple[str, ...] = ("1.0",)
    sizes: tuple[Size, ...] = (SCREEN,)

    def font(self, draw: Random) -> Font:
        """Choose a font."""
        return Font(draw.choice(self.families), draw.randint(*self.ems), draw.random() < self.bold)

    def style(self, draw: Random) -> Style:
        """Choose colours."""
        dark = self.dark and draw.random() < 0.4
        return style_of(draw.choice(self.themes), dark, _DENSITY, 1.0)

    def colours(self, draw: Random) -> tuple[Colour, Colour]:
        """Choose ink and ground, as some text on a phone has them."""
        s = self.style(draw)
        if len(self.themes) == 1 and not self.dark:
            return s.text, s.background
        return draw.choice(
            (
                (s.text, s.background),
                (s.text, s.surface),
                (s.text, s.raised),
                (s.text, s.soft),
                (s.muted, s.background),
                (s.muted, s.raised),
                (s.accent, s.background),
                (s.on_accent, s.accent),
                (s.error, s.background),
            )
        )

    def phone(self, draw: Random, seed: int | None = None) -> Phone:
        """Switch on a phone; one that is trained on, where no seed is given."""
        if seed is None:
            seed = FIRST_SEED + draw.randrange(2**31)
        dark = None if self.dark else False
        phone = Phone(seed, size=draw.choice(self.sizes), theme=draw.choice(self.themes), dark=dark)
        phone.put("system", "font_scale", draw.choice(self.scales))
        return phone


PLAIN = Looks(themes=("sea",), dark=False, families=FAMILIES[:1], ems=(12, 12), bold=0.0)
"""One font in one colour: where reading begins."""
TYPEFACES = Looks(themes=("sea", "forest"), dark=False, ems=(11, 14), bold=0.2)
EVERY = Looks()
WIDE = Looks(scales=("1.0", "1.0", "1.0", "1.3"), sizes=(SCREEN, SCREEN, SCREEN, Size(252, 560)))
"""All that is trained on."""
