"""Forms as a browser sends them: every field of a page's form, with what stands in it."""


def fields(page, *, form=None):
    """Name → value of each field of the page's forms, or of the one that is sent to `form`."""
    found = {}
    for one in page.all("form"):
        if form is None or one.get("action") == form:
            found |= dict(_fields(one))
    return found


def _fields(form):
    for field in form.iter("input"):
        if field.get("type") in ("radio", "checkbox"):
            if field.get("checked") is not None:
                yield field.get("name"), field.get("value")
        elif field.get("type") != "submit":
            yield field.get("name"), field.get("value", "")
    for field in form.iter("textarea"):
        text = "".join(field.itertext())
        yield field.get("name"), text.removeprefix("\n").replace("\n", "\r\n")
    for field in form.iter("select"):
        chosen = [option for option in field.iter("option") if option.get("selected") is not None]
        yield field.get("name"), (chosen or list(field.iter("option")))[0].get("value")
