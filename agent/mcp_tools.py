"""Tools of an MCP server, for the model: ``async with mcp_tools("python server.py") as tools``.

What a server says of its tools, and what they return, is text from outside: the model is told it as
data, and nothing in it is obeyed by eyehand itself.
"""

import asyncio
import base64
import binascii
import importlib.metadata
import io
import json
import shlex
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from PIL import Image, UnidentifiedImageError
from pydantic import ValidationError

from ..actions.errors import ToolError
from ..actions.tools import TIMEOUT_S, Tool, tool, tools_by_name

try:
    import httpx2
    import mcp_types as types
    from mcp.client.client import Client
    from mcp.client.streamable_http import streamable_http_client
    from mcp.shared.exceptions import MCPError
except ImportError as missing:
    raise ImportError(f'{missing.msg}: MCP needs the extra: pip install "eyehand[mcp]"') from (
        missing
    )

from .fence import tokenless
from .mcp_program import Program

START_S = 30.0
"""How long a server may take to start and to list its tools."""
CLOSE_S = 10.0
"""How long it may take to leave a server; a program is ended well before."""

_CANCELLED_WAIT_S = 0.05
"""Who is cancelled gets its turn back within 100 ms."""
_PAGES = 100
_PICTURES = ("PNG", "JPEG", "WEBP", "GIF")
_HTTP = httpx2.Timeout(30.0, read=300.0)  # as the SDK has it: a server may hold an answer open


class McpError(Exception):
    """A tool of an MCP server failed, or the server did. The message is for the model."""


