"""Who decides: the models, and the plain values they are spoken to with."""

from .base import Model, Reply, Session
from .chat import Image, Marked, Message, Part, Pixels, Role, Text, Video, pixel_hash, prompt_hash
from .errors import ModelError, ScriptExhausted
from .scripted import ScriptedModel
from .size import Size, smart_resize
from .video import VideoLimits, to_video

__all__ = [
    "Image",
    "Marked",
    "Message",
    "Model",
    "ModelError",
    "Part",
    "Pixels",
    "Reply",
    "Role",
    "ScriptExhausted",
    "ScriptedModel",
    "Session",
    "Size",
    "Text",
    "Video",
    "VideoLimits",
    "pixel_hash",
    "prompt_hash",
    "smart_resize",
    "to_video",
]
