"""localstripe on loopback, from an empty state: `python run.py PORT`, in its own environment.

Its answers are older than the API version that Virage pins. Two fields of that version are added:
`amount_received` of a PaymentIntent, and the code of an object that does not exist.
"""

import json
import sys
from collections.abc import Awaitable, Callable

from aiohttp import web
from localstripe.resources import Store
from localstripe.server import app


@web.middleware
async def completed(request: web.Request, handler: Callable[[web.Request], Awaitable[web.Response]]) -> web.Response:
    """Add the fields to an answer."""
    answer = await handler(request)
    content = json.loads(answer.text or "{}")
    if content.get("object") == "payment_intent":
        content["amount_received"] = content["amount"] if content["status"] == "succeeded" else 0
    if answer.status == web.HTTPNotFound.status_code:
        content["error"]["code"] = "resource_missing"
    return web.json_response(content, status=answer.status)


Store.dump_to_disk = lambda _: None  # its state ends with its process
app.middlewares.insert(0, completed)
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None)
