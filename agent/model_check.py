"""Looks at a checkpoint as it will be used: is it whole, does it see, what a step costs."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from ..actions.dialects import Dialect, dialect_named, dialect_of
from ..actions.dialects.pocket import PocketDialect
from ..actions.errors import ActionError
from ..actions.geometry import Frame, Point, Space
from ..actions.schema import ACTIONS, BROWSER, PHONE
from ..envs.errors import EnvError
from ..model.base import Model, Session
from ..model.chat import Image, Message, Pixels, pixel_hash
from ..model.size import Size
from .doctor import Finding
from .opening import ModelOptions, load_checkpoint

if TYPE_CHECKING:
    from ..model.qwen_vl import QwenVL

T = TypeVar("T")

GIB = 1 << 30
ASSUMED = Size(1920, 1080)
WRITTEN = 40
"""Tokens of a reply that clicks, as Qwen2.5-VL writes one."""
_COLOURS = {"red": (230, 20, 20), "green": (20, 170, 40), "blue": (20, 60, 230)}
_PLACES = ((0.2, 0.25), (0.75, 0.7))
"""Of the target, in shares of width and height."""
_SIDE = 0.12
"""Of the target, as a share of the screen's lesser side."""


async def this_screen() -> Size | None:
    """Give the size of the user's display; None where there is none."""
    try:
        from ..envs.desktop import DesktopEnv

        env = DesktopEnv(None)
        try:
            return (await env.reset()).frame.physical
        finally:
            await env.close()
    except (EnvError, ImportError):
        return None


async def check_checkpoint(
    name: str, options: ModelOptions, screen: Size, *, quiet: bool = False
) -> AsyncGenerator[Finding]:
    """Load a checkpoint and look at it; each finding comes as soon as it is known.

    Args:
        name: A folder, or a name on the hub.
        options: How it is loaded.
        screen: Size of the screen that it is to work.
        quiet: Show no bar while loading.

    Raises:
        BadUsage, ModelError: It cannot be loaded at all.
    """
    began = time.monotonic()
    async with load_checkpoint(name, options, quiet=quiet) as model:
        yield _what_it_is(model)
        yield _memory(model, time.monotonic() - began, screen)
        from ..model import selfcheck

        yield await _in_thread(model, lambda: _words(model, selfcheck.words_survive(model)))
        yield _template(model)
        yield await _in_thread(model, lambda: _pixels(model, screen))
        finite, apart = await _in_thread(model, lambda: selfcheck.sight(model))
        yield _scores(finite)
        yield _sight(apart)
        if not finite:
            return
        surprise = await _in_thread(model, lambda: selfcheck.surprise(model))
        actions = set(ACTIONS) - BROWSER - PHONE  # as on a desktop
        spoken = dialect_of(model, actions)
        trained = surprise < selfcheck.TRAINED_BELOW
        yield _trained(surprise, trained, spoken)
        if trained:
            dialect = dialect_named(spoken, actions)
            session = model.session(repetition_penalty=1.0)
            try:
                yield await ask_colours(model, session)
                yield await ask_places(model, session, dialect, screen)
            finally:
                await session.close()
        yield await _in_thread(model, lambda: _speed(model, screen))


async def _in_thread(model: "QwenVL", work: Callable[[], T]) -> T:
    return await asyncio.wrap_future(model.submit(work))


def _what_it_is(model: "QwenVL") -> Finding:
    from ..model.cost import parameters

    config = model.config
    packed = config.quantization
    saved = f"{packed.method.upper()} {packed.bits} bits" if packed else (config.dtype or "float32")
    return Finding(
        "checkpoint",
        "pass",
        f"{model.name}: {model.family}, {parameters(config) / 1e9:.2f} billion parameters, saved "
        f"as {saved}, fingerprint {model.fingerprint}",
    )


