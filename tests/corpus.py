"""Texts that typing tools get wrong: what one of them dropped, doubled or replaced is in here."""

import string

PUNCTUATION = string.punctuation + ' \\\\ \\n \'"\' `x` $(id) <a href="b"> << >> | & ; # % ~/'
ACCENTS = "é ß É ñ ¿Qué? Ünïcödé ç Ç œ Œ ÿ Ÿ ğ Ğ ı İ ş Ş ł ő Đ × ÷ ° µ € £ ¥ « » – — … ’ “ ” ſ ẞ"
SCRIPTS = (
    "汉字 漢字 日本語 ひらがな カタカナ 한국어 العربية עברית ไทย हिन्दी"
    " Ελληνικά Русский Ёж Ђ ქართული"
)
EMOJI = "😀 👩‍💻 👨‍👩‍👧‍👦 👍🏽 🏳️‍🌈 🇩🇪 ❤️ 1️⃣ 🫠"
COMBINING = "e\u0301 A\u030a n\u0303\u0323 g\u0308 क्षि ṩ \u1100\u1161\u11a8 Z\u0351\u036b\u0343"
SPACES = "a\tb\t\tc  d   e\u00a0f\u2009g\u3000h"
REPEATS = "aaaa éééé 字字字字 AaAa ÉéÉé 😀😀😀 112233 <<>><<>>"
MATHEMATICS = "𝔸 ∑ ∀x∈ℝ: x² ≥ 0 ½ ℏ ≠ ∞ √2 → ⇒ █"

CORPUS: str = (
    "\n".join(
        (
            PUNCTUATION,
            string.ascii_letters + string.digits,
            ACCENTS,
            SCRIPTS,
            EMOJI,
            COMBINING,
            SPACES,
            REPEATS,
            MATHEMATICS,
        )
    )
    + "\n\nThe line above is empty.\n"
)
"""Every kind of trouble in about 600 characters; ends with a newline."""

IDEOGRAPHS = "".join(chr(0x4E00 + 7 * n) for n in range(400))
"""400 different characters that no layout has."""

LONG = "".join(f"{n:04d} The quick brown Fox jumps over <it>.\n" for n in range(250))[:10_000]
"""10,000 characters of ASCII."""
