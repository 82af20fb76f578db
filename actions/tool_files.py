"""Tools from a Python file that a user names."""

import hashlib
import importlib.util
import sys
from pathlib import Path

from .errors import NoTools, ToolError
from .tools import Tool, tools_by_name


def load_tools(path: str | Path) -> list[Tool]:
    """Import a Python file and give the tools in it, in the order they are written.

    The file's code runs, as with any import. Tools that it imports from elsewhere count too.

    Raises:
        ToolError: The file is missing, fails to import, or holds two tools of one name.
        NoTools: It holds none; what else it registers, such as conditions, is registered.
    """
    path = Path(path).resolve()
    if not path.is_file():
        raise ToolError(f"there is no file {path}: tools come from a Python file")
    # A name of its own, so that a user's json.py or tools.py replaces no module that is in use.
    name = f"eyehand_tools_{hashlib.sha256(str(path).encode()).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ToolError(f"{path} is no Python file: its name must end with .py")
    module = importlib.util.module_from_spec(spec)
    before = sys.modules.get(name)
    sys.modules[name] = module  # dataclasses and pickle look their module up there
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        if before is None:
            del sys.modules[name]
        else:
            sys.modules[name] = before
        raise ToolError(f"{_place(error, path)}: {type(error).__name__}: {error}") from error
    found = {id(value): value for value in vars(module).values() if isinstance(value, Tool)}
    if not found:
        raise NoTools(
            f"{path} holds no tools: write @tool (from eyehand.actions import tool) above the "
            "functions that the model may call"
        )
    try:
        return list(tools_by_name(found.values()).values())
    except ToolError as error:
        raise ToolError(f"{path}: {error}") from error


def _place(error: BaseException, path: Path) -> str:
    """Say where in a user's file an import failed: ``FILE.py, line 3``."""
    line = error.lineno if isinstance(error, SyntaxError) else None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path):
            line = trace.tb_lineno
        trace = trace.tb_next
    return f"{path} cannot be imported" + (f" (line {line})" if line else "")
