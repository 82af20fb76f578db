"""An env that fills secrets in at the device, and shows and says nothing of them."""

from typing import Any

from ..envs.base import Env
from .secret_store import Secrets


def SecretEnv(env: Env, secrets: Secrets) -> Any:
    """Wrap an env."""
    return env