def _memory(model: "QwenVL", load_s: float, screen: Size) -> Finding:
    from ..model.cost import kv_bytes
    from ..model.memory import available_bytes, held_bytes

    held, free = held_bytes(model.network), available_bytes(model.device)
    kind = str(model.dtype).removeprefix("torch.")
    tokens = model.processor.tokens(model.plan(screen))
    steps = 10
    cache = kv_bytes(model.config.text, model.dtype.itemsize) * (tokens + WRITTEN) * steps
    text = (
        f"loaded in {load_s:.1f} s on {model.device} in {kind}: {held / GIB:.2f} GiB of weights; "
        f"{steps} steps of this screen hold {cache / GIB:.2f} GiB more; "
        f"{free / GIB:.1f} GiB are free"
    )
    if cache > free:
        return Finding("memory", "fail", text, "use --image-tokens 1280, or a smaller checkpoint")
    return Finding("memory", "pass", text)


def _words(model: "QwenVL", broken: str | None) -> Finding:
    if broken is not None:
        return Finding("tokenizer", "fail", broken, "its files are not those of this checkpoint")
    return Finding(
        "tokenizer",
        "pass",
        f"{model.tokenizer.size} tokens; special ids agree with config.json; text comes back whole",
    )


def _template(model: "QwenVL") -> Finding:
    from ..model.selfcheck import read_template, template_difference

    template = read_template(model.folder)
    if template is None:
        return Finding("template", "warn", "the checkpoint brings none: the published one is used")
    if (difference := template_difference(model, template)) is not None:
        return Finding(
            "template",
            "fail",
            difference,
            "it was trained with another prompt than eyehand writes: report this checkpoint",
        )
    return Finding("template", "pass", "the checkpoint's and eyehand's write the same prompt")


def _pixels(model: "QwenVL", screen: Size) -> Finding:
    from ..model.selfcheck import as_published, picture_error

    error = picture_error(model, screen)
    text = f"a picture comes back from its patches, {error:.2f} grey levels off on average"
    if error > 1:
        return Finding("pixels", "fail", text, "patch order or normalisation are wrong: report it")
    if not as_published(model):
        return Finding(
            "pixels",
            "warn",
            f"{text}; image_mean {model.processor.mean} and image_std {model.processor.std} are "
            "not those of the published checkpoints",
        )
    return Finding("pixels", "pass", text)


def _scores(finite: bool) -> Finding:
    if finite:
        return Finding("scores", "pass", "finite")
    return Finding(
        "scores",
        "fail",
        "NaN or infinite",
        "the weights are damaged, or the dtype is too narrow: try --dtype float32",
    )


def _sight(apart: float) -> Finding:
    if apart > 1e-3:
        return Finding("sight", "pass", f"two pictures give other scores ({apart:.2g} apart)")
    return Finding(
        "sight",
        "fail",
        f"two pictures give the same scores ({apart:.2g} apart): no picture reaches the network",
        "the vision tower's weights are damaged or were never trained",
    )


def _trained(surprise: float, trained: bool, dialect: str) -> Finding:
    text = f"plain English surprises it by {surprise:.1f} nats a token"
    if trained:
        return Finding("trained", "pass", text)
    text += ", as noise does: it is asked nothing"
    if dialect == PocketDialect.name:
        return Finding(
            "trained", "pass", f"{text}. It knows practice phones alone: see `eyehand demo`"
        )
    return Finding(
        "trained",
        "warn",
        text,
        "these weights are random or damaged, or never saw English: nothing sensible will come of "
        "what is said in it",
    )


async def ask_colours(model: Model, session: Session) -> Finding:
    """Ask which colour fills a picture, for a few colours."""
    wrong = []
    for name, colour in _COLOURS.items():
        pixels = np.full((224, 224, 3), colour, np.uint8)
        question = "Which colour fills this picture? Answer with one word."
        reply = await session.reply([Message.of("user", _image(model, pixels), question)])
        if name not in reply.text.lower():
            wrong.append(f"{reply.text[:30]!r} for {name}")
    if wrong:
        return Finding(
            "colours",
            "fail",
            f"it says {', '.join(wrong)}",
            "it does not see what it is shown: the vision tower or the preprocessor are off",
        )
    return Finding("colours", "pass", f"it names {', '.join(_COLOURS)}")


