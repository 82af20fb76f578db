"""What a network says, token by token: for looking at one while it is trained."""

from collections.abc import Sequence

import torch

from ..cache import KVCache
from ..chat import Message
from ..network import Network
from ..prompt import Layout, Visual
from ..rope import positions_of
from .encode import pictures_of
from .packing import Alike


@torch.inference_mode()
def greedy(
    network: Network, layout: Layout, messages: Sequence[Message], *, most: int = 256
) -> str:
    """Give what the network says next: the likeliest token each time, with nothing forced.

    Args:
        network: As it is now.
        layout: Of its checkpoint.
        messages: Up to where the assistant speaks.
        most: Tokens.

    Returns:
        The reply, without the token that ended it.
    """
    device = network.model.embed_tokens.weight.device
    prompt = layout.prompt(messages)
    positions, counter = positions_of(prompt.spans(), layout.processor.merge)
    seen = [_seen(network, layout, visual, device) for visual in prompt.visuals]
    cache = KVCache(network.config.text.layers, len(prompt.ids) + most)
    ids = torch.tensor([prompt.ids], device=device)
    x = network.embed(ids, torch.cat(seen) if seen else None)
    hidden = network(x, positions[:, None].to(device), cache)
    said: list[int] = []
    for _ in range(most):
        token = int(network.logits(hidden[:, -1]).argmax())
        if token == layout.tokenizer.im_end:
            break
        said.append(token)
        place = torch.full((3, 1, 1), counter, device=device)
        # Also the token of a picture, which a network may say that has learnt little.
        spoken = network.model.embed_tokens(torch.tensor([[token]], device=device))
        hidden = network(spoken, place, cache)
        counter += 1
    return layout.tokenizer.decode(said)


def _seen(network: Network, layout: Layout, visual: Visual, device: torch.device) -> torch.Tensor:
    frames = pictures_of(visual)[None].to(device)
    patches = Alike(frames, visual.part.resized, visual.grid).patches(layout.processor)
    return network.see(patches, [visual.grid])
