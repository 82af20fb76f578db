"""What a family can say: its verbs, their arguments, and the action that each means.

One table of verbs makes reading, writing and constrained decoding, so that they cannot disagree.
"""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import dist
from typing import Any, NamedTuple

from ..errors import ActionError, ActionSchemaError
from ..geometry import Frame, Point, Space
from ..schema import Action, Done, Scroll, parse_action
from .kinds import ChoiceKind, Kind
from .reading import Reading

INFEASIBLE = "the model says that it cannot be done"
"""The reason of a `Done` whose family has no words for reasons."""

Given = Mapping[str, Any]
"""Arguments by name, as their kinds read them."""


class Arg(NamedTuple):
    """An argument of a verb.

    Attributes:
        kind: How it is written.
        attribute: The field of the action that it fills; empty: only ``build`` knows, or it is
            none of the action's, such as a word for people.
        needed: Whether it must be given to be understood.
        written: Whether it is always written; if not, only where the action differs from its
            default.
        said: Whether it is ever written; False for what is only understood.
    """

    kind: Kind
    attribute: str = ""
    needed: bool = True
    written: bool = True
    said: bool = True


def may(kind: Kind, attribute: str = "", *, written: bool = False) -> Arg:
    """Give an argument that can be left out."""
    return Arg(kind, attribute, needed=False, written=written)


def heard(kind: Kind, attribute: str = "") -> Arg:
    """Give an argument that is understood, and never written."""
    return Arg(kind, attribute, needed=False, written=False, said=False)


@dataclass(frozen=True, slots=True)
class Verb:
    """One thing that a family can say.

    Attributes:
        name: As it is written.
        makes: The action that it means, or one of several.
        args: By name, in the order in which they are written.
        fixed: Further fields of the action, the same whenever this verb is said.
        build: The fields of the action from the arguments, or whole actions where the verb means
            several; None: as ``args`` and ``fixed`` say.
        pull: The arguments from an action; None: as ``args`` says. What comes of it is said only
            if it is read back as the same action.
        said: Whether it is ever written; False for what is only understood.
    """

    name: str
    makes: type[Any] | tuple[type[Any], ...]
    args: Mapping[str, Arg] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)
    build: Callable[[Given], Mapping[str, Any] | Sequence[Action]] | None = None
    pull: Callable[[Any], Given | None] | None = None
    said: bool = True

    @property
    def tags(self) -> tuple[str, ...]:
        """Names of the actions that it may mean."""
        kinds = self.makes if isinstance(self.makes, tuple) else (self.makes,)
        return tuple(kind.tag() for kind in kinds)

    def actions(self, given: Given) -> tuple[Action, ...]:
        """Give what is meant.

        Raises:
            ActionError: The arguments make no valid action.
        """
        if self.build is None:
            fields = {
                arg.attribute: given[name]
                for name, arg in self.args.items()
                if name in given and arg.attribute
            }
        else:
            built = self.build(given)
            if not isinstance(built, Mapping):
                return tuple(built)
            fields = dict(built)
        (tag,) = self.tags
        return (parse_action({"action": tag, **fields, **self.fixed}),)

    def given(self, action: Action) -> Given | None:
        """Give the arguments that say an action; None where this verb does not."""
        if not self.said or not isinstance(action, self.makes):
            return None
        if self.pull is None:
            values = {
                name: getattr(action, arg.attribute)
                for name, arg in self.args.items()
                if arg.attribute
            }
            defaults = {name: model.default for name, model in type(action).model_fields.items()}
            given: Given | None = {
                name: value
                for name, value in values.items()
                if value is not None
                and self.args[name].said
                and (self.args[name].written or value != defaults[self.args[name].attribute])
            }
        else:
            given = self.pull(action)
        if given is None:
            return None
        given = {name: value for name, value in given.items() if value is not None}
        try:
            built = self.actions(given)
        except (ActionError, KeyError):  # such as a point that must be given and is not
            return None
        needed = all(name in given for name, arg in self.args.items() if arg.needed)
        return given if needed and built and alike(built[0], action) else None


