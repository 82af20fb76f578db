"""Programs on text: ``wc``, ``head``, ``tail``, ``base64`` and others, as on a phone."""

import base64
import hashlib
import re

from .call import Call, Programs, Wrong
from .grep import inputs_of


async def wc(call: Call) -> int:
    """The program ``wc``."""
    letters = {letter for word in call.args if word.startswith("-") for letter in word[1:]}
    words = [word for word in call.args if not word.startswith("-")]
    wanted = [letter for letter in "lwcm" if letter in (letters or set("lwc"))]
    async for name, data in inputs_of(call, words):
        counts = {
            "l": data.count(b"\n"),
            "w": len(data.split()),
            "c": len(data),
            "m": len(data.decode("utf-8", "replace")),
        }
        line = " ".join(str(counts[letter]) for letter in wanted)
        await call.say(line if name == "-" else f"{line} {name}")
    return 0


async def head_or_tail(call: Call) -> int:
    """The programs ``head`` and ``tail``."""
    count, unit, words = 10, "n", []
    from_start = False
    rest = iter(call.args)
    for word in rest:
        if word[:2] in ("-n", "-c"):
            unit = word[1]
            value = word[2:] or next(rest, "")
            from_start = value.startswith("+")
            if not value.lstrip("+-").isdigit():
                raise Wrong(f"{call.name}: not a number: {value}")
            count = int(value.lstrip("+-"))
        elif word.startswith("-") and word[1:].isdigit():
            count = int(word[1:])
        else:
            words.append(word)
    async for _, data in inputs_of(call, words):
        pieces = data.splitlines(keepends=True) if unit == "n" else data
        if call.name == "head":
            kept = pieces[:count]
        elif from_start:
            kept = pieces[max(0, count - 1) :]
        else:
            kept = pieces[len(pieces) - min(count, len(pieces)) :]
        await call.write(kept if isinstance(kept, bytes) else b"".join(kept))
    return 0


async def base64_tool(call: Call) -> int:
    """The program ``base64``."""
    words = [word for word in call.args if not word.startswith("-") and not word.isdigit()]
    wrap = 76
    for option, value in zip(call.args, (*call.args[1:], ""), strict=False):
        if option.startswith("-w"):
            wrap = int(option[2:] or value or 76)
    async for _, data in inputs_of(call, words):
        if "-d" in call.args:
            try:
                await call.write(base64.b64decode(data))
            except ValueError as error:
                raise Wrong("base64: bad input") from error
            continue
        packed = base64.b64encode(data).decode()
        lines = [packed[at : at + wrap] for at in range(0, len(packed), wrap)] if wrap else [packed]
        await call.write(("\n".join(lines) + ("\n" if wrap and lines else "")).encode())
    return 0


async def checksum(call: Call) -> int:
    """The programs ``md5sum``, ``sha1sum`` and ``sha256sum``."""
    async for name, data in inputs_of(call, list(call.args)):
        kind = call.name.removesuffix("sum")
        await call.say(f"{hashlib.new(kind, data, usedforsecurity=False).hexdigest()}  {name}")
    return 0


async def sort_or_unique(call: Call) -> int:
    """The programs ``sort`` and ``uniq``."""
    letters = {letter for word in call.args if word.startswith("-") for letter in word[1:]}
    words = [word for word in call.args if not word.startswith("-")]
    lines: list[bytes] = []
    async for _, data in inputs_of(call, words):
        lines += data.splitlines()
    if call.name == "sort":
        lines.sort(reverse="r" in letters, key=_numeric if "n" in letters else None)
        lines = list(dict.fromkeys(lines)) if "u" in letters else lines
    else:
        lines = [line for at, line in enumerate(lines) if at == 0 or line != lines[at - 1]]
    await call.write(b"".join(line + b"\n" for line in lines))
    return 0


def _numeric(line: bytes) -> float:
    found = re.match(rb"\s*-?\d+(\.\d+)?", line)
    return float(found[0]) if found else 0.0


