"""The least a phone can be: a coloured picture, one text field and a log of what was touched."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eyehand.model.size import Size


@dataclass
class StandInField:
    text: str = ""
    cursor: int = 0
    selection: tuple[int, int] | None = None
    secret: bool = False


@dataclass
class StandInApp:
    label: str
    activity: str


@dataclass(frozen=True)
class StandInNode:
    role: str = "box"
    text: str = ""
    label: str = ""
    id: str = ""
    box: tuple[int, int, int, int] = (0, 0, 540, 1200)
    clickable: bool = False
    checkable: bool = False
    checked: bool = False
    enabled: bool = True
    focused: bool = False
    focusable: bool = False
    scrollable: bool = False
    long_clickable: bool = False
    password: bool = False
    selected: bool = False
    package: str = "org.eyehand.launcher"
    children: tuple["StandInNode", ...] = ()


@dataclass
class StandIn:
    natural: Size = Size(540, 1200)  # noqa: RUF009 - a tuple
    density: int = 280
    rotation: int = 0
    now: float = 0.0
    clock: datetime = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
    secure: bool = False
    awake: bool = True
    locked: bool = False
    clipboard: str = ""
    keyboard_shown: bool = False
    current: tuple[str, str] = ("org.eyehand.launcher", ".HomeActivity")
    ime: str = "org.eyehand.keyboard/.KeyboardService"
    events: list[tuple[Any, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.field: StandInField | None = StandInField()
        self.imes = {self.ime: True}
        self.packages = {
            "org.eyehand.launcher": StandInApp("Home", ".HomeActivity"),
            "org.eyehand.notes": StandInApp("Notes", ".ListActivity"),
        }
        self.settings: dict[str, dict[str, str]] = {"system": {}, "secure": {}, "global": {}}
        self._override: Size | None = None
        self._tasks = [self.current]
        self.colour: tuple[int, int, int] = (30, 120, 200)

    @property
    def size(self) -> Size:
        size = self._override or self.natural
        return Size(size.height, size.width) if self.rotation % 2 else size

    def rotate(self, rotation: int) -> None:
        self.rotation = rotation

    def resize(self, size: Size | None) -> None:
        self._override = size

    def set_density(self, density: int | None) -> None:
        self.density = density or 280

    def advance(self, seconds: float) -> None:
        assert seconds >= 0
        self.now += seconds

    def pixels(self) -> NDArray[np.uint8]:
        picture = np.empty((self.size.height, self.size.width, 3), np.uint8)
        picture[:] = self.colour
        if self.secure or not self.awake:
            picture[:] = 0
        return picture

    def touch(self, kind: str, x: float, y: float) -> None:
        self.events.append((kind, x, y))

    def key(self, code: int, *, meta: frozenset[int] = frozenset(), long: bool = False) -> None:
        self.events.append(("key", code, meta, long))

    def type_ascii(self, text: str) -> None:
        if not all(" " <= char <= "~" or char == "\n" for char in text):
            raise ValueError(text)
        if self.field is not None:
            self.field.text += text

    def commit(self, text: str) -> bool:
        if self.field is not None:
            self.field.text += text
        return self.field is not None

    def clear_field(self) -> bool:
        if self.field is not None:
            self.field.text = ""
        return self.field is not None

    def launch(self, package: str) -> None:
        self.current = (package, self.packages[package].activity)
        self._tasks = [self.current, *(task for task in self._tasks if task != self.current)]

    def stop_app(self, package: str) -> None:
        self._tasks = [task for task in self._tasks if task[0] != package]
        if self.current[0] == package:
            self.launch("org.eyehand.launcher")

    def tasks_open(self) -> list[tuple[str, str]]:
        return list(self._tasks)

    def tree(self) -> StandInNode:
        text = self.field.text if self.field else ""
        return StandInNode(
            children=(
                StandInNode("text", 'Name & "title"', box=(10, 10, 200, 60)),
                StandInNode("field", text, id="name", box=(10, 80, 500, 140), focused=True),
                StandInNode("field", "secret", box=(10, 150, 500, 200), password=True),
            )
        )

    def screen_off(self) -> None:
        self.awake = False

    def wake(self) -> None:
        self.awake = True

    def unlock(self) -> None:
        self.locked = False
