"""An assistant, on the official client of the Model Context Protocol: calls the tools that
lines of JSON on standard input name, and prints what comes of each. The server is a URL, or
a program with its arguments."""

import asyncio
import json
import sys
from contextlib import asynccontextmanager

import httpx2
from mcp import ClientSession, MCPError, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client


def say(what):
    print(json.dumps(what), flush=True)


async def call(session, tool, arguments):
    try:
        result = await session.call_tool(tool, arguments)
    except MCPError as error:
        return {"refused": str(error)}
    if result.is_error:
        return {"error": result.content[0].text}
    # Models that know nothing of structures are told the same.
    assert json.loads(result.content[0].text) == result.structured_content
    return result.structured_content


@asynccontextmanager
async def connected(token, server, *arguments):
    if server.startswith("http"):
        headers = {"Authorization": f"Bearer {token}"}
        async with (
            httpx2.AsyncClient(headers=headers, timeout=60) as client,
            streamable_http_client(server, http_client=client) as streams,
        ):
            yield streams
    else:
        program = StdioServerParameters(
            command=server, args=list(arguments), env={"PARLOR_MCP_TOKEN": token}
        )
        async with stdio_client(program) as streams:
            yield streams


# Whether somebody waits for what comes of a call.
asked = asyncio.Event()


async def serve(session, is_new):
    """Calls what is asked for until nothing is any more."""
    started = await session.initialize()
    if is_new:
        tools = (await session.list_tools()).tools
        say({"instructions": started.instructions, "tools": [tool.name for tool in tools]})
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        asked.set()
        say(await call(session, **json.loads(line)))
        asked.clear()


async def main(*server):
    is_new = is_cut = True
    while is_cut:
        is_cut = False
        try:
            async with connected(*server) as streams, ClientSession(*streams) as session:
                await serve(session, is_new)
        except* httpx2.TransportError as cut:
            # Over HTTP the program learns of it, and connects anew, as soon as it can.
            is_new, is_cut = False, True
            if asked.is_set():
                say({"refused": str(cut.exceptions[0])})
            asked.clear()
            await asyncio.sleep(0.05)


asyncio.run(main(*sys.argv[1:]))
