"""Who may connect: whoever holds a key that this phone knows.

A phone's adb gives a shell to whoever gets in, and loopback is open to every user of a machine.
So the practice phone does what phones do: it sends 20 random bytes, and the host signs them with
its RSA key. Keys known are those of the user who started the phone, found where adb keeps them.

Source: AOSP, packages/modules/adb/protocol.txt, and libcrypto_utils' android_pubkey.h for the
form of ``adbkey.pub``.
"""

import base64
import binascii
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

TOKEN_BYTES = 20
# What PKCS #1 puts before a SHA-1 digest; adb signs the token as if it were one (RFC 8017, 9.2).
_SHA1 = bytes.fromhex("3021300906052b0e03021a05000414")


class KeyUnreadable(ValueError):
    """A file is no RSA key of adb."""


def new_token() -> bytes:
    """Twenty bytes for the host to sign, never the same twice."""
    return secrets.token_bytes(TOKEN_BYTES)


def key_files(environment: Mapping[str, str]) -> list[Path]:
    """Where adb keeps the keys of the user whose environment this is. Files may be missing."""
    found = []
    for place in environment.get("ADB_VENDOR_KEYS", "").split(os.pathsep):
        path = Path(place)
        if place:
            found += sorted(path.glob("*.adb_key")) if path.is_dir() else [path]
    homes = [
        Path(environment[name], *below)
        for name, below in (
            ("ANDROID_USER_HOME", ()),
            ("ANDROID_SDK_HOME", (".android",)),
            ("HOME", (".android",)),
        )
        if environment.get(name)
    ]
    return found + [home / "adbkey" for home in homes]


def signed_by(files: Sequence[Path], token: bytes, signature: bytes) -> Path | None:
    """The key that signed a token; None where it is none of these.

    Args:
        files: Private keys, or public ones (``.pub``). One that is missing or is no key counts
            for nothing: adb makes its key when it first starts, which may be later.
        token: What was to be signed.
        signature: What the host sent.
    """
    number = int.from_bytes(signature, "big")
    for file, (modulus, exponent) in _keys(files):
        size = (modulus.bit_length() + 7) // 8
        if len(signature) != size or number >= modulus:
            continue
        padding = b"\xff" * (size - 3 - len(_SHA1) - len(token))
        expected = b"\0\1" + padding + b"\0" + _SHA1 + token
        if pow(number, exponent, modulus) == int.from_bytes(expected, "big"):
            return file
    return None


def _keys(files: Iterable[Path]) -> Iterator[tuple[Path, tuple[int, int]]]:
    for file in files:
        for path in (file, file.with_name(file.name + ".pub")):
            try:
                yield path, read_key(path.read_bytes())
                break
            except (OSError, KeyUnreadable):
                continue


def read_key(data: bytes) -> tuple[int, int]:
    """Modulus and public exponent of a key file: adb's private key (PEM) or ``adbkey.pub``.

    Raises:
        KeyUnreadable: It is neither.
    """
    try:
        if data.startswith(b"-----BEGIN"):
            lines = [line for line in data.splitlines() if line and not line.startswith(b"-----")]
            return _private_key(base64.b64decode(b"".join(lines), validate=True))
        return _public_key(base64.b64decode(data.split(maxsplit=1)[0], validate=True))
    except (binascii.Error, IndexError, StopIteration, ValueError) as error:
        raise KeyUnreadable("neither an RSA key in PEM nor adb's public key") from error


def _public_key(blob: bytes) -> tuple[int, int]:
    """Words in the modulus, an inverse, the modulus, a square and the exponent, little-endian."""
    size = int.from_bytes(blob[:4], "little") * 4
    if not 128 <= size <= 1024 or len(blob) != 12 + 2 * size:
        raise KeyUnreadable("a public key of an odd length")
    return int.from_bytes(blob[8 : 8 + size], "little"), int.from_bytes(blob[-4:], "little")


def _private_key(der: bytes) -> tuple[int, int]:
    """Modulus and public exponent out of PKCS #8, or of the PKCS #1 inside it."""
    items = list(_der(next(_der(der))[1]))
    tags = [tag for tag, _ in items]
    if tags[:3] == [0x02, 0x30, 0x04]:  # version, algorithm, the key as an octet string
        items = list(_der(next(_der(items[2][1]))[1]))
    if len(items) < 3 or any(tag != 0x02 for tag, _ in items[:3]):
        raise KeyUnreadable("not an RSA key")
    modulus, exponent = (int.from_bytes(value, "big") for _, value in items[1:3])
    if modulus.bit_length() < 1024 or exponent < 3:
        raise KeyUnreadable("an RSA key that protects nothing")
    return modulus, exponent


def _der(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and value of each item of a DER sequence."""
    at = 0
    while at < len(data):
        tag, length, at = data[at], data[at + 1], at + 2
        if length & 0x80:
            count = length & 0x7F
            length, at = int.from_bytes(data[at : at + count], "big"), at + count
        if at + length > len(data):
            raise KeyUnreadable("cut off")
        yield tag, data[at : at + length]
        at += length