async def ask_places(model: Model, session: Session, dialect: Dialect, screen: Size) -> Finding:
    """Ask for clicks on a square at known places of a screen of this size."""
    said, space = [], ""
    side = round(_SIDE * min(screen))
    for share in _PLACES:
        centre = Point(round(share[0] * screen.width), round(share[1] * screen.height))
        pixels = np.full((screen.height, screen.width, 3), 235, np.uint8)
        left, top = int(centre.x) - side // 2, int(centre.y) - side // 2
        pixels[top : top + side, left : left + side] = _COLOURS["blue"]
        image = _image(model, pixels)
        frame = Frame("check", screen, screen).planned(image.resized)
        messages = dialect.messages("Click the middle of the blue square.", [], image)
        reply = await session.reply(messages, stops=dialect.stops)
        try:
            points = [p for a in dialect.parse(reply.text, frame).actions for _, p in a.points()]
        except ActionError as error:
            return Finding(
                "places",
                "fail",
                f"asked to click, it says {reply.text[:80]!r}: {error}",
                f"the checkpoint may speak another dialect than {dialect.name}: see --dialect",
            )
        if not points:
            return Finding("places", "fail", f"asked to click, it says {reply.text[:80]!r}")
        off = max(abs(points[0].x - centre.x), abs(points[0].y - centre.y))
        said.append(f"({centre}) -> ({points[0]})")
        if off > side / 2:
            other = _other_space(points[0], centre, frame, dialect.space, side)
            space = other or space or "somewhere else"
    text = f"at {screen}: {', '.join(said)}"
    if not space:
        return Finding("places", "pass", f"it clicks what it is asked to; {text}")
    return Finding(
        "places",
        "fail",
        f"it clicks {space}; {text}",
        f"its coordinates are not what {dialect.name} takes them for: see --dialect",
    )


def _other_space(point: Point, centre: Point, frame: Frame, space: Space, side: int) -> str:
    """Say in which other space the numbers that it wrote would have been right."""
    written = frame.to_model(point, space)
    for words, full in (
        ("as if it counted to 1000", Size(1000, 1000)),
        ("in pixels of the resized picture", frame.image or frame.physical),
        ("as if it saw the screen's own size", frame.physical),
    ):
        x = written.x / full.width * frame.physical.width
        y = written.y / full.height * frame.physical.height
        if max(abs(x - centre.x), abs(y - centre.y)) <= side / 2:
            return words
    return ""


def _image(model: Model, pixels: Pixels) -> Image:
    size = Size(pixels.shape[1], pixels.shape[0])
    return Image(pixels, model.plan(size), pixel_hash(pixels))


def _speed(model: "QwenVL", screen: Size) -> Finding:
    """Measure a small picture and a few tokens, and reckon from their operations."""
    from ..model.measure import expected_step, measure

    rates = measure(model)
    native = expected_step(model, rates, screen, written=WRITTEN)
    text = (
        f"{screen} becomes {native.resized}, {native.tokens} tokens; a step takes about "
        f"{native.seconds:.3g} s: seeing {native.vision_s:.3g}, reading {native.prefill_s:.3g}, "
        f"writing {WRITTEN} tokens {native.decode_s:.3g}"
    )
    advice = ""
    if native.seconds > 10 and native.tokens > 1280:
        fewer = expected_step(model, rates, screen, written=WRITTEN, image_tokens=1280)
        advice = f"--image-tokens 1280 takes about {fewer.seconds:.3g} s"
    return Finding("speed", "pass" if native.seconds <= 10 else "warn", text, advice)
