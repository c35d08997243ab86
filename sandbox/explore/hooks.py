"""Error pages: Datasette's plugin hook for them, answered for explorers alone."""

from __future__ import annotations

import logging
import sqlite3
import sys
from collections.abc import Callable
from typing import Any

from datasette import Response, hookimpl
from datasette import handle_exception as datasettes_own
from datasette.database import QueryInterrupted
from datasette.utils.asgi import Base400
from datasette.views.base import DatasetteError

from sandbox.explore import pages

log = logging.getLogger(__name__)


def install(plugins: Any) -> None:
    """Register this handler once; Datasette's own error handler stays for other Datasettes.

    It is taken off the list because every handler on it runs: for each 404 it would render a second
    page, and print a traceback with all local values where the library rich is installed.
    """
    if not plugins.has_plugin(__name__):
        plugins.unregister(datasettes_own)
        plugins.register(sys.modules[__name__], __name__)


@hookimpl  # type: ignore[untyped-decorator]
def handle_exception(datasette: Any, request: Any, exception: Exception) -> Callable[[], Any]:
    if not hasattr(datasette, "bundle"):
        handler: Callable[[], Any] = datasettes_own.handle_exception(datasette, request, exception)
        return handler
    return lambda: _error_page(datasette, request, exception)


async def _error_page(datasette: Any, request: Any, exception: Exception) -> Response:
    status, message = _status(exception)
    if status >= 500:
        log.error("%s: %s: %s", request.path, type(exception).__name__, exception)
    headers = {"Access-Control-Allow-Origin": "*"}
    if request.path.endswith(".json"):
        told = {"ok": False, "error": message, "status": status, "title": None}
        return Response.json(told, status=status, headers=headers)
    problem = pages.problem(request, datasette, status, message)
    template = datasette.jinja_env.get_template("problem.html")
    return Response.html(template.render(problem), status=status, headers=headers)


def _status(exception: Exception) -> tuple[int, str]:
    """The HTTP status of what went wrong, and Datasette's own words for it."""
    if isinstance(exception, QueryInterrupted):
        return 400, "interrupted: the query took too long"
    if isinstance(exception, DatasetteError):
        # Its only message in HTML carries an inline script, and tells what the status tells.
        text = "interrupted: the query took too long"
        # Datasette says 500 of requests that it refuses on purpose, such as an unknown _sort.
        status = 400 if exception.status == 500 else exception.status
        return status, text if exception.message_is_html else exception.message
    if isinstance(exception, Base400):
        return exception.status, str(exception.args[0])
    if isinstance(exception, sqlite3.OperationalError | ValueError | AssertionError):
        return 400, str(exception)
    return 500, "internal error"
