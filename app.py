"""The entry point: Lambda calls `handler`, and `chalice local` serves `app`."""

import gc

# Nothing that is imported below becomes garbage, and collections would take a tenth of a cold start.
gc.disable()

import logging
import os

from chalicelib.bootstrap import lambda_app, local_app, read_settings
from chalicelib.function_url import lambda_handler

# At DEBUG, botocore logs whole requests, which hold IP addresses of peers. No log level may turn DEBUG on.
logging.disable(logging.DEBUG)

settings = read_settings(os.environ)
app = lambda_app(settings) if settings.on_lambda else local_app(settings)
handler = lambda_handler(app)

# What is loaded by now stays for good, so later collections may skip it.
gc.freeze()
gc.enable()
