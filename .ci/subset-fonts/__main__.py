"""Make the practice phone's fonts again from the packages they come from.

Needs the development environment (fonttools) and, on Debian, apt-get and npm, which only fetch
packages; nothing is installed. Usage: .venv/bin/python .ci/subset-fonts [FOLDER-FOR-DOWNLOADS]
"""

import io
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

from characters import (
    ARABIC,
    BOXES,
    CIRCLED,
    DEVANAGARI,
    EUROPE,
    GEORGIAN,
    HAN,
    HANGUL,
    HEBREW,
    KANA,
    MARKS,
    MATHS,
    SYMBOLS,
    THAI,
    TYPED,
    between,
)
from fontTools import subset
from fontTools.ttLib import TTFont, newTable
from fontTools.ttLib.tables._c_m_a_p import CmapSubtable
from fontTools.ttLib.tables.ttProgram import Program
from PIL import Image
from readme import write_readme

HERE = Path(__file__).resolve().parent
OUT = HERE.parents[1] / "envs/practice/font-files"

DEBIAN = (
    "fonts-roboto-unhinted",
    "fonts-inter",
    "fonts-open-sans",
    "fonts-noto-core",
    "fonts-noto-cjk",
    "fonts-noto-color-emoji",
)
ICON_PACKAGE = "material-icons@1.13.14"


EMOJI = HERE.joinpath("emoji.txt").read_text("utf-8").split()
ICONS = HERE.joinpath("icons.txt").read_text("ascii").split()
EMOJI_SIZE, EMOJI_COLOURS = (64, 60), 96


def fetch(work: Path) -> None:
    """Download the packages and unpack them."""
    work.mkdir(parents=True, exist_ok=True)
    for name in DEBIAN:
        if not list(work.glob(f"{name}_*.deb")):
            subprocess.run(["apt-get", "download", name], cwd=work, check=True)
        if not (work / name).exists():
            (package,) = work.glob(f"{name}_*.deb")
            subprocess.run(["dpkg-deb", "-x", package, work / name], check=True)
    if not (work / "icons").exists():
        subprocess.run(["npm", "pack", "--silent", ICON_PACKAGE], cwd=work, check=True)
        (archive,) = work.glob("material-icons-*.tgz")
        with tarfile.open(archive) as tar:
            tar.extractall(work / "icons", filter="data")


def cut(source: Path, name: str, codes: Iterable[int], *, number: int = -1) -> None:
    """Write a font with some characters of another, unhinted and without features.

    Args:
        source: The whole font.
        name: File to write, in the folder of fonts.
        codes: Code points; those that the font lacks are passed over.
        number: Which font of a collection.
    """
    options = subset.Options()
    options.hinting = False
    options.layout_features = []
    options.name_IDs = [0, 1, 2, 4, 5, 6, 13, 14]
    options.notdef_outline = True
    options.glyph_names = False
    options.drop_tables += ["GSUB", "GPOS", "GDEF", "BASE", "DSIG", "MATH", "meta", "vhea", "vmtx"]
    font = TTFont(source, fontNumber=number, recalcTimestamp=False)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=set(codes) & set(font.getBestCmap()))
    cutter.subset(font)
    write_characters(font, font.getBestCmap())
    if "glyf" in font:
        keep_shapes(font)
    font.flavor = None
    font.save(OUT / name)


def write_characters(font: TTFont, glyphs: dict[int, str]) -> None:
    """Say which characters a font has in one table, of the one kind that eyehand reads."""
    table = CmapSubtable.newSubtable(12)
    table.platformID, table.platEncID, table.language = 3, 10, 0
    table.cmap = glyphs
    font["cmap"].tables = [table]


def keep_shapes(font: TTFont) -> None:
    """Give a TrueType font a program that does nothing.

    FreeType fits fonts without one to the grid by itself; phones show letters as drawn.
    """
    program = Program()
    program.fromBytecode(bytes((0xB0, 0x00, 0x21) * 4))  # push 0, pop
    font["prep"] = newTable("prep")
    font["prep"].program = program


def icons(source: Path) -> None:
    """Write the font of icons, and a list that says which character each of them is."""
    font = TTFont(source)
    codes = {glyph: code for code, glyph in font.getBestCmap().items()}
    found: dict[str, int] = {}
    for lookup in font["GSUB"].table.LookupList.Lookup:
        for table in lookup.SubTable:
            for first, ligatures in getattr(table, "ExtSubTable", table).ligatures.items():
                for ligature in ligatures:
                    name = "".join(chr(codes[glyph]) for glyph in (first, *ligature.Component))
                    found[name] = codes[ligature.LigGlyph]
    lines = [f"{name} {found[name]:x}\n" for name in sorted(ICONS)]
    (OUT / "icons.txt").write_text("".join(lines))
    cut(source, "icons.ttf", (found[name] for name in ICONS))


