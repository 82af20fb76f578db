"""``grep``, as toybox has it."""

import re
from collections.abc import AsyncIterator

from .call import Call, Programs, Wrong

_LONGEST_PATTERN = 4096


async def inputs_of(call: Call, words: list[str]) -> AsyncIterator[tuple[str, bytes]]:
    """Names and contents of files, or of standard input where there are none."""
    for word in words or ["-"]:
        if word == "-":
            yield word, await call.read_all()
            continue
        try:
            path = call.system.files.real(word, call.cwd)
            data = path.read_bytes()
        except OSError as error:
            raise Wrong(f"{call.name}: {word}: {error.strerror}") from error
        yield word, data


async def grep(call: Call) -> int:
    """The programs ``grep``, ``egrep`` and ``fgrep``."""
    options: set[str] = set()
    patterns: list[str] = []
    words: list[str] = []
    most = -1
    rest = iter(call.args)
    for word in rest:
        if word == "--":
            words += rest
        elif word.startswith("-") and len(word) > 1 and not words:
            letters = word[1:] if not word.startswith("--color") else ""
            while letters:
                letter, letters = letters[0], letters[1:]
                if letter in "em":
                    value = letters or next(rest, "")
                    letters = ""
                    if letter == "e":
                        patterns.append(value)
                    else:
                        most = int(value) if value.isdigit() else -1
                else:
                    options.add(letter)
        else:
            words.append(word)
    if not patterns:
        if not words:
            raise Wrong("grep: no REGEX", 2)
        patterns = [words.pop(0)]
    if unknown := options - set("EFivcnoqlLwxhHsazr"):
        raise Wrong(f"grep: Unknown option '{min(unknown)}'", 2)
    test = _pattern(patterns, options | {"egrep": {"E"}, "fgrep": {"F"}}.get(call.name, set()))
    found = 0
    async for name, data in inputs_of(call, words):
        prefix = f"{name}:" if (len(words) > 1 and "h" not in options) or "H" in options else ""
        lines = data.decode("utf-8", "surrogateescape").split("\n")
        if lines and not lines[-1]:
            lines.pop()
        count = 0
        for number, line in enumerate(lines, start=1):
            match = test.search(line)
            if bool(match) == ("v" in options):
                continue
            count += 1
            if not options & set("qclL"):
                at = f"{number}:" if "n" in options else ""
                shown = [m[0] for m in test.finditer(line)] if "o" in options else [line]
                for text in shown:
                    await call.say(f"{prefix}{at}{text}")
            if count == most:
                break
        found += count
        if "c" in options:
            await call.say(f"{prefix}{count}")
        if ("l" in options and count) or ("L" in options and not count):
            await call.say(name)
    return 0 if found else 1


def _pattern(patterns: list[str], options: set[str]) -> re.Pattern[str]:
    """Python's regular expression for a POSIX one.

    Raises:
        Wrong: It is none.
    """
    parts: list[str] = []
    for pattern in "\n".join(patterns).split("\n"):
        if len(pattern) > _LONGEST_PATTERN:
            raise Wrong("grep: the pattern is too long", 2)
        if "F" in options:
            part = re.escape(pattern)
        else:
            part = pattern if "E" in options else _from_basic(pattern)
            for name, inside in _CLASSES.items():
                part = part.replace(f"[:{name}:]", inside)
        if "w" in options:
            part = rf"\b(?:{part})\b"
        parts.append(f"^(?:{part})$" if "x" in options else f"(?:{part})")
    try:
        return re.compile("|".join(parts), re.IGNORECASE if "i" in options else 0)
    except re.error as error:
        raise Wrong(f"grep: bad REGEX '{patterns[0]}': {error}", 2) from error


_CLASSES = {
    "alpha": "a-zA-Z",
    "digit": "0-9",
    "alnum": "a-zA-Z0-9",
    "space": r"\s",
    "upper": "A-Z",
    "lower": "a-z",
    "punct": r"!-/:-@\[-`{-~",
}


def _from_basic(pattern: str) -> str:
    r"""A basic regular expression as an extended one: ``\(`` is a group, ``(`` a character."""
    done: list[str] = []
    at = 0
    inside = False
    while at < len(pattern):
        char = pattern[at]
        after = pattern[at + 1 : at + 2]
        if inside:
            done.append(char)
            inside = char != "]"
        elif char == "\\" and after and after in "(){}|+?":
            done.append(after)
            at += 1
        elif char == "\\" and after:
            done.append(char + after)
            at += 1
        elif char in "(){}|+?":
            done.append("\\" + char)
        elif char == "*" and not done:
            done.append(r"\*")
        else:
            inside = char == "["
            done.append(char)
        at += 1
    return "".join(done)


PROGRAMS: Programs = {"egrep": grep, "fgrep": grep, "grep": grep}