@asynccontextmanager
async def mcp_tools(
    server: str | Sequence[str],
    *,
    prefix: str = "",
    timeout_s: float = TIMEOUT_S,
    environ: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> AsyncIterator[list[Tool]]:
    """Connect to an MCP server and give its tools, as long as the context lasts.

    Whatever goes wrong with a call, the end of the server included, is a result that the model
    reads. What the server writes to standard error goes to ours. When the context is left, a
    server that was started is ended, with everything it started; leaving by cancellation returns
    within 100 ms, and the rest is bounded. Tools that the server itself calls destructive are
    sensitive: an agent calls them only where they are allowed by name.

    Args:
        server: ``http://...`` or ``https://...`` of a server that runs (streamable HTTP), or the
            command of one to start (standard input and output), as a line or word by word.
        prefix: Put before every tool's name, where two servers use the same.
        timeout_s: How long a call may take, in seconds.
        environ: Variables for the command beside the few it gets (``HOME``, ``PATH`` and such):
            the others of ours may be secret.
        headers: HTTP headers for the URL, such as ``Authorization``.

    Raises:
        ToolError: It cannot be started or reached, or offers tools that cannot be used; says why.

    Example::

        async with mcp_tools("python weather.py") as tools:
            await Agent(env, model, tools=[*mine, *tools]).run("Note tomorrow's weather")
    """
    link = _Link(server, environ, headers)
    try:
        offered = await link.open()
        made = [_tool(link, each, prefix, timeout_s) for each in offered]
        try:
            tools_by_name(made)
        except ToolError as error:
            raise ToolError(f"MCP server {link.name}: {error}") from error
        yield made
    except asyncio.CancelledError:
        await link.close(_CANCELLED_WAIT_S)
        raise
    finally:
        await link.close(CLOSE_S)


class _Link:
    """The connection to a server, in a task of its own.

    The SDK ties a connection to the task that opened it. Here tasks that call tools are cancelled
    as they are, and the connection is not.
    """

    def __init__(
        self,
        server: str | Sequence[str],
        environ: Mapping[str, str] | None,
        headers: Mapping[str, str] | None,
    ) -> None:
        self._program: Program | None = None
        self._headers = None if headers is None else dict(headers)
        if isinstance(server, str) and server.startswith(("http://", "https://")):
            if environ is not None:
                raise ToolError("environ is for a server that is started, not for a URL")
            self.name = server
        else:
            if headers is not None:
                raise ToolError("headers are for a URL, not for a server that is started")
            words = _words(server)
            self._program = Program(words, environ)
            self.name = self._program.name
        self._leave = asyncio.Event()
        self._client: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    async def open(self) -> list[types.Tool]:
        """Connect, and list the tools.

        Raises:
            ToolError: It cannot be had; says why.
        """
        self._task = asyncio.create_task(self._live(), name=f"MCP server {self.name}")
        self._task.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            async with asyncio.timeout(START_S):
                await asyncio.wait({self._client, self._task}, return_when="FIRST_COMPLETED")
                if not self._client.done():
                    self._task.result()  # raises why
                return await self._list(self._client.result())
        except TimeoutError as error:
            raise ToolError(self._told(f"it did not answer within {START_S:g} s")) from error
        except ToolError as error:
            raise ToolError(f"MCP server {self.name}: {error}") from error
        except Exception as error:
            raise ToolError(self._told(_why(error))) from error

    async def call(self, name: str, arguments: dict[str, Any]) -> types.CallToolResult:
        """Call a tool. When cancelled, the server is told so, and nobody waits until it was.

        Raises:
            McpError: The server refused, or is gone.
        """
        if self._task is None or self._task.done() or self._closed:
            raise McpError(self._told("the connection is closed"))
        calling = asyncio.ensure_future(self._client.result().call_tool(name, arguments))
        try:
            return await asyncio.shield(calling)
        except asyncio.CancelledError:
            calling.cancel()
            raise
        except MCPError as error:
            if error.code == types.CONNECTION_CLOSED and self._program is not None:
                await self._program.ended()
                raise McpError(self._told("the server has ended")) from error
            raise McpError(self._told(error.message)) from error
        except Exception as error:
            raise McpError(self._told(_why(error))) from error

    async def close(self, timeout_s: float) -> None:
        """Leave the server. The second time there is nothing to do."""
        if self._task is None or self._closed:
            return
        self._closed = True
        self._leave.set()
        if not self._client.done():
            self._task.cancel()
        await asyncio.wait([self._task], timeout=timeout_s)

    async def _live(self) -> None:
        async with AsyncExitStack() as stack:
            transport: Any
            if self._program is not None:
                transport = self._program.running()
            else:
                http = httpx2.AsyncClient(headers=self._headers, timeout=_HTTP)
                await stack.enter_async_context(http)
                transport = streamable_http_client(self.name, http_client=http)
            me = types.Implementation(name="eyehand", version=importlib.metadata.version("eyehand"))
            client = await stack.enter_async_context(Client(transport, client_info=me, cache=None))
            self._client.set_result(client)
            await self._leave.wait()

    async def _list(self, client: Client) -> list[types.Tool]:
        found: list[types.Tool] = []
        cursor = None
        for _ in range(_PAGES):
            page = await client.list_tools(cursor=cursor)
            found += page.tools
            cursor = page.next_cursor
            if cursor is None:
                return found
        raise ToolError(f"its list of tools has more than {_PAGES} pages")

    def _told(self, why: str) -> str:
        words = "" if self._program is None else self._program.last_words()
        return f"MCP server {self.name}: {why}" + (f" ({words})" if words else "")


def _words(command: str | Sequence[str]) -> list[str]:
    """Give a command word by word.

    Raises:
        ToolError: It is none.
    """
    try:
        words = shlex.split(command) if isinstance(command, str) else [*command]
    except ValueError as error:
        raise ToolError(f"the command {command!r} cannot be split into words: {error}") from error
    if not words or not all(isinstance(word, str) and word for word in words[:1]):
        raise ToolError(
            'an MCP server is a command such as "python server.py", or a URL with http://'
        )
    return words


def _tool(link: _Link, offered: types.Tool, prefix: str, timeout_s: float) -> Tool:
    """Make a tool of one that a server offers.

    Raises:
        ToolError: It cannot be one; says why.
    """
    name = offered.name

    async def call(**arguments: Any) -> Any:
        return _returned(await link.call(name, arguments))

    try:
        return tool(
            call,
            name=prefix + name,
            description=tokenless(offered.description or offered.title or f"{name} of {link.name}"),
            parameters=_described(offered.input_schema),
            timeout_s=timeout_s,
            sensitive=offered.annotations is not None
            and offered.annotations.destructive_hint is True,
        )
    except TypeError as error:
        raise ToolError(f"MCP server {link.name}: {error}") from error


def _described(schema: Any) -> Any:
    """Give a schema with its words for people, and so for the model, free of control tokens."""
    if isinstance(schema, list):
        return [_described(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: tokenless(value)
        if key in ("description", "title") and isinstance(value, str)
        else _described(value)
        for key, value in schema.items()
    }


def _returned(result: types.CallToolResult) -> Any:
    """Give what a tool of a server returned as a tool of ours would.

    Raises:
        McpError: The tool says that it failed, or sent a picture that is none.
    """
    items = [_item(block) for block in result.content]
    texts = [item for item in items if isinstance(item, str)]
    if not texts and result.structured_content is not None:
        texts = [json.dumps(result.structured_content, ensure_ascii=False)]
        items = [*texts, *items]
    if result.is_error:
        raise McpError("\n".join(texts) or "it failed, and says no more")
    if len(texts) < len(items):
        return items
    return "\n".join(texts) if texts else None


def _item(block: types.ContentBlock) -> Any:
    match block:
        case types.TextContent():
            return block.text
        case types.ImageContent():
            try:
                file = io.BytesIO(base64.b64decode(block.data, validate=True))
                return Image.open(file, formats=_PICTURES)
            except (binascii.Error, UnidentifiedImageError, OSError) as error:
                raise McpError(
                    f"it sent a picture that cannot be read; {', '.join(_PICTURES)} can"
                ) from error
        case types.EmbeddedResource(resource=types.TextResourceContents() as resource):
            return resource.text
        case types.EmbeddedResource():
            return f"(a file, which cannot be shown: {block.resource.uri})"
        case types.ResourceLink():
            return f"(a link: {block.uri})"
        case _:
            return f"({block.type}, which cannot be shown)"


def _why(error: BaseException) -> str:
    """Say what went wrong: groups of errors hold it, or the last attempt does."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        return f"its answer is not of the protocol: {where}: {first['msg']}"
    return f"{error}" or type(error).__name__
