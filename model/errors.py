"""What can go wrong while a model is loaded or decides.

::

    ModelError            the model cannot decide; the run ends
      BadCheckpoint         files that are missing, damaged, or of a model that is not known here
      ContextTooLong        prompt and reply are longer than the checkpoint was made for
      NotEnoughMemory       a checkpoint would not fit; nothing was read
      ScriptExhausted       a scripted model was asked for one reply more than it holds
"""


class ModelError(Exception):
    """The model could not give a reply. The run cannot go on."""


class BadCheckpoint(ModelError):
    """A checkpoint's files are missing, damaged, or of a model that is not known here."""


class ContextTooLong(ModelError):
    """Prompt and reply are longer than the checkpoint was made for. Nothing was computed."""


class NotEnoughMemory(ModelError):
    """A checkpoint would not fit into memory. Nothing was read."""


class ScriptExhausted(ModelError):
    """A scripted model was asked for more replies than its script holds."""
