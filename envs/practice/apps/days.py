"""How lists show when something was."""

import datetime


def shown_day(when: str, now: datetime.datetime) -> str:
    """Give a time of the past as lists show it: the time today, the day otherwise.

    Args:
        when: ISO 8601.
        now: What the phone's clock shows.
    """
    then = datetime.datetime.fromisoformat(when)
    if then.date() == now.date():
        return then.strftime("%H:%M")
    return then.strftime("%-d %b" if then.year == now.year else "%-d %b %Y")
