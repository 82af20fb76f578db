"""Both towers joined: pictures become tokens of the language model."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from .attention import Segments
from .cache import KVCache
from .config import Config
from .language import LanguageModel
from .linear import Linear, linear
from .rope import Grid
from .vision import VisionTower


class Network(nn.Module):
    """Qwen2-VL and Qwen2.5-VL: which, says the config.

    Args:
        config: The checkpoint's.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.visual = VisionTower(config.vision)
        self.model = LanguageModel(config.text)
        self.lm_head: nn.Module | None = None
        """None where the head is the embedding."""
        if not config.text.tied:
            self.lm_head = Linear(config.text.width, config.text.vocabulary, bias=False)

    def embed(self, ids: Tensor, pictures: Tensor | None = None) -> Tensor:
        """Give the tokens' embeddings, pictures' and videos' in the places of their tokens.

        Args:
            ids: int64 ``[B, T]``.
            pictures: ``[n, width]`` from `see`, in the order of their places.

        Raises:
            ValueError: There are more or fewer places than embeddings.
        """
        x: Tensor = self.model.embed_tokens(ids)
        config = self.config
        places = (ids == config.image_token) | (ids == config.video_token)
        held = 0 if pictures is None else len(pictures)
        if (count := int(places.sum())) != held:
            raise ValueError(f"there are {count} places for picture tokens and {held} embeddings")
        if pictures is not None:
            x = x.clone()
            x[places] = pictures.to(x.dtype)
        return x

    def see(
        self,
        patches: Tensor,
        grids: Sequence[Grid],
        check: Callable[[], None] | None = None,
    ) -> Tensor:
        """Embed pictures and videos: ``[tokens, width]``, see `VisionTower.forward`."""
        return self.visual(patches, grids, check)  # type: ignore[no-any-return]

    def forward(
        self,
        x: Tensor,
        positions: Tensor,
        cache: KVCache | None = None,
        mask: Tensor | None = None,
        check: Callable[[], None] | None = None,
        segments: Segments | None = None,
    ) -> Tensor:
        """Read embedded tokens; see `LanguageModel.forward`."""
        return self.model(x, positions, cache, mask, check, segments)  # type: ignore[no-any-return]

    def logits(self, hidden: Tensor) -> Tensor:
        """Give the scores of the next token, ``[..., vocabulary]``."""
        if self.lm_head is None:
            return linear(hidden, self.model.embed_tokens.weight)
        return self.lm_head(hidden)  # type: ignore[no-any-return]


def laid_out(config: Config) -> Network:
    """Give a network on the meta device: names and shapes without memory.

    Its first weights are not drawn: nobody reads them, and on that device the first draw imports
    torch's compiler, which takes a second or more and 70 MB.
    """
    with torch.device("meta"), _Undrawn():
        return Network(config)


class _Undrawn(TorchFunctionMode):
    """Leaves weights as they are where a layer would draw them; in this thread alone."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if getattr(func, "__module__", "") == "torch.nn.init":
            return args[0] if args else kwargs["tensor"]
        return func(*args, **(kwargs or {}))


def padded_mask(kept: Tensor) -> Tensor:
    """Give the mask of a left-padded batch: bool ``[B, 1, T, T]``.

    Args:
        kept: bool ``[B, T]``, False at padding. A padded row looks at itself alone: it must look
            at something, and nothing looks at it.
    """
    size = kept.shape[1]
    causal = torch.ones(size, size, dtype=torch.bool, device=kept.device).tril()
    own = torch.eye(size, dtype=torch.bool, device=kept.device)
    return ((causal & kept[:, None]) | own)[:, None]
