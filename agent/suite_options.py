"""What can be typed of suites: options that several commands have."""

from typing import Annotated, Final, Literal

import typer

from .errors import BadUsage

Kept = Literal["all", "failures", "none"]
NO_LIMIT: Final = "off"
OWN_LIMIT: Final = "page"
OF_SUITES = "Suites"
"""Heading of the options that only suites have."""

TasksOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME,...",
        help="Only these: names, patterns such as 'click-*', @SUBSET. Default: all.",
        rich_help_panel=OF_SUITES,
    ),
]
EpisodesOption = Annotated[
    int, typer.Option(min=1, help="Trials a task.", rich_help_panel=OF_SUITES)
]
MaxStepsOption = Annotated[
    int, typer.Option(min=1, help="Most replies in a trial.", rich_help_panel=OF_SUITES)
]
TrialSecondsOption = Annotated[
    float,
    typer.Option(
        metavar="SECONDS",
        min=1,
        help="Longest that a trial may take, whoever plays.",
        rich_help_panel=OF_SUITES,
    ),
]
ViaOption = Annotated[
    Literal["browser", "desktop"],
    typer.Option(
        help="miniwob: in a browser that is told what to do, or in a window on a private display, "
        "by its mouse and keys.",
        rich_help_panel=OF_SUITES,
    ),
]
ScaleOption = Annotated[
    float,
    typer.Option(
        min=1,
        max=4,
        help="miniwob: physical pixels a CSS pixel; its pages are 160 wide.",
        rich_help_panel=OF_SUITES,
    ),
]
TimeLimitOption = Annotated[
    str,
    typer.Option(
        metavar="SECONDS|page|off",
        help="miniwob: how long a task may take; page: as each page has it, 10 s for most.",
        rich_help_panel=OF_SUITES,
    ),
]


def time_limit(text: str) -> float | Literal["page"] | None:
    """Read ``--time-limit``: seconds, ``page`` or ``off``.

    Raises:
        BadUsage: It is neither.
    """
    if text == NO_LIMIT:
        return None
    if text == OWN_LIMIT:
        return OWN_LIMIT
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 1_000_000:
        raise BadUsage(
            f"--time-limit is seconds, such as 10, or {OWN_LIMIT}, or {NO_LIMIT}; not {text!r}"
        )
    return seconds
