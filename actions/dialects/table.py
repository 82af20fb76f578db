"""The dialects by name, and which one a checkpoint was trained in."""

import inspect
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from ..geometry import Space
from .agentcpm import AgentCpmDialect
from .aguvis import AguvisDialect
from .anthropic_computer import AnthropicComputerDialect
from .autoglm import AutoGlmDialect
from .base import Dialect, Tools
from .computer_use import ComputerUseDialect, Qwen3ComputerDialect
from .fara import FaraDialect
from .grounding import GroundingDialect
from .grounding_json import (
    Holo15GroundDialect,
    InfiGuiG1Dialect,
    MaiUiGroundDialect,
    Qwen3VLGroundingDialect,
    Qwen25VLGroundingDialect,
    UiInsDialect,
)
from .grounding_text import (
    GelatoDialect,
    Gta1Dialect,
    OsAtlasBaseDialect,
    Qwen2VLGroundingDialect,
    SeeClickDialect,
    ShowUiGroundDialect,
    UGroundDialect,
    UiTarsGroundDialect,
    UiVenus15GroundDialect,
    UiVenusGroundDialect,
)
from .gui_owl import GuiOwl15Dialect, GuiOwlDialect
from .holo import Holo2Dialect, HoloDialect
from .mai_ui import MaiUiDialect
from .mobile_use import MobileUseDialect, Qwen3MobileDialect
from .native import NativeDialect
from .openai_computer import OpenAiComputerDialect
from .opencua import OpenCuaDialect
from .os_atlas import OsAtlasDialect
from .pocket import PocketDialect
from .qwen2_vl import Qwen2VLDialect
from .qwen3_5 import Qwen35ComputerDialect, Qwen35MobileDialect
from .qwen_agent import QwenAgentDialect
from .showui import ShowUiDialect
from .ui_tars import UiTars15Dialect, UiTarsDialect
from .ui_tars_2 import UiTars2Dialect
from .ui_venus import UiVenus15Dialect, UiVenusDialect


class Named(Protocol):
    """What of a model says how it is spoken to; see `Model`."""

    @property
    def name(self) -> str:
        """Such as ``ByteDance-Seed/UI-TARS-1.5-7B``."""
        ...

    @property
    def family(self) -> str:
        """Such as ``qwen2_5_vl``; ``script`` where nothing was trained."""
        ...


@dataclass(frozen=True, slots=True)
class Entry:
    """A dialect in the table.

    Attributes:
        kind: Its class.
        models: Which checkpoints speak it, in words.
        pattern: Regular expression of their names; empty: none is told by its name.
        prompt: Whether the words that it is prompted in are those that were published; the
            docstring of its file says which are not.
    """

    kind: type[Any]
    models: str
    pattern: str = ""
    prompt: Literal["published", "partly ours", "ours"] = "published"

    def make(self, tools: Tools, *, phone: bool, browser: bool = False) -> Dialect:
        """Make it, for an env that is a phone, a browser or a desktop."""
        kinds = {"phone": phone, "browser": browser}
        known = inspect.signature(self.kind).parameters
        told = {name: value for name, value in kinds.items() if name in known}
        dialect: Dialect = self.kind(tools, **told)
        return dialect


