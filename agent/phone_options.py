"""How a practice phone looks, on the command line."""

from typing import Annotated, Any

import typer
from pydantic import ValidationError

from .errors import BadUsage
from .places import PracticeSpec

OF_PHONES = "Practice phone"
"""Heading of the options that say how it looks, where a command has others."""

SizeOption = Annotated[
    str | None,
    typer.Option(
        metavar="WxH",
        help="Held upright, in pixels. Default: 540x1200.",
        rich_help_panel=OF_PHONES,
    ),
]
Density = Annotated[
    int | None,
    typer.Option(help="Dots per inch. Default: by the size.", rich_help_panel=OF_PHONES),
]
ThemeOption = Annotated[
    str | None,
    typer.Option(help="Name of a look. Default: by the seed.", rich_help_panel=OF_PHONES),
]
Dark = Annotated[
    bool | None,
    typer.Option(
        "--dark/--light",
        help="Light on dark, or not. Default: by the seed.",
        rich_help_panel=OF_PHONES,
    ),
]
FontScale = Annotated[
    float,
    typer.Option(help="Size of text: 0.85, 1, 1.15 or 1.3.", rich_help_panel=OF_PHONES),
]
Wordless = Annotated[
    bool,
    typer.Option(
        "--wordless",
        help="Draw no texts: icons, shapes and layout are as ever.",
        rich_help_panel=OF_PHONES,
    ),
]


def phone_looking(**looks: Any) -> PracticeSpec:
    """Give the phone that the options ask for.

    Raises:
        BadUsage: One of them cannot be read.
    """
    try:
        return PracticeSpec(**looks)
    except ValidationError as error:
        item = error.errors(include_url=False)[0]
        said = item["msg"].removeprefix("Value error, ")
        option = str(item["loc"][0]).replace("_", "-")
        raise BadUsage(f"--{option} {item['input']!r}: {said}") from error