def emoji(source: Path) -> None:
    """Write the pictures of emoji, smaller and in fewer colours, named by their code points."""
    font = TTFont(source)
    glyphs = font.getBestCmap()
    # Lookups are told apart by their first glyph only; none of them asks what stands around it.
    joined = {
        (first, *ligature.Component): ligature.LigGlyph
        for lookup in font["GSUB"].table.LookupList.Lookup
        if lookup.LookupType == 4
        for table in lookup.SubTable
        for first, ligatures in table.ligatures.items()
        for ligature in ligatures
    }
    (strike,) = font["CBDT"].strikeData
    with zipfile.ZipFile(OUT / "emoji.zip", "w", zipfile.ZIP_STORED) as file:
        for text in EMOJI:
            parts = tuple(glyphs[ord(part)] for part in text)
            glyph = parts[0] if len(parts) == 1 else joined[parts]
            with Image.open(io.BytesIO(strike[glyph].imageData)) as image:
                small = image.convert("RGBA").resize(EMOJI_SIZE, Image.Resampling.LANCZOS)
            few = small.quantize(EMOJI_COLOURS, method=Image.Quantize.FASTOCTREE)
            out = io.BytesIO()
            few.save(out, "PNG", optimize=True)
            name = "-".join(f"{ord(part):x}" for part in text)
            file.writestr(zipfile.ZipInfo(name), out.getvalue())


def devanagari(source: Path, name: str) -> None:
    """Write a font whose joined letters are private characters, and a list of how they join."""
    font = TTFont(source, recalcTimestamp=False)
    table = font["GSUB"].table
    characters = font.getBestCmap()
    codes = {glyph: code for code, glyph in characters.items()}
    (script,) = (each.Script for each in table.ScriptList.ScriptRecord if each.ScriptTag == "dev2")
    features = [
        table.FeatureList.FeatureRecord[index] for index in script.DefaultLangSys.FeatureIndex
    ]
    lines = []
    for step in ("nukt", "akhn", "rphf", "rkrf", "half", "cjct", "pres"):
        lookups = sorted(
            {
                index
                for feature in features
                if feature.FeatureTag == step
                for index in feature.Feature.LookupListIndex
            }
        )
        for lookup in (table.LookupList.Lookup[index] for index in lookups):
            if lookup.LookupType != 4:
                continue  # these ask what stands around a letter; it is readable without
            for first, ligatures in lookup.SubTable[0].ligatures.items():
                for ligature in ligatures:
                    parts = (first, *ligature.Component)
                    if "uni200D" in parts or not set(parts) <= set(codes):
                        continue
                    code = codes.setdefault(ligature.LigGlyph, 0xF0000 + len(codes))
                    characters[code] = ligature.LigGlyph
                    before = " ".join(f"{codes[part]:x}" for part in parts)
                    lines.append(f"{step} {code:x} {before}\n")
    (OUT / "devanagari.txt").write_text("".join(dict.fromkeys(lines)), "ascii")
    write_characters(font, characters)
    whole = source.with_name(f"whole-{name}")
    font.save(whole)
    cut(whole, name, DEVANAGARI | set(between((0xF0000, 0xF0FFF))))
    whole.unlink()


def main() -> None:
    """Make every file."""
    work = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(tempfile.mkdtemp())
    fetch(work)

    def found(pattern: str) -> Path:
        (path,) = work.rglob(pattern)
        return path

    OUT.mkdir(exist_ok=True)
    for name, regular, bold in (
        ("roboto", "unhinted/RobotoTTF/Roboto-Regular.ttf", "unhinted/RobotoTTF/Roboto-Medium.ttf"),
        ("noto-sans", "NotoSans-Regular.ttf", "NotoSans-Bold.ttf"),
        ("open-sans", "OpenSans-Regular.ttf", "OpenSans-Semibold.ttf"),
        ("inter", "Inter-Regular.otf", "Inter-SemiBold.otf"),
    ):
        codes = EUROPE | MARKS if name == "noto-sans" else EUROPE
        for weight, pattern in (("regular", regular), ("bold", bold)):
            path = found(pattern)
            cut(path, f"{name}-{weight}{path.suffix}", codes)
    for name, family, codes in (
        ("arabic", "NotoSansArabic", ARABIC),
        ("hebrew", "NotoSansHebrew", HEBREW),
        ("thai", "NotoSansThai", THAI),
        ("georgian", "NotoSansGeorgian", GEORGIAN),
    ):
        for weight in ("Regular", "Bold"):
            cut(found(f"{family}-{weight}.ttf"), f"{name}-{weight.lower()}.ttf", codes)
    for weight in ("Bold", "Regular"):
        source = found(f"NotoSansDevanagari-{weight}.ttf")
        devanagari(source, f"devanagari-{weight.lower()}.ttf")
    cut(found("NotoSansMath-Regular.ttf"), "maths.ttf", MATHS)
    cut(found("NotoSansSymbols-Regular.ttf"), "symbols.ttf", SYMBOLS)
    cut(found("NotoSansSymbols2-Regular.ttf"), "symbols2.ttf", SYMBOLS)
    chinese = 2  # of the collection's fonts, the one with the forms used in mainland China
    cjk = HAN | HANGUL | KANA | CIRCLED | BOXES | TYPED
    cut(found("NotoSansCJK-Regular.ttc"), "cjk.otf", cjk, number=chinese)
    emoji(found("NotoColorEmoji.ttf"))
    icons(work / "icons/package/iconfont/material-icons.woff")
    write_readme(OUT, work, ICON_PACKAGE, len(EMOJI))


if __name__ == "__main__":
    main()
