"""The explorer: a bundle in the browser, as questions, tables and SQL, on Datasette."""

from __future__ import annotations

from sandbox.bundle import Bundle
from sandbox.catalog import Catalog
from sandbox.explore.app import ExplorerApp
from sandbox.explore.engine import BASE, SETTINGS, Explorer
from sandbox.explore.pages import NAME
from sandbox.workspace import Event

__all__ = ["BASE", "NAME", "SETTINGS", "Explorer", "ExplorerApp", "open_explorer"]


async def open_explorer(bundle: Bundle, catalog: Catalog, event: Event) -> ExplorerApp:
    """The bundle as an ASGI app, ready to answer. Raises BundleError if its file cannot be read."""
    explorer = Explorer(bundle, catalog, event)
    await explorer.invoke_startup()
    return ExplorerApp(explorer)
