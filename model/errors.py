"""What can go wrong while a model is loaded or decides.

::

    ModelError            the model cannot decide; the run ends
      BadCheckpoint         files that are missing, damaged, or of a model that is not known here
      BadGrammar            a grammar that cannot be read, or that the vocabulary cannot follow
      BadRun                a training run that cannot go on: of another recipe, damaged, or in use
      BadTrainingData       no finished export, or one whose pictures this checkpoint sees otherwise
      ContextTooLong        prompt and reply are longer than the checkpoint was made for
      NotEnoughMemory       a checkpoint would not fit, or memory ran out
      NotFinite             the network's scores are NaN or infinite
      ScriptExhausted       a scripted model was asked for one reply more than it holds
"""


class ModelError(Exception):
    """The model could not give a reply. The run cannot go on."""


class BadCheckpoint(ModelError):
    """A checkpoint's files are missing, damaged, or of a model that is not known here."""


class BadGrammar(ModelError):
    """A grammar for a reply cannot be read, or this checkpoint's vocabulary cannot follow it."""


class BadRun(ModelError):
    """A folder holds a training run that cannot go on: of another recipe, damaged, or in use."""


class BadTrainingData(ModelError):
    """A folder is no finished export, or its pictures would be seen otherwise than recorded."""


class ContextTooLong(ModelError):
    """Prompt and reply are longer than the checkpoint was made for. Nothing was computed."""


class NotEnoughMemory(ModelError):
    """A checkpoint would not fit into memory and nothing was read, or a prompt took all of it."""


class NotFinite(ModelError):
    """The network's scores are NaN or infinite. The session has forgotten what led to them."""


class ScriptExhausted(ModelError):
    """A scripted model was asked for more replies than its script holds."""
