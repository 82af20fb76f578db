"""The page beside the fonts that says where each is from, and their licences."""

from pathlib import Path
from urllib.parse import unquote

from fontTools.ttLib import TTFont

HERE = Path(__file__).resolve().parent

SOURCES = {
    "arabic": ("fonts-noto-core", "Noto Sans Arabic, with the joined forms", "OFL-1.1"),
    "cjk": (
        "fonts-noto-cjk",
        "Noto Sans CJK SC: Han of GB 2312, JIS X 0208 and Big5 at their first levels, kana, "
        "Hangul of KS X 1001, boxes",
        "OFL-1.1",
    ),
    "devanagari": ("fonts-noto-core", "Noto Sans Devanagari", "OFL-1.1"),
    "emoji": ("fonts-noto-color-emoji", "Noto Color Emoji", "OFL-1.1"),
    "georgian": ("fonts-noto-core", "Noto Sans Georgian", "OFL-1.1"),
    "hebrew": ("fonts-noto-core", "Noto Sans Hebrew", "OFL-1.1"),
    "icons": ("", "Material Icons", "Apache-2.0"),
    "inter": ("fonts-inter", "Inter, Regular and SemiBold: Latin, Greek, Cyrillic", "OFL-1.1"),
    "maths": ("fonts-noto-core", "Noto Sans Math", "OFL-1.1"),
    "noto": ("fonts-noto-core", "Noto Sans: Latin, Greek, Cyrillic, accents", "OFL-1.1"),
    "open": (
        "fonts-open-sans",
        "Open Sans, Regular and Semibold: Latin, Greek, Cyrillic",
        "Apache-2.0",
    ),
    "roboto": (
        "fonts-roboto-unhinted",
        "Roboto, Regular and Medium: Latin, Greek, Cyrillic",
        "Apache-2.0",
    ),
    "symbols": ("fonts-noto-core", "Noto Sans Symbols", "OFL-1.1"),
    "symbols2": ("fonts-noto-core", "Noto Sans Symbols2", "OFL-1.1"),
    "thai": ("fonts-noto-core", "Noto Sans Thai", "OFL-1.1"),
}


def write_readme(folder: Path, work: Path, icons: str, emoji: int) -> None:
    """Write where every file is from, and the licences.

    Args:
        folder: Where the fonts are.
        work: Where their packages are.
        icons: Package and version of the icons.
        emoji: How many there are.
    """
    rows = []
    for path in sorted(folder.iterdir()):
        if path.suffix == ".md" or path.name in ("OFL.txt", "APACHE-2.0.txt"):
            continue
        package, what, licence = SOURCES[path.stem.partition("-")[0]]
        package = package or icons
        if path.suffix == ".zip":
            count = str(emoji)
        else:
            count = str(len(TTFont(path).getBestCmap())) if path.suffix != ".txt" else ""
        if path.suffix == ".txt":
            what = "list"
        name, _, version = package.partition("@")
        for archive in work.glob(f"{name}_*.deb"):
            version = unquote(archive.name.split("_")[1])
        size = f"{path.stat().st_size:,}"
        rows.append(f"| {path.name} | {size} | {count} | {what} | {name} | {version} | {licence} |")
    head = (HERE / "readme-head.md").read_text("utf-8")
    (folder / "README.md").write_text(head + "\n".join(rows) + "\n", "utf-8")
    for licence in ("OFL.txt", "APACHE-2.0.txt"):
        (folder / licence).write_bytes((HERE / licence).read_bytes())
