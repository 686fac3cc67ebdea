"""Powertools for AWS Lambda instead of Chalice, over our own handlers and gateway."""

import json
import os
from typing import Any

from aws_lambda_powertools.event_handler import LambdaFunctionUrlResolver, Response

from chalicelib import handlers
from chalicelib.channels import Channels
from chalicelib.dynamodb import Table, open_client
from chalicelib.errors import SignalingError

app = LambdaFunctionUrlResolver()
services = handlers.Services(Channels(Table(open_client(), os.environ["TABLE_NAME"])))


def signal() -> Any:
    try:
        reply = handlers.handle(app.current_event.decoded_body.encode(), services)
    except SignalingError as refusal:
        return Response(400, "text/plain; charset=utf-8", str(refusal))
    return Response(200, "application/json", json.dumps(reply))


app.post("/")(signal)
handler = app.resolve
