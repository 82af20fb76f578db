"""How the practice phone looks: colours, sizes and type, for a theme, a density and a font size.

Sizes in dp are as Android's: 160 dp are an inch, so ``px = dp * density / 160``.
"""

import colorsys
from dataclasses import dataclass
from functools import lru_cache

from .fonts import FAMILIES, Font

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Theme:
    """What tells one phone from another.

    Attributes:
        hue: Of its accent, 0 to 1.
        saturation: Of its accent, 0 to 1.
        family: Name of its typeface.
        radius: Of cards and buttons, in dp.
        item: Least height of a list's row, in dp.
        centred: Whether titles stand in the middle.
        tinted: Whether backgrounds take a little of the accent.
    """

    hue: float
    saturation: float
    family: str
    radius: int
    item: int
    centred: bool
    tinted: bool


THEMES: dict[str, Theme] = {
    "sea": Theme(0.58, 0.75, FAMILIES[0], 12, 56, centred=False, tinted=False),
    "forest": Theme(0.40, 0.60, FAMILIES[1 % len(FAMILIES)], 4, 52, centred=False, tinted=True),
    "plum": Theme(0.80, 0.45, FAMILIES[2 % len(FAMILIES)], 20, 64, centred=True, tinted=True),
    "ember": Theme(0.04, 0.80, FAMILIES[3 % len(FAMILIES)], 8, 56, centred=False, tinted=False),
    "slate": Theme(0.60, 0.15, FAMILIES[0], 2, 48, centred=True, tinted=False),
    "sand": Theme(0.11, 0.65, FAMILIES[1 % len(FAMILIES)], 28, 60, centred=False, tinted=True),
}
"""Every look by its name."""


@dataclass(frozen=True, slots=True)
class Style:
    """Colours, sizes and type of one screen. Made by ``style_of``."""

    theme: Theme
    dark: bool
    scale: float
    """Pixels a dp."""
    font_scale: float
    background: Colour
    surface: Colour
    raised: Colour
    """Cards, dialogs, keys."""
    text: Colour
    muted: Colour
    line: Colour
    accent: Colour
    on_accent: Colour
    soft: Colour
    """Accent, faintly: chips, selected rows."""
    error: Colour
    wordless: bool
    """Whether texts take their room, and are not drawn."""

    def dp(self, size: float) -> int:
        """Give dp in whole pixels, at least one."""
        return _pixels(size, self.scale)

    def font(self, sp: float, *, bold: bool = False) -> Font:
        """Give the theme's typeface; ``sp`` are dp times the user's font size."""
        return _font(self.theme.family, sp * self.scale * self.font_scale, bold)


@lru_cache(maxsize=4096)
def _pixels(size: float, scale: float) -> int:
    return max(1, round(size * scale))


@lru_cache(maxsize=1024)
def _font(family: str, px: float, bold: bool) -> Font:
    return Font(family, max(6, round(px)), bold)


@lru_cache(maxsize=64)
def style_of(
    theme: str, dark: bool, density: int, font_scale: float, *, wordless: bool = False
) -> Style:
    """Work out a style.

    Args:
        theme: A name of ``THEMES``.
        dark: Light on dark.
        density: Dots per inch.
        font_scale: 1 is the usual size of text.
        wordless: Texts take their room, and are not drawn.
    """
    look = THEMES[theme]

    def colour(lightness: float, saturation: float) -> Colour:
        parts = colorsys.hls_to_rgb(look.hue, lightness, saturation)
        red, green, blue = (round(255 * part) for part in parts)
        return red, green, blue

    tint = 0.35 if look.tinted else 0.04
    strong = look.saturation
    if dark:
        shades = (0.07, 0.10, 0.16, 0.93, 0.66, 0.27, 0.72, 0.12, 0.26)
    else:
        shades = (0.965, 0.99, 0.93, 0.10, 0.40, 0.84, 0.38, 0.99, 0.87)
    back, surface, raised, text, muted, line, accent, on_accent, soft = shades
    return Style(
        theme=look,
        dark=dark,
        scale=density / 160,
        font_scale=font_scale,
        background=colour(back, tint),
        surface=colour(surface, tint),
        raised=colour(raised, tint),
        text=colour(text, 0.04),
        muted=colour(muted, 0.06),
        line=colour(line, 0.10),
        accent=colour(accent, strong),
        on_accent=colour(on_accent, 0.2),
        soft=colour(soft, strong * 0.7),
        error=(242, 130, 120) if dark else (176, 36, 30),
        wordless=wordless,
    )
