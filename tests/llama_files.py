"""llama.cpp as a second opinion: a checkpoint written for it, and its server.

Names and keys are those of llama.cpp's own converter for Qwen2-VL and Qwen2.5-VL. A tensor is read
when it is written, so a full-size checkpoint takes little memory.
"""

import base64
import importlib
import io
import json
import math
import re
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import gguf
import numpy as np
import torch
from gguf import GGMLQuantizationType as Kind
from PIL import Image as Pillow

from eyehand.model import Pixels, Size
from eyehand.model.config import Config, VisionConfig, read_config
from eyehand.model.files import Files
from eyehand.model.image import MEAN, STD
from eyehand.model.tokenizer import SPECIAL

Stored = Literal["F32", "F16", "BF16", "Q8_0"]

_TEXT = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
}
_VISION = {
    "attn.proj": "attn_out",
    "norm1": "ln1",
    "norm2": "ln2",
    "mlp.fc1": "ffn_up",
    "mlp.fc2": "ffn_down",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
# The template ends in a newline, which llama.cpp's reader of templates would drop.
_TEMPLATE = (
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + "
    "'<|im_end|>\n'}}{% endfor %}{{'<|im_start|>assistant\n'}}"
)


def write_gguf(folder: Path, out: Path, kind: Stored) -> tuple[Path, Path]:
    """Write a checkpoint for llama.cpp.

    Args:
        folder: The checkpoint, with ``vocab.json`` and ``merges.txt``.
        out: Folder to write into.
        kind: How matrices are stored; vectors stay in float32.

    Returns:
        The language model's file and the vision tower's.
    """
    out.mkdir(parents=True, exist_ok=True)
    config, files = read_config(folder), Files(folder)
    text, vision = out / f"text-{kind}.gguf", out / f"vision-{kind}.gguf"
    _write_text(text, config, files, folder, Kind[kind])
    _write_vision(vision, config, files, Kind[kind])
    return text, vision


Read = Callable[[], torch.Tensor]


def _write_text(path: Path, config: Config, files: Files, folder: Path, kind: Kind) -> None:
    text = config.text
    assert text.yarn is None, "stretched frequencies are not written"
    assert text.eps == 1e-6, "llama.cpp reads no eps of this architecture: it takes 1e-6"
    with _writer(path, "qwen2vl", kind) as (writer, add):
        writer.add_context_length(text.positions)
        writer.add_embedding_length(text.width)
        writer.add_block_count(text.layers)
        writer.add_feed_forward_length(text.intermediate)
        writer.add_head_count(text.heads)
        writer.add_head_count_kv(text.kv_heads)
        writer.add_rope_freq_base(text.theta)
        writer.add_layer_norm_rms_eps(text.eps)
        writer.add_rope_dimension_sections([*text.sections, 0])
        _add_vocabulary(writer, folder, text.vocabulary)
        for name in sorted(files.entries):
            if name.startswith("visual."):
                continue
            add(_text_name(name), name, files.entries[name].shape, _reader(files, name))


def _text_name(name: str) -> str:
    plain = {
        "model.embed_tokens.weight": "token_embd.weight",
        "model.norm.weight": "output_norm.weight",
        "lm_head.weight": "output.weight",
    }
    if name in plain:
        return plain[name]
    found = re.fullmatch(r"model\.layers\.(\d+)\.(.+)\.(weight|bias)", name)
    assert found, name
    return f"blk.{found[1]}.{_TEXT[found[2]]}.{found[3]}"


def _add_vocabulary(writer: gguf.GGUFWriter, folder: Path, rows: int) -> None:
    tokens = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))
    names = [f"[PAD{number}]" for number in range(rows)]
    kinds = [gguf.TokenType.UNUSED] * rows
    for name, number in tokens.items():
        names[number], kinds[number] = name, gguf.TokenType.NORMAL
    for name, number in SPECIAL.items():
        names[number], kinds[number] = name, gguf.TokenType.CONTROL
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(names)
    writer.add_token_types(kinds)
    merges = (folder / "merges.txt").read_text(encoding="utf-8").splitlines()
    writer.add_token_merges([line for line in merges if not line.startswith("#version")])
    writer.add_bos_token_id(SPECIAL["<|endoftext|>"])
    writer.add_eos_token_id(SPECIAL["<|im_end|>"])
    writer.add_pad_token_id(SPECIAL["<|endoftext|>"])
    writer.add_add_bos_token(False)
    writer.add_chat_template(_TEMPLATE)


