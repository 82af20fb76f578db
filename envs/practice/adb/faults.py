"""What can go wrong between a phone and its host, switched on by hand.

Every field may be changed while the phone runs; it counts from then on.
"""

from dataclasses import dataclass, field
from typing import Literal

Stage = Literal["before", "during", "after"]
Accident = Literal["drop", "hang", "offline"]

FOLDABLE_WARNING = (
    "[Warning] Multiple displays were found, but no display id was specified! Defaulting to the "
    "first display found, however this default is not guaranteed to be consistent across "
    "captures. A display id should be specified.\n"
    "A display ID can be specified with the [-d display-id] option.\n"
    'See "dumpsys SurfaceFlinger --display-id" for valid display IDs.\n'
)


@dataclass(slots=True)
class Faults:
    """Faults of one practice phone. As made, nothing is wrong.

    Attributes:
        drop_after: The connection is cut when this many more bytes of answers were sent. Happens
            once: the field is None again afterwards.
        delay_s: Every message of the phone comes this many seconds later.
        truncate: Every stream ends, as if it were finished, after this many bytes.
        offline: The phone answers nothing, neither on open connections nor on new ones.
        unauthorised: The phone answers no key, as while its owner looks at the question.
        hang_shell: Commands are taken and never answered. They are not run either.
        screencap_empty: ``screencap`` says nothing and succeeds.
        foldable_warning: ``screencap`` without a display id warns first, as foldables do.
        refuse_input: ``input`` is forbidden, as on phones whose maker wants one more switch on.
        busy_screen: ``uiautomator`` finds no idle moment.
        accidents: What happens once, by program and stage; see ``at``.
    """

    drop_after: int | None = None
    delay_s: float = 0.0
    truncate: int | None = None
    offline: bool = False
    unauthorised: bool = False
    hang_shell: bool = False
    screencap_empty: bool = False
    foldable_warning: bool = False
    refuse_input: bool = False
    busy_screen: bool = False
    accidents: dict[tuple[str, Stage], Accident] = field(default_factory=dict)

    def at(self, stage: Stage, program: str, accident: Accident) -> None:
        """Let something happen the next time a program runs.

        Args:
            stage: Before its first effect, in the middle of a gesture, or after its last effect
                and before anybody hears of it.
            program: Its name, such as ``input``.
            accident: The connection is cut; or this command never ends; or the phone answers
                nothing any more. What has begun goes on to its end on the phone, as it would.
        """
        self.accidents[program, stage] = accident

    def take(self, stage: Stage, program: str) -> Accident | None:
        """What happens now. It is forgotten by being asked for."""
        return self.accidents.pop((program, stage), None)
