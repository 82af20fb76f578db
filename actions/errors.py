"""What can be wrong with what a model or a user wrote.

::

    ActionError            what was written cannot become an action -> tell the writer
      ActionParseError       not the grammar; carries text and position
      ActionSchemaError      right form, wrong fields; carries the field's path
      PointOutsideImage      a point that is not on the picture
      UnknownKey             no key of that name
      ToolError              no such tool, or arguments it does not take
"""

import re

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class ActionError(Exception):
    """What was written cannot become an action. The message is one line, fit to show to a model."""

    def __init__(self, message: str) -> None:
        super().__init__(_CONTROL.sub(" ", message))


class ActionParseError(ActionError):
    """The text is not in the grammar of the dialect.

    Attributes:
        text: What was read.
        position: Where it went wrong, in characters from the start of ``text``.
    """

    def __init__(self, message: str, *, text: str, position: int = 0) -> None:
        super().__init__(message)
        self.text = text
        self.position = position


class ActionSchemaError(ActionError):
    """The text is well formed but is no valid action.

    Attributes:
        path: The offending field, such as ``("click", "point", "x")``.
    """

    def __init__(self, message: str, *, path: tuple[str | int, ...] = ()) -> None:
        super().__init__(message)
        self.path = path


class PointOutsideImage(ActionError):
    """A point is not on the picture. Whoever aims so has misread the screen and must be told."""


class UnknownKey(ActionError):
    """No key of that name is known."""


class ToolError(ActionError):
    """No such tool, or arguments that it does not take."""


class NoTools(ToolError):
    """A Python file is fine, and there is no tool in it."""
