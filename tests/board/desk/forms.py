"""What a browser would send of a page's form."""


def filled(page):
    """What a browser would send of the page's first large form, untouched: name → value or list."""
    form = max(page.all("form"), key=lambda f: len(list(f.iter())))
    sent = {}
    for field in form.iter():
        name = field.get("name")
        if not name or field.tag not in ("input", "select", "textarea"):
            continue
        if field.tag == "select":
            chosen = [o for o in field.iter("option") if o.get("selected") is not None]
            sent[name] = (chosen or field.findall("option"))[0].get("value")
        elif field.get("type") in ("checkbox", "radio"):
            if field.get("checked") is not None:
                sent.setdefault(name, []).append(field.get("value"))
        else:
            sent[name] = field.get("value", field.text or "")
    return sent