TABLE: Mapping[str, Entry] = {
    "qwen2-vl": Entry(Qwen2VLDialect, "Qwen2-VL", prompt="partly ours"),
    "qwen-agent": Entry(QwenAgentDialect, "Qwen2-VL as Qwen-Agent calls it", prompt="partly ours"),
    "computer_use": Entry(ComputerUseDialect, "Qwen2.5-VL on a desktop; Jedi"),
    "mobile_use": Entry(MobileUseDialect, "Qwen2.5-VL on a phone; InfiGUI-R1"),
    "qwen3-computer": Entry(Qwen3ComputerDialect, "Qwen3-VL on a desktop"),
    "qwen3-mobile": Entry(Qwen3MobileDialect, "Qwen3-VL on a phone"),
    "qwen3.5-computer": Entry(Qwen35ComputerDialect, "Qwen3.5 on a desktop", prompt="partly ours"),
    "qwen3.5-mobile": Entry(Qwen35MobileDialect, "Qwen3.5 on a phone", prompt="partly ours"),
    # UI-TARS-2B is of the first generation.
    "ui-tars-2": Entry(UiTars2Dialect, "UI-TARS-2", r"ui-?tars-?2(?!\w)"),
    "ui-tars-1.5": Entry(UiTars15Dialect, "UI-TARS-1.5", r"ui-?tars-?1\.5"),
    "ui-tars": Entry(UiTarsDialect, "UI-TARS 2B, 7B, 72B", r"ui-?tars"),
    "showui": Entry(ShowUiDialect, "ShowUI", "showui"),
    "os-atlas": Entry(OsAtlasDialect, "OS-Atlas-Pro", "os-?atlas-pro"),
    "aguvis": Entry(AguvisDialect, "Aguvis", "aguvis"),
    "opencua": Entry(OpenCuaDialect, "OpenCUA", "opencua"),
    "gui-owl-1.5": Entry(GuiOwl15Dialect, "GUI-Owl-1.5", r"gui-?owl-?1\.5"),
    "gui-owl": Entry(GuiOwlDialect, "GUI-Owl (Mobile-Agent-v3)", "gui-?owl"),
    "mai-ui": Entry(MaiUiDialect, "MAI-UI", "mai-?ui"),
    "ui-venus-1.5": Entry(UiVenus15Dialect, "UI-Venus-1.5", r"ui-?venus-?1\.5"),
    "ui-venus": Entry(UiVenusDialect, "UI-Venus-Navi", "ui-?venus-?(navi|[0-9])"),
    "autoglm": Entry(AutoGlmDialect, "AutoGLM-Phone", "autoglm"),
    "fara": Entry(FaraDialect, "Fara", r"\bfara(?!-?1\.5)"),
    "holo2": Entry(Holo2Dialect, "Holo2, Holo3", "holo[23]", prompt="partly ours"),
    "holo1.5": Entry(HoloDialect, "Holo1, Holo1.5", "holo1"),
    "agentcpm": Entry(AgentCpmDialect, "AgentCPM-GUI", "agentcpm"),
    "openai-computer": Entry(OpenAiComputerDialect, "OpenAI's computer use", prompt="ours"),
    "anthropic-computer": Entry(
        AnthropicComputerDialect, "Anthropic's computer use", prompt="ours"
    ),
    "pocket": Entry(PocketDialect, "eyehand's own pocket model", r"eyehand-pocket", prompt="ours"),
    "qwen2-vl-grounding": Entry(Qwen2VLGroundingDialect, "Qwen2-VL"),
    "qwen2.5-vl-grounding": Entry(Qwen25VLGroundingDialect, "Qwen2.5-VL"),
    "qwen3-vl-grounding": Entry(Qwen3VLGroundingDialect, "Qwen3-VL", prompt="partly ours"),
    "os-atlas-base": Entry(OsAtlasBaseDialect, "OS-Atlas-Base", "os-?atlas-base"),
    "uground": Entry(UGroundDialect, "UGround-V1", "uground"),
    "gta1": Entry(Gta1Dialect, "GTA1", "gta1"),
    "gelato": Entry(GelatoDialect, "Gelato", "gelato"),
    "ui-venus-ground": Entry(
        UiVenusGroundDialect, "UI-Venus-Ground, GUI-G2", "ui-?venus-?ground|gui-?g2"
    ),
    "ui-venus-1.5-ground": Entry(UiVenus15GroundDialect, "UI-Venus-1.5"),
    "mai-ui-ground": Entry(MaiUiGroundDialect, "MAI-UI"),
    "ui-ins": Entry(UiInsDialect, "UI-Ins", "ui-?ins-"),
    "infigui-g1": Entry(InfiGuiG1Dialect, "InfiGUI-G1", "infigui-?g1"),
    "showui-ground": Entry(ShowUiGroundDialect, "ShowUI"),
    "ui-tars-ground": Entry(UiTarsGroundDialect, "UI-TARS"),
    "holo1.5-ground": Entry(Holo15GroundDialect, "Holo1.5"),
    "seeclick": Entry(SeeClickDialect, "SeeClick", "seeclick"),
}
"""Every dialect but `NativeDialect`. Patterns are tried in this order."""

DIALECTS: tuple[str, ...] = (NativeDialect.name, *TABLE)
"""Their names in records and on the command line; ``NAME@SPACE`` is one in other units."""

GROUNDING = tuple(n for n, e in TABLE.items() if issubclass(e.kind, GroundingDialect))
"""Those that only say where something is."""

_BASES = {
    "qwen2_vl": ("qwen2-vl", "qwen2-vl"),
    "qwen2_5_vl": ("computer_use", "mobile_use"),
    "qwen3_vl": ("qwen3-computer", "qwen3-mobile"),
    "qwen3_5": ("qwen3.5-computer", "qwen3.5-mobile"),
}
"""What plain checkpoints speak on a desktop and on a phone, by their architecture."""


def dialect_named(name: str, actions: Collection[str], tools: Tools = ()) -> Dialect:
    """Make a dialect.

    Args:
        name: One of `DIALECTS`, or ``NAME@SPACE`` where a checkpoint writes its points in other
            units than the family's usual ones, such as ``ui-tars-1.5@rel1000``.
        actions: What can be done: with ``goto`` it is a browser, else with ``back`` a phone.
        tools: What can be called.

    Raises:
        ValueError: There is none of that name, or a tool has a name that the dialect needs.
    """
    plain, at, units = name.partition("@")
    if plain not in DIALECTS:
        raise ValueError(f"there is no dialect {plain!r}; there are {', '.join(sorted(DIALECTS))}")
    if at and units not in [*Space]:
        raise ValueError(f"there are no units {units!r}; there are {', '.join(Space)}")
    if plain == NativeDialect.name:
        dialect: Any = NativeDialect(actions, tools)
    else:
        dialect = TABLE[plain].make(tools, phone=_is_phone(actions), browser="goto" in actions)
    if at:
        dialect.name, dialect.space = name, Space(units)
    return dialect  # type: ignore[no-any-return]


def dialect_of(model: Named, actions: Collection[str]) -> str:
    """Name the dialect that a model was trained in: by its name, else by its architecture.

    Args:
        model: Which.
        actions: What can be done: with ``goto`` it is a browser, else with ``back`` a phone.
    """
    for name, entry in TABLE.items():
        if entry.pattern and re.search(entry.pattern, model.name, re.IGNORECASE):
            return name
    if model.family in _BASES:
        return _BASES[model.family][_is_phone(actions)]
    return NativeDialect.name


def _is_phone(actions: Collection[str]) -> bool:
    return "back" in actions and "goto" not in actions