async def translate(call: Call) -> int:
    """The program ``tr``, with plain sets, ranges and ``-d``."""
    words = [word for word in call.args if word != "-d"]
    data = (await call.read_all()).decode("utf-8", "surrogateescape")
    old = _set(words[0]) if words else ""
    new = _set(words[1]) if len(words) > 1 else ""
    if "-d" not in call.args and not new:
        raise Wrong('tr: Needs 2 arguments (see "tr --help")')
    table = {ord(char): None for char in old}
    if new:
        padded = new + new[-1] * len(old)
        data = data.translate({ord(char): padded[at] for at, char in enumerate(old)})
    else:
        data = data.translate(table)
    await call.write(data.encode("utf-8", "surrogateescape"))
    return 0


def _set(text: str) -> str:
    text = re.sub(r"\\(.)", lambda m: {"n": "\n", "r": "\r", "t": "\t"}.get(m[1], m[1]), text)
    return re.sub(
        r"(.)-(.)", lambda m: "".join(map(chr, range(ord(m[1]), ord(m[2]) + 1))), text, flags=re.S
    )


async def cut(call: Call) -> int:
    """The program ``cut``, with ``-d`` and one field or range ``-f``."""
    letters: dict[str, str] = dict(re.findall(r"-([dfc]) ?(\S+)", " ".join(call.args)))
    delimiter = letters.get("d", "\t").strip("'\"")
    first, _, last = letters.get("f", letters.get("c", "1")).partition("-")
    start = int(first or 1) - 1
    end = (
        (int(last) if last else None)
        if "-" in letters.get("f", letters.get("c", ""))
        else start + 1
    )
    for line in (await call.read_all()).decode("utf-8", "surrogateescape").splitlines():
        parts = list(line) if "c" in letters else line.split(delimiter)
        whole = "c" not in letters and delimiter not in line
        await call.say(
            line if whole else ("" if "c" in letters else delimiter).join(parts[start:end])
        )
    return 0


async def sequence(call: Call) -> int:
    """The program ``seq``."""
    numbers = [int(word) for word in call.args if word.lstrip("-").isdigit()]
    if len(numbers) not in (1, 2, 3):
        raise Wrong('seq: Needs 1 argument (see "seq --help")')
    first, step, last = {1: (1, 1, numbers[-1]), 2: (numbers[0], 1, numbers[-1])}.get(
        len(numbers), tuple(numbers)
    )
    if step == 0 or abs((last - first) // step) > 1_000_000:
        raise Wrong("seq: without end")
    await call.write(
        "".join(f"{n}\n" for n in range(first, last + (1 if step > 0 else -1), step)).encode()
    )
    return 0


async def printf(call: Call) -> int:
    """The program ``printf``, with ``%s``, ``%d``, ``%x``, ``%b`` and the usual escapes."""
    if not call.args:
        raise Wrong('printf: Needs 1 argument (see "printf --help")')
    form, values = call.args[0], list(call.args[1:])
    done: list[str] = []
    while True:
        took = len(values)
        done.append(re.sub(r"%(-?\d*)([sdxcb%])", lambda m: _formatted(m, values), _escapes(form)))
        if not values or len(values) == took:
            break
    await call.write("".join(done).encode("utf-8", "surrogateescape"))
    return 0


def _formatted(match: re.Match[str], values: list[str]) -> str:
    kind = match[2]
    if kind == "%":
        return "%"
    value = values.pop(0) if values else ("0" if kind in "dx" else "")
    if kind in "dx":
        number = int(value, 0) if re.fullmatch(r"-?(0x[0-9a-f]+|\d+)", value) else 0
        return f"%{match[1]}{kind}" % number
    value = value[:1] if kind == "c" else _escapes(value) if kind == "b" else value
    return f"%{match[1]}s" % value


def _escapes(text: str) -> str:
    plain = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", '"': '"', "a": "\a", "e": "\x1b"}

    def one(match: re.Match[str]) -> str:
        if match[1]:
            return chr(int(match[1], 8) & 0xFF)
        if match[2]:
            return bytes([int(match[2], 16)]).decode("utf-8", "surrogateescape")
        return plain.get(match[3], match[0])

    return re.sub(r"\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2})|(.))", one, text, flags=re.S)


PROGRAMS: Programs = {
    "base64": base64_tool,
    "cut": cut,
    "head": head_or_tail,
    "md5sum": checksum,
    "printf": printf,
    "seq": sequence,
    "sha1sum": checksum,
    "sha256sum": checksum,
    "sort": sort_or_unique,
    "tail": head_or_tail,
    "tr": translate,
    "uniq": sort_or_unique,
    "wc": wc,
}
