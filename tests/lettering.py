"""Texts in every script, fonts to set them in, and paper to paint them on."""

import numpy as np
from hypothesis import strategies as st
from PIL import Image

from eyehand.envs.practice import fonts
from eyehand.envs.practice.fonts import FAMILIES, Font

BLACK, WHITE = (0, 0, 0), (255, 255, 255)
ROBOTO = Font("Roboto", 20)

LINES = {
    "latin": "Hamburgefonstiv ÀÉÎõüß ğŞıİ łŐđ Tiếng Việt ½ € @",
    "greek": "Ελληνικά Ξενοφών",
    "cyrillic": "Русский Ёжик Ђ Қазақ",
    "chinese": "汉字简体、漢字繁體。「臺灣」龍",
    "japanese": "日本語ひらがなカタカナ",
    "korean": "한국어 값",
    "arabic": "العربية (مرحبا) 123 لا",
    "hebrew": "עברית (שלום) abc 42%",
    "thai": "ภาษาไทย น้ำ ที่นี่ ป้า",
    "hindi": "हिन्दी क्षि कर्म संदेश",
    "georgian": "ქართული ენა",
    "maths": "∑ ∀x∈ℝ: 𝔸 ≠ ∞ √2 → ⇒ █",
    "symbols": "☀ ☎ ★ ♥ ♪ ✓ ✂ ❤ ● ■ ▲ ① ⌘",
    "emoji": "😀 👍🏽 👩‍💻 🏳️‍🌈 🇩🇪 1️⃣ ❤️ ⭐",
    "marks": "e\u0301 A\u030a Z\u0351\u036b\u0343 \u1100\u1161\u11a8",
}

anywhere = st.text(
    st.one_of(
        st.sampled_from("ab cé-字の。「한אב لاشم ญี่้रि्कषं \t\u0301\u200d\ufe0f😀👩💻🇩🇪🏽(1)"),
        st.characters(codec="utf-8", exclude_characters="\n\r"),
    ),
    max_size=40,
)
some_fonts = st.builds(Font, st.sampled_from(FAMILIES), st.integers(8, 40), st.booleans())


def paper(text: str, font: Font, pad: int = 60) -> tuple[Image.Image, int]:
    """Paint a line onto white, ``pad`` pixels from the left and the top."""
    size = (fonts.width(text, font) + 2 * pad, fonts.line_height(font) + 2 * pad)
    image = Image.new("RGB", size, WHITE)
    return image, fonts.paint(image, (pad, pad), text, font, BLACK)


def extent(image: Image.Image) -> tuple[int, int]:
    """Give the first column with ink on it and the one after the last."""
    inked = np.nonzero((np.asarray(image) != 255).any(axis=(0, 2)))[0]
    return int(inked[0]), int(inked[-1]) + 1
