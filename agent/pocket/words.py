"""Words to read: those that practice phones show, and made-up ones that look like them.

With the phone's own two thousand words alone a network learns these words, and not to read.
"""

import re
from collections import Counter
from dataclasses import dataclass
from random import Random

from ...envs.practice.phone import Phone
from .held_out import FIRST_SEED, is_held_out, names_one

ASCII = "".join(map(chr, range(33, 127)))
_LETTERS = re.compile(r"[A-Za-z]{3,}")
_MOST_SIGNS = 192
_LOADED_S = 3.0
"""Phone time in which an app has loaded what it shows first."""


@dataclass(frozen=True, slots=True)
class Words:
    """What is read.

    Attributes:
        shown: Texts that phones show, each once, none with a name that is held out.
        follows: For two letters, those that come after them in words that are shown; a blank is
            the end of a word, and two blanks its beginning.
        alphabet: Those of ASCII, and what else is shown most.
    """

    shown: tuple[str, ...]
    follows: dict[str, str]
    alphabet: str

    @classmethod
    def gathered(cls, phones: int = 40) -> "Words":
        """Look through the apps of some phones that are trained on; 0.1 s each.

        Args:
            phones: How many. The same number gives the same words.
        """
        texts, signs = dict[str, None](), Counter[str]()
        for number in range(phones):
            phone = Phone(FIRST_SEED + number)
            for app in phone.apps:
                phone.open_app(app)
                phone.advance(_LOADED_S)
                for node in phone.tree().walk():
                    for text in (node.text, node.label):
                        line = " ".join(text.split())
                        if line:
                            texts[line] = None
        shown = tuple(text for text in texts if not names_one([text]))
        for text in shown:
            signs.update(text.replace(" ", ""))
        others = [sign for sign, _ in signs.most_common() if sign not in ASCII]
        return cls(
            shown,
            _followers(shown),
            "".join([*ASCII, *others][:_MOST_SIGNS]),
        )

    def known(self, draw: Random) -> str:
        """Give a word, or a few, of what phones show."""
        parts = draw.choice(self.shown).split()
        first = draw.randrange(len(parts))
        count = draw.choice((1, 1, 1, 2, 3))
        return " ".join(parts[first : first + count])

    def made_up(self, draw: Random, *, held_out: bool = False) -> str:
        """Give a word that nobody knows: one of those that are held out, or none of them."""
        while True:
            word, last = "", "  "
            while len(word) < 14 and (sign := draw.choice(self.follows[last])) != " ":
                word += sign
                last = last[1] + sign
            if len(word) > 2 and is_held_out(word) == held_out:
                return draw.choice((word, word, word.capitalize(), word.upper()))

    def number(self, draw: Random) -> str:
        """Give a number, a time, a price or a date."""
        return draw.choice(
            (
                f"{draw.randrange(24):02d}:{draw.randrange(60):02d}",
                str(draw.randrange(10 ** draw.randrange(1, 6))),
                f"€{draw.randrange(200)}.{draw.randrange(100):02d}",
                f"{draw.randrange(1, 32)} {draw.choice(_MONTHS)}",
                f"0{draw.randrange(20, 90)} 555 {draw.randrange(10_000):04d}",
                f"{draw.randrange(1, 1000) / 10} {draw.choice(('MB', 'kB', '%', 'km'))}",
            )
        )

    def foreign(self, draw: Random) -> str:
        """Give letters of one script, as many as a word has: it need not be one."""
        while True:
            script = draw.choice(_SCRIPTS)
            word = "".join(draw.choice(script) for _ in range(draw.randint(2, 8)))
            if not is_held_out(word):
                return draw.choice((word, word.capitalize()))

    def some(self, draw: Random) -> str:
        """Give a text of any kind, of one word to three."""
        kind = draw.random()
        if kind < 0.45:
            return self.known(draw)
        if kind < 0.85:
            return self.made_up(draw)
        return self.number(draw)


_SCRIPTS = tuple(
    "".join(map(chr, range(ord(first), ord(last) + 1)))
    for first, last in zip("aàąαаءאअぁァ一가", "zöżωяغתहんン龥힣", strict=True)
)
"""First and last letters: Latin three times, Greek, Cyrillic, Arabic, Hebrew, Devanagari, two kinds
of kana, Chinese, and Korean."""
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _followers(texts: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for word in sorted({word.lower() for text in texts for word in _LETTERS.findall(text)}):
        last = "  "
        for sign in f"{word} ":
            found.setdefault(last, []).append(sign)
            last = last[1] + sign
    return {last: "".join(signs) for last, signs in found.items()}
