"""Command lines that any shell reads the same way, read without a shell.

Starting a shell and a program takes about 15 ms; a client sends hundreds of such lines. Whatever
might mean more to mksh than it says (``$``, ``;``, ``|``, globs, ``~``, ...) is not plain.
"""

import re

# A run of characters that mean themselves, a quoted part, or one escaped character. Braces, ``=``
# in the first word, ``!`` and ``^`` are left to the shell: they mean something in some place.
_PIECE = re.compile(
    rb"""(?P<bare>[A-Za-z0-9_@%+,./:=-]+)
       | '(?P<single>[^']*)'
       | "(?P<double>[^"$`\\]*)"
       | \\(?P<escaped>[^\n])
       | (?P<space>[ \t]+)""",
    re.VERBOSE,
)


def plain_words(line: bytes) -> list[bytes] | None:
    r"""The words of a plain command line; None where only a shell can say.

    Args:
        line: What the host sent, without the zero byte at its end.

    Example:
        >>> plain_words(b"input text 'it'\\''s %s'")
        [b'input', b'text', b"it's %s"]
        >>> plain_words(b"echo $HOME") is None
        True
    """
    words: list[bytes] = []
    word: bytes | None = None
    at = 0
    while at < len(line):
        piece = _PIECE.match(line, at)
        if piece is None:
            return None
        if piece["space"] is None:
            part = piece[piece.lastgroup or 0]
            word = (word or b"") + part
        elif word is not None:
            words.append(word)
            word = None
        at = piece.end()
    if word is not None:
        words.append(word)
    # NAME=value before a command sets a variable; a quoted or escaped name of a command is no
    # alias. Both are rare: the shell may have them.
    first = line.lstrip(b" \t")
    if not words or not first.startswith(words[0]) or b"=" in words[0]:
        return None
    return words
