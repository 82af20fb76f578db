"""The table of dialects in docs/DIALECTS.md.

.venv/bin/python tests/dialect_table.py      # writes it anew
"""

from pathlib import Path

from dialect_cases import PLACES

from eyehand.actions.dialects import GROUNDING, TABLE, dialect_named, says
from eyehand.actions.schema import ACTIONS

PAGE = Path(__file__).parents[1] / "docs/DIALECTS.md"
BEGINS, ENDS = "<!-- made by tests/dialect_table.py -->\n", "<!-- end -->\n"


def rows(names: list[str]) -> list[str]:
    """Give the rows of a table."""
    found = []
    for name in names:
        entry, dialect = TABLE[name], dialect_named(name, PLACES["phone"])
        pictures = "any" if dialect.pictures is None else str(dialect.pictures)
        found.append(
            f"| `{name}` | {entry.models} | `{dialect.space}` | {pictures} | {entry.prompt} |"
        )
    return found


def said(names: list[str]) -> list[str]:
    """Give the rows of what can be said."""
    found = []
    for name in names:
        words = [
            ", ".join(one for one in ACTIONS if one in says(dialect_named(name, place)))
            for place in PLACES.values()
        ]
        found.append(f"| `{name}` | {' | '.join(words)} |")
    return found


def made() -> str:
    """Give the tables."""
    working = [name for name in TABLE if name not in GROUNDING]
    return "\n".join(
        [
            "| dialect | models | points in | pictures at once | prompt |",
            "|---|---|---|---|---|",
            *rows(working),
            "",
            "Models that only say where something is:",
            "",
            "| dialect | models | points in | pictures at once | prompt |",
            "|---|---|---|---|---|",
            *rows(list(GROUNDING)),
            "",
            "What they can say; a grounding model only clicks:",
            "",
            "| dialect | on a desktop | on a phone |",
            "|---|---|---|",
            *said(["native", *working]),
            "",
        ]
    )


if __name__ == "__main__":
    page = PAGE.read_text(encoding="utf-8")
    before, after = page.index(BEGINS) + len(BEGINS), page.index(ENDS)
    PAGE.write_text(page[:before] + made() + page[after:], encoding="utf-8")