class Vocabulary:
    """The verbs of a family.

    Args:
        family: Its name, for messages.
        verbs: In the order in which they are tried for an action.
        also: Other names of arguments that the family writes for the same; with several, the
            first that the verb has is meant.
    """

    def __init__(
        self,
        family: str,
        verbs: Iterable[Verb],
        also: Mapping[str, str | tuple[str, ...]] | None = None,
    ) -> None:
        self.family = family
        self.verbs = tuple(verbs)
        self.names = {verb.name: verb for verb in self.verbs}
        if len(self.names) < len(self.verbs):
            raise ValueError(f"{family} has two verbs of one name")
        self._also = dict(also or {})

    def read(self, name: str, args: Given, reading: Reading, at: int) -> tuple[Action, ...]:
        """Give what a verb with its arguments means.

        Args:
            name: As written.
            args: As written; those that are None count as left out.
            reading: Is told of slips.
            at: Where the call stands in the reply.

        Raises:
            ActionError: There is no such verb, or the arguments are not its own.
        """
        verb = self.names.get(name)
        if verb is None:
            stripped = name.strip().casefold()
            near = [v for v in self.verbs if v.name.casefold() == stripped]
            if len(near) != 1:
                raise ActionSchemaError(
                    f"{self.family} has no action {name!r:.40}; it has "
                    f"{', '.join(dict.fromkeys(v.name for v in self.verbs if v.said))}"
                )
            verb = near[0]
            reading.repaired("form of a word", at)
        there: dict[str, Any] = {}
        for key, value in args.items():
            also = self._also.get(key, ())
            same = (also,) if isinstance(also, str) else also
            key = next((n for n in (key, *same) if n in verb.args), key)
            if key in there:
                raise ActionSchemaError(f"{verb.name} is given {key} twice", path=(verb.name, key))
            if value is not None:
                there[key] = value
        missing = [key for key, arg in verb.args.items() if arg.needed and key not in there]
        if missing:
            raise ActionSchemaError(f"{verb.name} needs {' and '.join(missing)}", path=(verb.name,))
        if extra := sorted(set(there) - set(verb.args)):
            unknown = " and no ".join(f"{key:.40}" for key in extra[:5])
            takes = ", ".join(verb.args) or "nothing"
            raise ActionSchemaError(
                f"{verb.name} takes no {unknown}; it takes {takes}",
                path=(verb.name,),
            )
        given = {
            key: verb.args[key].kind.read(value, reading, key, at) for key, value in there.items()
        }
        return verb.actions(given)

    def say(self, action: Action, frame: Frame, space: Space) -> tuple[Verb, dict[str, Any]]:
        """Give the verb for an action, and its arguments as they are written.

        Raises:
            ActionError: The family has no words for it.
        """
        for verb in self.verbs:
            given = verb.given(action)
            if given is None:
                continue
            try:
                return verb, {
                    name: arg.kind.write(given[name], frame, space)
                    for name, arg in verb.args.items()
                    if name in given
                }
            except ActionError:  # a value that has no word here
                continue
        raise ActionError(f"{self.family} has no words for {action}")

    @property
    def actions(self) -> frozenset[str]:
        """Names of the actions that it can say, though perhaps not with all of their fields."""
        return frozenset(tag for verb in self.verbs if verb.said for tag in verb.tags)

    def allowed(self, actions: Container[str] | None) -> list[Verb]:
        """Give the verbs that mean one of some actions, with no other choice; None: any."""
        said = [verb for verb in self.verbs if verb.said]
        if actions is None:
            return said
        return [_only(verb, actions) for verb in said if any(tag in actions for tag in verb.tags)]


def _only(verb: Verb, actions: Container[str]) -> Verb:
    """Leave out the words of a verb that mean other actions."""
    args = dict(verb.args)
    for name, arg in args.items():
        if isinstance(arg.kind, ChoiceKind):
            words = {
                word: meant
                for word, meant in arg.kind.words.items()
                if getattr(meant, "action", None) is None or meant.action in actions
            }
            args[name] = arg._replace(kind=ChoiceKind(words))
    return replace(verb, args=args)


def alike(one: Action, other: Action) -> bool:
    """Say whether two actions do the same, however they are written."""
    if isinstance(one, Done) and isinstance(other, Done):
        return one.status == other.status  # many families have no words for reasons
    if isinstance(one, Scroll) and isinstance(other, Scroll):  # by a direction, or by dx and dy
        same = (one.point, one.unit) == (other.point, other.unit)
        return same and dist(one.delta, other.delta) < 1e-9
    return one == other


def unsaid(verb: Verb) -> Verb:
    """Give a verb that is understood, and never written."""
    return replace(verb, said=False)


def with_point(actions: Iterable[Action], point: Point | None) -> tuple[Action, ...]:
    """Click first, where a family writes a place beside what it types."""
    click = () if point is None else (parse_action({"action": "click", "point": point}),)
    return (*click, *actions)
