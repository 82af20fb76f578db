"""An MCP server of the handshake era by hand: `python mcp_raw.py TOOLS_AS_JSON`.

It offers whatever it is told to, also what the SDK would not let a server offer.
"""

import json
import sys

TOOLS = json.loads(sys.argv[1])

for line in sys.stdin:
    asked = json.loads(line)
    if "id" not in asked:
        continue
    answer: dict[str, object] = {"jsonrpc": "2.0", "id": asked["id"]}
    if asked["method"] == "initialize":
        answer["result"] = {
            "protocolVersion": "2025-06-18",
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "raw", "version": "1"},
        }
    elif asked["method"] == "tools/list":
        answer["result"] = {"tools": TOOLS}
    elif asked["method"] == "tools/call":
        print("this line is no message", flush=True)
        text = json.dumps(asked["params"]["arguments"])
        answer["result"] = {"content": [{"type": "text", "text": text}]}
    else:
        answer["error"] = {"code": -32601, "message": "Method not found"}
    print(json.dumps(answer), flush=True)
