"""What a Google docstring says of a function, and of each of its parameters."""

import re

_SECTION = re.compile(
    r"(Args|Arguments|Parameters|Returns?|Yields?|Raises|Examples?|Notes?|Attributes|Source):\s*$"
)
_ENTRY = re.compile(r"\*{0,2}(\w+)\s*(?:\([^)]*\))?:\s*(.*)$")


def read_docstring(text: str) -> tuple[str, dict[str, str]]:
    """Split a docstring into what the function does and what each parameter means.

    Args:
        text: With its common indent removed, as ``inspect.getdoc`` gives it.

    Returns:
        All that stands before the first section, and the entries of ``Args`` by name.
    """
    summary: list[str] = []
    entries: dict[str, list[str]] = {}
    section, current, indent = "", "", 0
    for line in text.splitlines():
        if heading := _SECTION.match(line):
            section = heading[1]
        elif not section:
            summary.append(line.rstrip())
        elif section in ("Args", "Arguments", "Parameters") and line.strip():
            depth = len(line) - len(line.lstrip())
            indent = indent or depth
            if depth <= indent and (entry := _ENTRY.match(line.strip())):
                current = entry[1]
                entries[current] = [entry[2]]
            elif current:
                entries[current].append(line.strip())
    described = {name: " ".join(filter(None, lines)) for name, lines in entries.items()}
    return "\n".join(summary).strip(), described
