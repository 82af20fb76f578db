"""What a checkpoint is, read from its ``config.json``.

Published files come in two forms: flat, with the text model's fields at the top (Qwen2-VL and
Qwen2.5-VL as released), and nested, with a ``text_config`` (saved by transformers from 4.52 on).
A field that is missing has the default of the reference's config class, because the reference's
``save_pretrained`` leaves out what equals it. What is not known is refused by name: a network
built from a misread config answers, and answers wrongly.

Sources: transformers 5.23.0, ``configuration_qwen2_vl.py`` and ``configuration_qwen2_5_vl.py``.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from .errors import BadCheckpoint

Family = Literal["qwen2_vl", "qwen2_5_vl"]


@dataclass(frozen=True, slots=True)
class Yarn:
    """Rotary frequencies stretched for long contexts (Peng et al. 2023, arXiv 2309.00071).

    The model's authors advise against it for grounding: it moves where things are.
    """

    factor: float
    original_positions: int
    beta_fast: float = 32.0
    beta_slow: float = 1.0
    attention_factor: float | None = None
    """What cos and sin are multiplied by; None: 0.1 ln(factor) + 1."""

    @property
    def scale(self) -> float:
        """What cos and sin are multiplied by."""
        if self.attention_factor is not None:
            return self.attention_factor
        return 0.1 * math.log(self.factor) + 1.0 if self.factor > 1 else 1.0


@dataclass(frozen=True, slots=True)
class VisionConfig:
    """The vision tower.

    Attributes:
        depth: Number of blocks.
        width: Width of a block.
        heads: Attention heads; ``width / heads`` is the width of each.
        intermediate: Width inside the MLP.
        out_width: Width of the language model, which the merger writes.
        mlp: ``quick_gelu`` (two layers) or ``swiglu`` (three).
        norm: ``layer`` (weight and bias) or ``rms``.
        patch: Side of a patch, in pixels.
        temporal_patch: Frames in a patch.
        merge: Patches to a side of what the merger joins to one token.
        channels: Colours.
        window: Side of an attention window in pixels; None: every block attends to its whole
            frame.
        full_blocks: Blocks that attend to the whole frame although there are windows.
        tokens_per_second: Temporal positions in a second of video; None: one a grid step.
    """

    depth: int
    width: int
    heads: int
    intermediate: int
    out_width: int
    mlp: Literal["quick_gelu", "swiglu"]
    norm: Literal["layer", "rms"]
    patch: int = 14
    temporal_patch: int = 2
    merge: int = 2
    channels: int = 3
    window: int | None = None
    full_blocks: tuple[int, ...] = ()
    tokens_per_second: float | None = None

    @property
    def factor(self) -> int:
        """What both sides of a resized image are a multiple of, in pixels."""
        return self.patch * self.merge


@dataclass(frozen=True, slots=True)
class TextConfig:
    """The language model.

    Attributes:
        layers: Number of layers.
        width: Width of the residual stream.
        heads: Query heads.
        kv_heads: Key and value heads; each serves ``heads / kv_heads`` query heads.
        head_width: Width of a head.
        intermediate: Width inside the MLP.
        vocabulary: Rows of the embedding; the tokenizer may know fewer.
        tied: The head is the embedding; there is no tensor of its own.
        positions: Largest position the checkpoint was made for (``max_position_embeddings``).
        theta: Base of the rotary frequencies.
        sections: How many frequencies follow time, height and width (``mrope_section``).
        yarn: Stretched frequencies; None for the plain ones.
        eps: Of the RMS norms.
    """

    layers: int
    width: int
    heads: int
    kv_heads: int
    head_width: int
    intermediate: int
    vocabulary: int
    tied: bool
    positions: int
    theta: float
    sections: tuple[int, int, int]
    yarn: Yarn | None
    eps: float


@dataclass(frozen=True, slots=True)
class Quantization:
    """How a checkpoint's linear layers are packed.

    Attributes:
        method: ``gptq`` or ``awq``.
        bits: 4 or 8.
        group: Inputs that share a scale; -1: all.
        zero_offset: What is added to a stored zero point: 1 in the first GPTQ format.
        skipped: Parts of names that stay dense (``modules_to_not_convert``).
    """

    method: Literal["gptq", "awq"]
    bits: int
    group: int
    zero_offset: int = 0
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Config:
    """A whole checkpoint."""

    family: Family
    vision: VisionConfig
    text: TextConfig
    image_token: int = 151655
    video_token: int = 151656
    vision_start: int = 151652
    vision_end: int = 151653
    dtype: str | None = None
    """As the weights were saved, such as ``bfloat16``; None where the file does not say."""
    quantization: Quantization | None = None


_ARCHITECTURES: dict[str, Family] = {
    "Qwen2VLForConditionalGeneration": "qwen2_vl",
    "Qwen2_5_VLForConditionalGeneration": "qwen2_5_vl",
}
_MODEL_TYPES: dict[str, Family] = {"qwen2_vl": "qwen2_vl", "qwen2_5_vl": "qwen2_5_vl"}


def read_json(path: Path) -> dict[str, Any] | None:
    """Read one of a checkpoint's JSON files; None where it is not there.

    Raises:
        BadCheckpoint: It cannot be read, or is no JSON object.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BadCheckpoint(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise BadCheckpoint(f"{path} is not valid JSON: {error}") from error
    if not isinstance(data, dict):
        raise BadCheckpoint(f"{path} must hold an object, not {type(data).__name__}")
    return data


def read_config(folder: Path) -> Config:
    """Read ``config.json`` of a checkpoint.

    Raises:
        BadCheckpoint: It is missing, is no JSON, or says something that is not known here; the
            message names the field, its value, and what is allowed.
    """
    path = folder / "config.json"
    data = read_json(path)
    if data is None:
        raise BadCheckpoint(f"{path}: there is no such file, and a checkpoint has one")
    try:
        return parse_config(data)
    except BadCheckpoint as error:
        raise BadCheckpoint(f"{path}: {error}") from error


def parse_config(data: Mapping[str, Any]) -> Config:
    """Read a config that was loaded already.

    Raises:
        BadCheckpoint: As `read_config`.
    """
    family = _family(data)
    nested = data.get("text_config")
    top = _Fields(data, "")
    text_fields = _Fields(_object(nested, "text_config"), "text_config.") if nested else top
    text = _text(text_fields, top)
    eyes = _object(data.get("vision_config") or {}, "vision_config")
    vision = _vision(family, _Fields(eyes, "vision_config."), text.width)
    config = Config(
        family=family,
        vision=vision,
        text=text,
        image_token=top.whole("image_token_id", 151655),
        video_token=top.whole("video_token_id", 151656),
        vision_start=top.whole("vision_start_token_id", 151652),
        vision_end=top.whole("vision_end_token_id", 151653),
        dtype=data.get("torch_dtype") or data.get("dtype"),
        quantization=_quantization(data.get("quantization_config")),
    )
    _check(config)
    return config


class _Fields:
    """Fields of an object, checked as they are read."""

    def __init__(self, data: Mapping[str, Any], prefix: str) -> None:
        self.data = data
        self.prefix = prefix

    def whole(self, name: str, default: int) -> int:
        value = self.data.get(name, default)
        if isinstance(value, list | tuple) and len(set(value)) == 1:  # patch_size may be a pair
            value = value[0]
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise BadCheckpoint(f"{self.prefix}{name} is {value!r}: it must be a whole number >= 1")
        return value

    def number(self, name: str, default: float) -> float:
        value = self.data.get(name, default)
        if not isinstance(value, int | float) or isinstance(value, bool) or not value > 0:
            raise BadCheckpoint(f"{self.prefix}{name} is {value!r}: it must be a number above 0")
        return float(value)

    def only(self, name: str, *allowed: Any) -> None:
        """Refuse a field that is given and has another value."""
        if name in self.data and self.data[name] not in allowed:
            listed = " or ".join(repr(value) for value in allowed)
            raise BadCheckpoint(
                f"{self.prefix}{name} is {self.data[name]!r}: eyehand knows {listed}"
            )


def _object(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise BadCheckpoint(f"{name} must be an object, not {value!r:.60}")
    return value


def _family(data: Mapping[str, Any]) -> Family:
    architectures = data.get("architectures") or []
    known: list[Family] = [_ARCHITECTURES[name] for name in architectures if name in _ARCHITECTURES]
    if architectures and not known:
        raise BadCheckpoint(
            f"the architecture is {', '.join(map(str, architectures))}: eyehand runs "
            f"{' and '.join(_ARCHITECTURES)}"
        )
    kind = data.get("model_type")
    named = _MODEL_TYPES.get(str(kind))
    if kind is not None and named is None:
        raise BadCheckpoint(f"model_type is {kind!r}: eyehand runs {' and '.join(_MODEL_TYPES)}")
    if known and named is not None and named != known[0]:
        raise BadCheckpoint(f"model_type is {kind!r}, but the architecture is {architectures[0]}")
    found = known[0] if known else named
    if found is None:
        raise BadCheckpoint("it has neither architectures nor model_type: which model is it?")
    return found


def _text(fields: _Fields, top: _Fields) -> TextConfig:
    fields.only("hidden_act", "silu")
    fields.only("use_sliding_window", False, None)
    fields.only("layer_types", None, *_all_full(fields.data.get("layer_types")))
    width = fields.whole("hidden_size", 8192)
    heads = fields.whole("num_attention_heads", 64)
    kv_heads = (
        heads
        if "num_key_value_heads" in fields.data and (fields.data["num_key_value_heads"] is None)
        else fields.whole("num_key_value_heads", 8)
    )
    positions = fields.whole("max_position_embeddings", 32768)
    if "head_dim" in fields.data and fields.data["head_dim"] is not None:
        head_width = fields.whole("head_dim", 128)
    else:
        head_width = width // heads
    theta, sections, yarn = _rope(fields, positions, head_width)
    return TextConfig(
        layers=fields.whole("num_hidden_layers", 80),
        width=width,
        heads=heads,
        kv_heads=kv_heads,
        head_width=head_width,
        intermediate=fields.whole("intermediate_size", 29568),
        vocabulary=fields.whole("vocab_size", 152064),
        # Older files say it inside text_config.
        tied=bool(top.data.get("tie_word_embeddings") or fields.data.get("tie_word_embeddings")),
        positions=positions,
        theta=theta,
        sections=sections,
        yarn=yarn,
        eps=fields.number("rms_norm_eps", 1e-5),
    )


def _all_full(kinds: Any) -> list[Any]:
    """Give the value itself where it says that every layer attends to everything."""
    full = isinstance(kinds, list) and all(kind == "full_attention" for kind in kinds)
    return [kinds] if full else []


def _rope(
    fields: _Fields, positions: int, head_width: int
) -> tuple[float, tuple[int, int, int], Yarn | None]:
    name = "rope_parameters" if fields.data.get("rope_parameters") else "rope_scaling"
    given = _object(fields.data.get(name) or {}, fields.prefix + name)
    rope = _Fields(given, f"{fields.prefix}{name}.")
    theta = rope.number("rope_theta", fields.number("rope_theta", 1e6))
    sections = given.get("mrope_section", [16, 24, 24])
    if (
        not isinstance(sections, list | tuple)
        or len(sections) != 3
        or not all(isinstance(n, int) and n >= 0 for n in sections)
        or 2 * sum(sections) != head_width
    ):
        raise BadCheckpoint(
            f"{rope.prefix}mrope_section is {sections!r}: it must be three whole numbers whose "
            f"sum is half the head width, {head_width // 2}"
        )
    kind = given.get("rope_type", given.get("type", "default"))
    if kind not in ("default", "mrope", "yarn"):
        raise BadCheckpoint(
            f"{rope.prefix}rope_type is {kind!r}: eyehand knows 'default', 'mrope' and 'yarn'"
        )
    rope.only("mrope_interleaved", False)
    yarn = None
    if kind == "yarn":
        for key in ("mscale", "mscale_all_dim", "truncate"):
            rope.only(key, None, True if key == "truncate" else None)
        if "factor" not in given:
            raise BadCheckpoint(f"{rope.prefix}factor is missing: yarn needs it")
        factor = given.get("attention_factor")
        yarn = Yarn(
            factor=rope.number("factor", 1.0),
            original_positions=rope.whole("original_max_position_embeddings", positions),
            beta_fast=rope.number("beta_fast", 32.0) if given.get("beta_fast") else 32.0,
            beta_slow=rope.number("beta_slow", 1.0) if given.get("beta_slow") else 1.0,
            attention_factor=None if factor is None else rope.number("attention_factor", 1.0),
        )
    return theta, (sections[0], sections[1], sections[2]), yarn


def _vision(family: Family, fields: _Fields, text_width: int) -> VisionConfig:
    common: dict[str, Any] = {
        "depth": fields.whole("depth", 32),
        "heads": fields.whole("num_heads", 16),
        "patch": fields.whole("patch_size", 14),
        "temporal_patch": fields.whole("temporal_patch_size", 2),
        "merge": fields.whole("spatial_merge_size", 2),
        "channels": fields.whole("in_channels", fields.whole("in_chans", 3)),
    }
    if family == "qwen2_vl":
        fields.only("hidden_act", "quick_gelu")
        width = fields.whole("embed_dim", 1280)
        ratio = fields.number("mlp_ratio", 4)
        return VisionConfig(
            width=width,
            intermediate=int(width * ratio),
            out_width=fields.whole("hidden_size", text_width),  # here it is the text model's width
            mlp="quick_gelu",
            norm="layer",
            **common,
        )
    fields.only("hidden_act", "silu")
    full = fields.data.get("fullatt_block_indexes", (7, 15, 23, 31))
    if not isinstance(full, list | tuple) or not all(isinstance(n, int) for n in full):
        raise BadCheckpoint(f"{fields.prefix}fullatt_block_indexes is {full!r}: it must be a list")
    return VisionConfig(
        width=fields.whole("hidden_size", 1280),
        intermediate=fields.whole("intermediate_size", 3420),
        out_width=fields.whole("out_hidden_size", text_width),
        mlp="swiglu",
        norm="rms",
        window=fields.whole("window_size", 112),
        full_blocks=tuple(full),
        # The reference's class says 4, every published file 2; a file that was saved by the
        # reference and says nothing cannot be one of those.
        tokens_per_second=fields.number("tokens_per_second", 2),
        **common,
    )


def _quantization(data: Any) -> Quantization | None:
    if data is None:
        return None
    fields = _Fields(_object(data, "quantization_config"), "quantization_config.")
    fields.only("quant_method", "gptq", "awq")
    method = fields.data.get("quant_method")
    if method is None:
        raise BadCheckpoint("quantization_config.quant_method is missing: 'gptq' or 'awq'")
    skipped = tuple(fields.data.get("modules_to_not_convert") or ())
    group = fields.data.get("group_size", 128)
    if group != -1:
        group = fields.whole("group_size", 128)
    if method == "awq":
        fields.only("bits", 4)
        fields.only("version", "gemm", "GEMM")
        fields.only("zero_point", True)
        return Quantization("awq", 4, group, 0, skipped)
    fields.only("bits", 4, 8)
    fields.only("checkpoint_format", "gptq", "gptq_v2", "", None)
    second = fields.data.get("checkpoint_format") == "gptq_v2"
    return Quantization("gptq", fields.whole("bits", 4), group, 0 if second else 1, skipped)


def _check(config: Config) -> None:
    vision, text = config.vision, config.text
    problems = []
    if text.heads % text.kv_heads:
        problems.append(
            f"num_attention_heads {text.heads} is no multiple of num_key_value_heads "
            f"{text.kv_heads}"
        )
    if text.head_width * text.heads != text.width:
        problems.append(f"hidden_size {text.width} is not {text.heads} heads of {text.head_width}")
    if vision.width % (4 * vision.heads):
        problems.append(
            f"the vision width {vision.width} is no multiple of 4 x {vision.heads} heads"
        )
    if vision.out_width != text.width:
        problems.append(
            f"the vision tower writes {vision.out_width} values a token, the language model reads "
            f"{text.width}"
        )
    if vision.window is not None and vision.window % vision.factor:
        problems.append(f"window_size {vision.window} is no multiple of {vision.factor}")
    if any(not 0 <= block < vision.depth for block in vision.full_blocks):
        problems.append(
            f"fullatt_block_indexes {list(vision.full_blocks)} name blocks outside 0 to "
            f"{vision.depth - 1}"
        )
    for name in ("image_token", "video_token", "vision_start", "vision_end"):
        if getattr(config, name) >= text.vocabulary:
            problems.append(
                f"{name} {getattr(config, name)} is not below vocab_size {text.vocabulary}"
            )
    if problems:
        raise BadCheckpoint("; ".join(problems))
