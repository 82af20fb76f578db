"""What a step costs: floating-point operations and bytes, by the shapes alone.

A multiplication with its addition counts as two operations. Norms, activations and rotations are
left out: they are under 1 % of the operations.
"""

from collections.abc import Iterable

from .config import Config, TextConfig, VisionConfig
from .rope import Grid


def patch_flops(config: VisionConfig) -> int:
    """Count what the tower's linear maps cost for a patch, the merger's share included."""
    width, inner = config.width, config.intermediate
    values = config.channels * config.temporal_patch * config.patch**2
    maps = 3 if config.mlp == "swiglu" else 2
    block = 4 * width * width + maps * width * inner
    merged = config.merge**2 * width
    merger = (merged * merged + merged * config.out_width) // config.merge**2
    return 2 * (values * width + config.depth * block + merger)


def vision_flops(config: VisionConfig, grids: Iterable[Grid]) -> int:
    """Count what it costs to embed pictures and videos."""
    total = 0
    full = config.depth if config.window is None else len(config.full_blocks)
    for grid in grids:
        frame = grid.height * grid.width
        pairs = full * frame * frame
        if config.window is not None:
            side = config.window // config.patch
            rows, columns = _cut(grid.height, side), _cut(grid.width, side)
            windows = sum((row * column) ** 2 for row in rows for column in columns)
            pairs += (config.depth - full) * windows
        # Scores and their use: two products of the width for each pair.
        total += grid.patches * patch_flops(config) + grid.time * 4 * config.width * pairs
    return total


def _cut(length: int, side: int) -> list[int]:
    return [min(side, length - start) for start in range(0, length, side)]


def token_weights(config: TextConfig) -> int:
    """Count the weights of the language model that a token is multiplied with, without the head."""
    heads = (config.heads + 2 * config.kv_heads) * config.head_width
    attention = config.width * (heads + config.heads * config.head_width)
    return config.layers * (attention + 3 * config.width * config.intermediate)


def head_weights(config: TextConfig) -> int:
    """Count the weights of the head."""
    return config.width * config.vocabulary


def prefill_flops(config: TextConfig, new: int, held: int = 0) -> int:
    """Count what it costs to read so many tokens after others, and to score the last."""
    pairs = new * held + new * (new + 1) // 2
    attention = 4 * config.heads * config.head_width * pairs * config.layers
    return 2 * new * token_weights(config) + attention + 2 * head_weights(config)


def kv_bytes(config: TextConfig, width: int) -> int:
    """Count what a token holds in the cache, with numbers of so many bytes."""
    return 2 * config.layers * config.kv_heads * config.head_width * width


def parameters(config: Config) -> int:
    """Count a checkpoint's weights, without norms and biases."""
    vision, text = config.vision, config.text
    tower = patch_flops(vision) // 2
    merged = vision.merge**2 * vision.width
    merger = merged * merged + merged * vision.out_width
    tower += merger - merger // vision.merge**2  # a patch has a share of it, the weights are whole
    return tower + token_weights(text) + head_weights(text) * (1 if text.tied else 2)
