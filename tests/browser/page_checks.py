"""What every page is held to: nothing from another host, no error, no grave axe finding."""

from urllib.parse import urlsplit

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
DESKTOP = {"viewport": {"width": 1280, "height": 900}}


def watch(page, complaints):
    """Write down every request to another host, every console error and every exception."""

    def on_request(request):
        if urlsplit(request.url).hostname not in {"127.0.0.1", None}:  # None: data: and blob:
            complaints.append(f"{page.url} asks another host: {request.url}")

    def on_console(message):
        if message.type == "error":
            complaints.append(f"{page.url} logs an error: {message.text}")

    page.on("request", on_request)
    page.on("console", on_console)
    page.on("pageerror", lambda error: complaints.append(f"{page.url} throws: {error}"))


def check_accessibility(page):
    """Run axe-core on the page as it stands; the DevTools protocol brings it in past the CSP."""
    from axe_playwright_python.sync_playwright import Axe  # half a megabyte, read on import

    violations = Axe().run(page).response["violations"]
    grave = [v for v in violations if v["impact"] in {"serious", "critical"}]
    listing = [
        f"{v['impact']}: {v['help']} ({v['id']}, {v['helpUrl']})\n"
        + "\n".join(f"    {' '.join(node['target'])}: {node['html']}" for node in v["nodes"])
        for v in grave
    ]
    assert not grave, f"axe finds on {page.url}:\n" + "\n".join(listing)
