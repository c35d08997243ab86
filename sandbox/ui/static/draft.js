/* Saves a draft by itself. What the board has not acknowledged is kept on this device, and offered
   back; what the board says was written by somebody else is put in, or asked about. */
const PREFIX = "sandbox-draft:";
const device = {
  get: (key) => { try { return JSON.parse(localStorage.getItem(key)); } catch { return null; } },
  put: (key, value) => {
    try { localStorage.setItem(key, JSON.stringify(value)); return true; } catch { return false; }
  },
  drop: (key) => { try { localStorage.removeItem(key); } catch { /* it keeps nothing */ } },
};

const left = document.querySelector(".draft-left[data-draft]");
if (left) left.hidden = !device.get(PREFIX + left.dataset.draft);

const form = document.querySelector("form[data-draft]");
if (form) {
  const words = form.dataset, key = PREFIX + words.draft;
  const line = form.querySelector(".draft-told"), offer = form.querySelector(".draft-back");
  const [revision, pen, token] = ["revision", "pen", "csrf_token"].map((n) => form.elements[n]);
  const boxes = Object.fromEntries(
    [...form.querySelectorAll("[data-field]")].map((box) => [box.dataset.field, box]));
  const names = Object.keys(boxes);
  const known = {}, refused = {}; // field → as the board has it; as the board would not take it
  const unsure = new Set(), clash = new Set(); // sent without an answer; waiting for a choice
  const SOON = 1500, FIRST_WAIT = 2000, LONGEST_WAIT = 60000, PATIENCE = 20000;
  let timer, busy = false, wait = FIRST_WAIT, leaving = false, lasts = true, offered = null;

  // --- fields: text as it stands, links as JSON ---------------------------------------------------

  const inputs = (name, part = "") => [...boxes[name].querySelectorAll(`[name="${name}${part}"]`)];
  const was = (e) => e.matches("select")
    ? [...e.options].find((o) => o.defaultSelected)?.value ?? "" : e.defaultValue;
  const read = (name, value = (e) => e.value, on = (e) => e.checked) => {
    if (boxes[name].dataset.kind === "links") {
      const to = inputs(name, "-address");
      const pairs = inputs(name, "-label").map((label, n) => [value(label), value(to[n])]);
      return JSON.stringify(pairs.filter(([label, address]) => label || address)
        .map(([label, address]) => ({ label: label || address, address })));
    }
    const [first] = inputs(name);
    return first.type === "radio" ? inputs(name).find(on)?.value ?? "" : value(first);
  };
  const write = (name, value) => {
    if (boxes[name].dataset.kind === "links") {
      const links = typeof value === "string" ? JSON.parse(value) : value;
      const to = inputs(name, "-address");
      inputs(name, "-label").forEach((label, n) => {
        const link = links[n] ?? { label: "", address: "" };
        to[n].value = link.address;
        label.value = link.label === link.address ? "" : link.label;
      });
    } else if (inputs(name)[0].type === "radio") {
      for (const radio of inputs(name)) radio.checked = radio.value === value;
      card();
    } else {
      inputs(name)[0].value = value;
    }
  };
  const label = (name) =>
    boxes[name].querySelector("label, legend").firstChild.textContent.trim();
  const card = () => {
    if (read("ai") === "used") form.querySelector(".ai-card").open = true;
  };
  const differing = () => names.filter((name) => read(name) !== known[name] || unsure.has(name));
  const due = () => differing().filter((n) => !clash.has(n) && refused[n] !== read(n));

  // --- what is said, and what the device keeps ----------------------------------------------------

  const say = (text, time = "") => {
    text = text.replace("{time}", time);
    if (line.textContent !== text) line.textContent = text;
  };
  const keep = () => {
    const fields = Object.fromEntries(differing().map((name) => [name, read(name)]));
    if (offered) Object.assign(fields, { ...offered.fields, ...fields });
    form.dataset.unsaved = Object.keys(fields).join(" ");
    if (!form.dataset.unsaved) return device.drop(key);
    const of = offered ?? { revision: +revision.value, pen: pen.value };
    lasts = device.put(key, { revision: of.revision, pen: of.pen, fields });
  };
  const away = () => say(lasts ? words.away : words.full);

  // --- saving -------------------------------------------------------------------------------------

  const later = (milliseconds) => {
    clearTimeout(timer);
    timer = setTimeout(save, milliseconds);
  };
  const again = () => {
    leaving = false;
    later(wait * (0.75 + Math.random() / 2));
    wait = Math.min(wait * 2, LONGEST_WAIT);
  };
  const post = (sent, keepalive) => {
    const body = new URLSearchParams(
      { csrf_token: token.value, revision: revision.value, pen: pen.value });
    for (const name of Object.keys(sent)) {
      if (boxes[name].dataset.kind !== "links") body.append(name, sent[name]);
      else for (const link of [...JSON.parse(sent[name]), { label: "", address: "" }]) {
        body.append("links-label", link.label);
        body.append("links-address", link.address);
      }
    }
    return fetch(form.action, { method: "POST", body, keepalive,
      headers: { Accept: "application/json" }, signal: AbortSignal.timeout(PATIENCE) });
  };
  const isTold = (answer) => answer.ok && !answer.redirected
    && (answer.headers.get("Content-Type") ?? "").startsWith("application/json");
  const renewed = async () => { // a session that was begun anew has another token
    const answer = await fetch(form.action, { signal: AbortSignal.timeout(PATIENCE) });
    if (!answer.ok || answer.redirected) return false;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const there = page.querySelector("form[data-draft]");
    if (there?.dataset.draft !== words.draft) return false;
    token.value = there.elements.csrf_token.value;
    return true;
  };

  async function save(keepalive = false) {
    clearTimeout(timer);
    const sent = Object.fromEntries(due().map((name) => [name, read(name)]));
    if (busy) return;
    if (!Object.keys(sent).length) return leave();
    busy = true;
    Object.keys(sent).forEach((name) => unsure.add(name));
    say(words.saving);
    try {
      let answer = await post(sent, keepalive === true);
      const forgotten = answer.redirected || [400, 401, 403].includes(answer.status);
      if (forgotten && await renewed()) answer = await post(sent);
      if (isTold(answer)) took(await answer.json(), sent);
      else {
        say(forgotten || answer.redirected ? words.out : words.refused);
        again();
      }
    } catch {
      away();
      again();
    }
    busy = false;
    keep();
    if (wait === FIRST_WAIT && due().length) later(SOON);
  }

  function took(answer, sent) {
    let all = true; // whether the page now shows all that the board has
    wait = FIRST_WAIT;
    for (const name of Object.keys(sent)) {
      unsure.delete(name);
      problem(name, answer.wrong[name]);
      if (answer.wrong[name]) refused[name] = sent[name];
      else if (!answer.conflicts[name]) {
        known[name] = sent[name];
        delete refused[name];
      }
    }
    for (const [name, value] of Object.entries(answer.newer)) {
      if (!boxes[name] || clash.has(name)) continue;
      const theirs = typeof value === "string" ? value : JSON.stringify(value);
      if (read(name) === known[name] && !Object.hasOwn(sent, name)) {
        write(name, value);
        known[name] = read(name);
      } else if (!Object.hasOwn(sent, name) && read(name) !== theirs) all = false;
    }
    for (const [name, other] of Object.entries(answer.conflicts)) ask(name, other);
    if (all) revision.value = answer.revision;
    if (clash.size) say(words.clash);
    else say(Object.keys(refused).length ? words.wrong : words.saved, answer.at);
    if (!due().length) leave();
  }
  const leave = () => {
    const ready = leaving && !clash.size && !Object.keys(refused).length;
    leaving = false;
    if (ready) location.assign(words.next);
  };

  function problem(name, said) {
    const field = inputs(name, boxes[name].dataset.kind === "links" ? "-address" : "")[0];
    boxes[name].querySelector(".field-problem")?.remove();
    boxes[name].classList.toggle("field-wrong", Boolean(said));
    if (!said) return field.removeAttribute("aria-invalid");
    const told = document.createElement("p");
    Object.assign(told, { className: "field-problem", id: `${name}-error`, textContent: said.join(" ") });
    boxes[name].querySelector("textarea, input, select, .pair, .choice").before(told);
    field.setAttribute("aria-invalid", "true");
    const described = new Set((field.getAttribute("aria-describedby") ?? "").split(" ").filter(Boolean));
    field.setAttribute("aria-describedby", [...described.add(told.id)].join(" "));
  }

  // --- two in one field ---------------------------------------------------------------------------

  function ask(name, other) {
    const made = form.querySelector(".conflict-made").content.cloneNode(true).firstElementChild;
    const legend = made.querySelector("legend");
    legend.textContent = legend.textContent.replace("{who}", other.by ?? line.dataset.somebody);
    made.querySelector(".said").textContent = other.text || line.dataset.nothing;
    made.dataset.conflict = JSON.stringify(other.value);
    for (const radio of made.querySelectorAll("input")) {
      Object.assign(radio, { name: `choice-${name}`, id: `${name}-${radio.value}` });
      radio.nextElementSibling.htmlFor = radio.id;
    }
    boxes[name].querySelector(".conflict")?.remove();
    boxes[name].querySelector("textarea, input, select, .pair, .choice").before(made);
    boxes[name].classList.add("field-wrong");
    clash.add(name);
  }
  function chosen(name, box, which) {
    if (which === "theirs") {
      write(name, JSON.parse(box.dataset.conflict));
      known[name] = read(name);
      problem(name);
      delete refused[name];
    } else known[name] = undefined;
    box.remove();
    boxes[name].classList.remove("field-wrong");
    clash.delete(name);
    inputs(name, boxes[name].dataset.kind === "links" ? "-address" : "")[0].focus();
    if (!clash.size && !due().length) say("");
    keep();
    later(0);
  }

  // --- what happens -------------------------------------------------------------------------------

  const field = (event) => event.target.closest("[data-field]")?.dataset.field;
  form.addEventListener("input", (event) => {
    if (!field(event) || event.target.closest(".conflict")) return;
    keep();
    if (!busy && wait === FIRST_WAIT) later(SOON);
  });
  form.addEventListener("change", (event) => {
    const name = field(event), box = event.target.closest(".conflict");
    if (box) return chosen(name, box, event.target.value);
    if (name === "ai") card();
    if (name && wait === FIRST_WAIT) later(0);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    leaving = event.submitter?.name === "submit";
    wait = FIRST_WAIT;
    for (const name of names) delete refused[name];
    if (due().length || leaving) save();
  });
  addEventListener("online", () => { wait = FIRST_WAIT; later(0); });
  addEventListener("offline", () => { if (differing().length) away(); });
  document.addEventListener("visibilitychange", () => { 
    if (document.hidden && due().length && wait === FIRST_WAIT) save(true);
  });
  addEventListener("beforeunload", (event) => { if (!lasts && differing().length) event.preventDefault(); });

  for (const name of names) {
    known[name] = read(name, was, (e) => e.defaultChecked);
    if (boxes[name].querySelector(".conflict")) clash.add(name);
    if (boxes[name].querySelector(".field-problem")) [known[name], refused[name]] = [undefined, read(name)];
    else if (clash.has(name)) known[name] = undefined;
  }
  const stored = device.get(key);
  const lost = Object.keys(stored?.fields ?? {}).filter((n) => boxes[n] && read(n) !== stored.fields[n]);
  if (lost.length) {
    offered = { ...stored, fields: Object.fromEntries(lost.map((n) => [n, stored.fields[n]])) };
    offer.querySelector(".draft-back-fields").textContent = lost.map(label).join(" · ");
    offer.hidden = false;
    offer.addEventListener("click", (event) => {
      const answer = event.target.dataset.back;
      if (!answer) return;
      if (answer === "yes") {
        [revision.value, pen.value] = [offered.revision, offered.pen];
        for (const name of lost) write(name, offered.fields[name]);
      }
      [offered, offer.hidden] = [null, true];
      line.focus();
      keep();
      later(0);
    });
  }
  keep();
}
