"""Which characters each font is cut down to."""


def between(*ranges: tuple[int, int]) -> set[int]:
    """Give every code point of some ranges, ends included."""
    return {code for first, last in ranges for code in range(first, last + 1)}


def of(text: str) -> set[int]:
    """Give a text's code points, less its blanks."""
    return {ord(character) for character in text if not character.isspace()}


def rows(codec: str, first: int, last: int) -> set[int]:
    """Give the characters of a double-byte set whose leading byte lies between two."""
    found = set[int]()
    trails = [*range(0x40, 0x7F), *range(0xA1, 0xFF)] if codec == "big5" else range(0xA1, 0xFF)
    for lead in range(first, last + 1):
        for trail in trails:
            try:
                found.add(ord(bytes((lead, trail)).decode(codec)))
            except UnicodeDecodeError:
                continue
    return found


EUROPE = between(
    (0x20, 0x7E),
    (0xA0, 0x17F),
    (0x18F, 0x192),
    (0x1A0, 0x1B0),
    (0x1CD, 0x1DC),
    (0x1E6, 0x1FF),
    (0x218, 0x21B),
    (0x237, 0x237),
    (0x2B0, 0x2DD),
    (0x300, 0x328),
    (0x370, 0x3FF),
    (0x400, 0x52F),
    (0x1E00, 0x1EFF),
    (0x2000, 0x206F),
    (0x2070, 0x209C),
    (0x20A0, 0x20BF),
    (0x2100, 0x214F),
    (0x2150, 0x218B),
    (0x2190, 0x21FF),
    (0x2200, 0x22FF),
    (0x25A0, 0x25FF),
    (0xFB00, 0xFB04),
    (0xFFFD, 0xFFFD),
)
MARKS = between((0x300, 0x36F), (0x250, 0x2AF))
# A level of these sets holds the characters that are used most: 3,755 Chinese, 2,965 Japanese.
# and 5,401 traditional.
HAN = rows("gb2312", 0xB0, 0xD7) | rows("euc_jp", 0xB0, 0xCF) | rows("big5", 0xA4, 0xC6)
HANGUL = rows("euc_kr", 0xB0, 0xC8) | between((0x3131, 0x318E))
KANA = between((0x3000, 0x303F), (0x3041, 0x30FF), (0x31F0, 0x31FF), (0xFF01, 0xFF9F))
BOXES = between((0x2500, 0x259F))
CIRCLED = between((0x2460, 0x2473), (0x3220, 0x3229), (0x3231, 0x3231), (0x3008, 0x301F))
TYPED = {0x4E00 + 7 * n for n in range(400)}  # tests/corpus.py types them
ARABIC = between((0x600, 0x6FF), (0xFB50, 0xFBFF), (0xFDF2, 0xFDFC), (0xFE70, 0xFEFC))
HEBREW = between((0x591, 0x5F4), (0xFB1D, 0xFB4F))
THAI = between((0xE01, 0xE5B))
DEVANAGARI = between((0x900, 0x97F), (0x25CC, 0x25CC))
GEORGIAN = between((0x10A0, 0x10FF), (0x1C90, 0x1CBF))
MATHS = between(
    (0x2032, 0x2037),
    (0x2070, 0x209C),
    (0x2100, 0x218B),
    (0x2190, 0x21FF),
    (0x2200, 0x22FF),
    (0x2308, 0x230B),
    (0x27E6, 0x27EF),
    (0x27F5, 0x27FF),
    (0x1D400, 0x1D433),
    (0x1D49C, 0x1D4B5),
    (0x1D538, 0x1D56B),
    (0x1D7CE, 0x1D7E1),
)
SYMBOLS = (
    of("☀☁☂☃☎☐☑☒☕☘☚☛☜☝☞☟☠☢☣☮☯☹☺♀♂♔♕♖♗♘♙♚♛♜♝♞♟♠♡♢♣♤♥♦♧♩♪♫♬♭♮♯⚐⚑⚒⚔⚖⚙⚛⚠★☆")
    | of(
        "✁✂✃✄✆✈✉✌✍✎✏✐✑✒✓✔✕✖✗✘✙✚✛✜✝✞✠✡✢✦✧✩✪✫✬✭✮✯✰✱✲✳✴✵✶❀❁❂❃❄❅❆❖❘❙❚❛❜❝❞❡❢❣❤❥❦❧➔➘➙➚➛➜➝➞➟➠➡➢➣➤"
        "⌂⌃⌄⌘⌥⌦⌧⌫⏎⏏⎋⇧⇪␣⏻⏼⏯⏸⏹⏺◀▶▲▼◆◇○●◎◯□■▢▣▪▫▬▭▮▯△▽▷◁"
    )
    | between((0x2500, 0x259F), (0x2776, 0x2793), (0x2460, 0x24FF))
)
