"""The whole site in this process: board and explorer behind one door, without a port."""

import asyncio

import httpx
import pytest

from sandbox.server import Site

ADDRESS = "http://sandbox.test"


class Browser:
    """Fetches pages from an ASGI app, one after the other, in one event loop."""

    def __init__(self, app):
        self.runner = asyncio.Runner()
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url=ADDRESS, cookies=None
        )

    def get(self, path, **headers):
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.runner.run(self.client.get(path, headers=names))

    def post(self, path):
        return self.runner.run(self.client.post(path))

    def close(self):
        self.runner.run(self.client.aclose())
        self.runner.close()


@pytest.fixture(scope="session")
def site(workspace, bundle):
    """The small demo, served."""
    browser = Browser(Site(workspace))
    yield browser
    browser.close()