def _write_vision(path: Path, config: Config, files: Files, kind: Kind) -> None:
    vision = config.vision
    with _writer(path, "clip", kind) as (writer, add):
        writer.add_type(gguf.GGUFType.MMPROJ)
        writer.add_clip_has_vision_encoder(True)
        writer.add_vision_projection_dim(vision.out_width)
        writer.add_vision_image_size(560)
        writer.add_vision_patch_size(vision.patch)
        writer.add_vision_embedding_length(vision.width)
        writer.add_vision_feed_forward_length(vision.intermediate)
        writer.add_vision_block_count(vision.depth)
        writer.add_vision_head_count(vision.heads)
        writer.add_vision_attention_layernorm_eps(1e-6)
        writer.add_vision_image_mean([*MEAN])
        writer.add_vision_image_std([*STD])
        if vision.window is None:
            writer.add_clip_projector_type("qwen2vl_merger")
        else:
            writer.add_clip_projector_type("qwen2.5vl_merger")
            writer.add_vision_use_silu(True)
            writer.add_vision_n_wa_pattern(_pattern(vision))
        for name in sorted(n for n in files.entries if n.startswith("visual.")):
            shape = files.entries[name].shape
            for target, size, read in _vision_parts(files, name, shape):
                add(target, name, size, read)


def _pattern(vision: VisionConfig) -> int:
    """Give n where every n-th block sees the whole picture, which is all that llama.cpp knows."""
    assert vision.window == 112, "llama.cpp knows no other window"
    first = vision.full_blocks[0] + 1
    assert vision.full_blocks == tuple(range(first - 1, vision.depth, first)), "no such pattern"
    return first


def _vision_parts(
    files: Files, name: str, shape: tuple[int, ...]
) -> Iterator[tuple[str, tuple[int, ...], Read]]:
    """Give the tensors that one of ours becomes: target, shape, how to read it."""
    read = _reader(files, name)
    if name == "visual.patch_embed.proj.weight":  # a convolution in time becomes two pictures'
        size = (*shape[:2], *shape[3:])
        yield "v.patch_embd.weight", size, lambda: read()[:, :, 0]
        yield "v.patch_embd.weight.1", size, lambda: read()[:, :, 1]
    elif found := re.fullmatch(r"visual\.blocks\.(\d+)\.attn\.qkv\.(weight|bias)", name):
        height = shape[0] // 3
        for place, part in enumerate("qkv"):
            rows = slice(place * height, (place + 1) * height)
            target = f"v.blk.{found[1]}.attn_{part}.{found[2]}"
            yield target, (height, *shape[1:]), lambda rows=rows: read()[rows]  # type: ignore[misc]
    elif found := re.fullmatch(r"visual\.blocks\.(\d+)\.(.+)\.(weight|bias)", name):
        yield f"v.blk.{found[1]}.{_VISION[found[2]]}.{found[3]}", shape, read
    elif found := re.fullmatch(r"visual\.merger\.ln_q\.(weight|bias)", name):
        yield f"v.post_ln.{found[1]}", shape, read
    else:
        found = re.fullmatch(r"visual\.merger\.mlp\.(\d)\.(weight|bias)", name)
        assert found, name
        yield f"mm.{found[1]}.{found[2]}", shape, read


def _reader(files: Files, name: str) -> Read:
    return lambda: files.read([name])[0]


@contextmanager
def _writer(path: Path, architecture: str, kind: Kind) -> Iterator[tuple[Any, Any]]:
    """Give a writer and a function that adds a tensor; they are written at the end."""
    writer: Any = gguf.GGUFWriter(path, architecture)
    pending: list[tuple[Read, Kind]] = []

    def add(target: str, source: str, shape: tuple[int, ...], read: Read) -> None:
        how = kind
        if len(shape) == 1:
            how = Kind.F32
        elif kind is Kind.Q8_0 and (shape[-1] % 32 or len(shape) > 2):
            how = Kind.F16
        size = list(shape)
        if how is Kind.Q8_0:
            size = [*gguf.quant_shape_to_byte_shape(shape, how)]
        width = {Kind.F32: 4, Kind.F16: 2, Kind.BF16: 2, Kind.Q8_0: 1}[how]
        dtype: Any = {Kind.F32: np.float32, Kind.Q8_0: np.uint8}.get(how, np.float16)
        stored = None if how is Kind.F32 else how
        length = int(np.prod(size)) * width
        writer.add_tensor_info(target, size, np.dtype(dtype), length, stored)
        pending.append((read, how))

    try:
        yield writer, add
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        for read, how in pending:
            values = read().float().contiguous().numpy()
            writer.write_tensor_data(gguf.quants.quantize(values, how))
    finally:
        writer.close()


