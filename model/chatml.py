"""A conversation as the text that a checkpoint's template makes of it, for people to read.

What a network reads is made of token ids, by `prompt`; this is the same, spelled out, without a
vocabulary.
"""

from collections.abc import Sequence

from .chat import Image, Marked, Message, Text

DEFAULT_SYSTEM = "You are a helpful assistant."
"""What the templates of Qwen2-VL and Qwen2.5-VL begin with where there is no system turn."""


def chatml(messages: Sequence[Message]) -> str:
    """Spell out a prompt, up to where the reply begins.

    A picture or video is one ``<|image_pad|>`` or ``<|video_pad|>``, however many tokens it takes.
    """
    text = ""
    if messages and messages[0].role != "system":
        text = f"<|im_start|>system\n{DEFAULT_SYSTEM}<|im_end|>\n"
    for message in messages:
        text += f"<|im_start|>{message.role}{message.head}"
        for part in message.parts:
            if isinstance(part, Text | Marked):
                text += part.text
            else:
                pad = "image" if isinstance(part, Image) else "video"
                text += f"<|vision_start|><|{pad}_pad|><|vision_end|>"
        text += "<|im_end|>\n"
    if messages and messages[-1].role == "assistant":
        return text.removesuffix("<|im_end|>\n")
    return f"{text}<|im_start|>assistant\n"
