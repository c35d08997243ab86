"""The website: start here. What it shows is chosen in views.py, what it says is in words.py."""

import json
import os
import socket
import sys
from pathlib import Path

from flask import Flask, render_template, request

import page
from sandbox_data import QueryError, SandboxData
from views import VIEWS
from words import LANGUAGES, WORDS, choose_language, number

HERE = Path(__file__).parent
SETTINGS = json.loads((HERE / "settings.json").read_text(encoding="utf-8"))
# Only our own files: no script, nothing from another host, and no other site may frame the page.
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)


def create_app(data: SandboxData | None = None) -> Flask:
    """The website on `data`; by default the sandbox that SANDBOX_URL or settings.json names."""
    app = Flask(__name__)
    challenge = SETTINGS["challenge"]
    url = os.environ.get("SANDBOX_URL") or SETTINGS["sandbox_url"]
    data = data or SandboxData(url, HERE / "data" / "sample" / challenge, HERE / ".cache")

    @app.get("/")
    def index():
        language = _language()
        shown = page.build(data, VIEWS[challenge], request.args, language)
        status = 400 if shown.problems else 200
        return render_template("index.html", shown=shown, url=data.url), status

    @app.get("/healthz")
    def healthz():
        return {"status": "ok"}

    @app.errorhandler(404)
    def not_found(_error):
        return render_template("error.html", heading="not_found", message=""), 404

    @app.errorhandler(QueryError)
    def wrong_question(error):
        """Most likely a slip in views.py: the message names what there is instead."""
        return render_template("error.html", heading="wrong_question", message=str(error)), 500

    @app.after_request
    def secure(response):
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"
        return response

    @app.context_processor
    def for_every_page():
        language = _language()
        return {
            "title": SETTINGS["title"],
            "language": language,
            "languages": LANGUAGES,
            "say": WORDS[language].__getitem__,
            "in_words": lambda words: page.best(words, language),
            "number": lambda value, decimals=0: number(value, language, decimals),
            "kept": [(k, v) for k, v in request.args.items() if k != "lang"],
        }

    return app


def _language() -> str:
    return choose_language(request.args.get("lang"), request.accept_languages.values())


def port_from(environment) -> int:
    """The port to listen on; exits with a sentence when it cannot be used."""
    wanted = environment.get("PORT", "5050")
    if not wanted.isdigit() or not 0 < int(wanted) < 65536:
        sys.exit(f"PORT is {wanted!r}; it must be a number from 1 to 65535, such as PORT=5050")
    with socket.socket() as probe:
        if os.name != "nt":  # where it would let two programs share a port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(wanted)))
        except OSError:
            other = int(wanted) + 1 if int(wanted) < 65535 else 5050
            sys.exit(
                f"Port {wanted} is taken or not allowed. Choose another:\n"
                f"  PORT={other} {sys.executable} app.py      (macOS, Linux)\n"
                f"  set PORT={other} && {sys.executable} app.py   (Windows)"
            )
    return int(wanted)


if __name__ == "__main__":
    create_app().run(host="127.0.0.1", port=port_from(os.environ), threaded=True)
else:
    app = create_app()  # for a server such as gunicorn: `gunicorn app:app`