class Llama:
    """llama.cpp's own server over a pair of files, on loopback.

    Args:
        text: The language model's file.
        vision: The vision tower's.
        context: Tokens that fit.
        exact: No flash attention, whose half precision moves scores by up to 0.04 over a screen's
            tokens, and a cache in float32. False: as llama.cpp is by itself.
        timeout_s: How long an answer may take.
    """

    def __init__(
        self,
        text: Path,
        vision: Path,
        *,
        context: int = 4096,
        exact: bool = False,
        timeout_s: float = 3600,
    ) -> None:
        xllamacpp: Any = importlib.import_module("xllamacpp")
        how = xllamacpp.CommonParams()
        how.model.path, how.mmproj.path = str(text), str(vision)
        how.n_ctx, how.n_parallel, how.warmup, how.verbosity = context, 1, False, -1
        how.hostnames, how.port, how.offline, how.ui = ["127.0.0.1"], 0, True, False
        if exact:
            how.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
            how.cache_type_k = how.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
        threads = torch.get_num_threads()
        how.cpuparams.n_threads = how.cpuparams_batch.n_threads = threads
        # A proxy in the surroundings would be asked for 127.0.0.1 too.
        self._open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open
        self._timeout_s = timeout_s
        self._server = xllamacpp.Server(how)
        self._address = self._server.listening_address
        self.marker: str = self._ask("/props", None)["media_marker"]

    def close(self) -> None:
        """End the server, which ends with its last reference; closing twice is harmless."""
        self._server = None

    def complete(self, prompt: str, pictures: Sequence[Pixels] = (), **how: Any) -> dict[str, Any]:
        """Continue a prompt greedily.

        Args:
            prompt: With `marker` where a picture stands, which brings its own delimiters.
            pictures: In order.
            how: Fields of the request, such as ``n_predict``.

        Returns:
            The answer, with ``tokens``, ``completion_probabilities`` and ``timings``.
        """
        data = []
        for pixels in pictures:
            file = io.BytesIO()
            Pillow.fromarray(pixels).save(file, "PNG", compress_level=1)
            data.append(base64.b64encode(file.getvalue()).decode())
        asked = {"prompt_string": prompt, "multimodal_data": data} if data else prompt
        return self._ask(
            "/completion",
            {"prompt": asked, "temperature": 0, "top_k": 1, "return_tokens": True,
             "cache_prompt": True, "ignore_eos": True, **how},
        )  # fmt: skip

    def _ask(self, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(
            self._address + path, data, {"Content-Type": "application/json"}
        )
        with self._open(asked, timeout=self._timeout_s) as answer:
            found: dict[str, Any] = json.loads(answer.read())
        return found


def framed(pixels: Pixels, size: Size) -> Pixels:
    """Resize a picture as llama.cpp does: it keeps its shape, between black edges.

    The published processor stretches it. A point lands elsewhere, by 3 pixels at most of 1920x1080
    and by 7 of 300x200.

    Args:
        pixels: The picture.
        size: That both resize to.
    """
    height, width = pixels.shape[:2]
    scale = np.float32(min(np.float32(size.width / width), np.float32(size.height / height)))
    wide = min(math.ceil(np.float32(width) * scale), size.width)
    high = min(math.ceil(np.float32(height) * scale), size.height)
    left, top = (size.width - wide) // 2, (size.height - high) // 2
    small = Pillow.fromarray(pixels).resize((wide, high), Pillow.Resampling.BICUBIC)
    made = np.zeros((size.height, size.width, 3), dtype=np.uint8)
    made[top : top + high, left : left + wide] = np.asarray(small)
    return made
