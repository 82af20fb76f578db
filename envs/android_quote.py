"""Text for a phone's shell and for its ``input text``, which is a second, smaller language.

``input`` turns ``%s`` into a space (AOSP, InputShellCommand.sendText), and looks every character
up in a key map that has printable ASCII and nothing else; one character that it lacks, and nothing
at all is typed.
"""

from collections.abc import Iterator

ENTER, TAB = 66, 61
"""Android KeyEvent codes."""


def quoted(word: str) -> str:
    r"""Give a word that a POSIX shell reads back as exactly this text.

    Raises:
        ValueError: It holds a NUL, which no argument of a program can.

    Example:
        >>> quoted("it's")
        "'it'\\''s'"
    """
    if "\0" in word:
        raise ValueError("a NUL cannot be part of a command")
    return "'" + word.replace("'", "'\\''") + "'"


def keyable(text: str) -> bool:
    """Whether ``input text`` and key events can type it: printable ASCII, line feeds, tabs."""
    return all(" " <= character <= "~" or character in "\n\t" for character in text)


def lines(text: str) -> str:
    """Bring line ends into one form: each is one press of Enter."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def pieces(text: str, most: int) -> Iterator[str | int]:
    r"""Cut a text where keys are pressed between: runs of characters, and key codes.

    Args:
        text: With line feeds as line ends.
        most: Longest run, in characters.

    Returns:
        Texts without line feed and tab, and the codes of Enter and Tab where they stood.

    Example:
        >>> list(pieces("ab\tc\n", 10))
        ['ab', 61, 'c', 66]
    """
    run = ""
    for character in text:
        if character in "\n\t":
            if run:
                yield run
            yield ENTER if character == "\n" else TAB
            run = ""
            continue
        run += character
        if len(run) >= most:
            yield run
            run = ""
    if run:
        yield run


def input_texts(run: str) -> list[str]:
    """Give the arguments of the ``input text`` calls that type a run of printable ASCII exactly.

    Example:
        >>> input_texts("50%sure")
        ['50%', 'sure']
    """
    parts = run.split("%s")
    words = [("s" if number else "") + part for number, part in enumerate(parts)]
    last = len(words) - 1
    return [w for n, word in enumerate(words) if (w := word + ("%" if n < last else ""))]


def chunks(text: str, most_bytes: int) -> Iterator[str]:
    """Cut a text into parts of at most so many bytes of UTF-8, between characters."""
    part: list[str] = []
    size = 0
    for character in text:
        length = len(character.encode())
        if part and size + length > most_bytes:
            yield "".join(part)
            part, size = [], 0
        part.append(character)
        size += length
    if part:
        yield "".join(part)
