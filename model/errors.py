"""What can go wrong while a model is loaded or decides.

::

    ModelError            the model cannot decide; the run ends
      ScriptExhausted       a scripted model was asked for one reply more than it holds
"""


class ModelError(Exception):
    """The model could not give a reply. The run cannot go on."""


class ScriptExhausted(ModelError):
    """A scripted model was asked for more replies than its script holds."""
