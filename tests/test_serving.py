"""The helper that runs a server for a test: waits for it, ends it, and tells when it misbehaves."""

from urllib.request import urlopen

import pytest

from tests.serving import environment, served

SERVER = """
import http.server, signal, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.path.encode())
def stop(*_):
    print("last words", flush=True)
    sys.exit(%d)
signal.signal(signal.SIGTERM, stop)
port = int(sys.argv[sys.argv.index("--port") + 1])
http.server.HTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


def test_a_server_answers_within_the_block_and_ends_with_it(tmp_path):
    log = tmp_path / "log"
    with served(["-c", SERVER % 0], environment(tmp_path), log) as url:
        assert urlopen(f"{url}/page").read() == b"/page"
    assert "last words" in log.read_text()


def test_an_unclean_end_is_told_with_the_servers_last_words(tmp_path):
    with (
        pytest.raises(AssertionError, match=r"SIGTERM ended the server with 3:\n[^$]*last words"),
        served(["-c", SERVER % 3], environment(tmp_path), tmp_path / "log"),
    ):
        pass


def test_a_server_that_never_comes_up_is_told_at_once_with_its_log(tmp_path):
    with (
        pytest.raises(AssertionError, match=r"ended with 1:\nno bundle"),
        served(["-c", "exit('no bundle')"], environment(tmp_path), tmp_path / "log"),
    ):
        pass


def test_a_server_is_gone_even_if_the_block_fails(tmp_path):
    with (
        pytest.raises(ZeroDivisionError),
        served(["-c", SERVER % 0], environment(tmp_path), tmp_path / "log") as url,
    ):
        raise ZeroDivisionError
    with pytest.raises(OSError, match="refused"):
        urlopen(url)
