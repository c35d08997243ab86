/* Keeps parts of a page fresh: see live() in components.html. */
for (const part of document.querySelectorAll("[data-live]")) {
  const { live, every = 8, changed = "", away = "" } = part.dataset;
  const next = part.nextElementSibling, line = next?.matches(".live-told") ? next : {};
  let shown = part.innerHTML.trim(), seen = new Date(), wait = +every, over, timer;

  const say = (words) => {
    words = words.replace("{time}", seen.toLocaleTimeString([], { timeStyle: "short" }));
    if (line.textContent !== words) line.textContent = words;
  };
  const later = () => {
    clearTimeout(timer);
    if (!document.hidden && !over) timer = setTimeout(look, wait * (750 + 500 * Math.random()));
  };
  const all = (css = "*") => [...part.querySelectorAll(css)];
  const focused = () => all().find((e) => e === document.activeElement);
  const typing = () => focused()?.matches("input,select,textarea")
    || all("input,textarea").some((f) => f.value !== f.defaultValue);

  const show = (html) => {
    const held = focused()?.outerHTML;
    part.innerHTML = shown = html;
    over = all("[data-live-end]").length;
    if (held) {
      part.tabIndex = -1;
      (all().find((e) => e.outerHTML === held) || part).focus({ preventScroll: true });
    }
    say(changed);
  };
  const look = async () => {
    if (over) return;
    try {
      const answer = await fetch(live, { signal: AbortSignal.timeout(2e4) });
      over = answer.redirected || answer.status > 399 && answer.status < 429;
      if (!answer.ok || over) throw 0;
      const made = document.createElement("template");
      made.innerHTML = await answer.text();
      const html = made.innerHTML.trim();
      if (wait > every) say("");
      [wait, seen] = [+every, new Date()];
      if (html !== shown && !typing()) show(html);
    } catch {
      wait = Math.min(wait * 2, 60);
      say(away);
    }
    later();
  };
  addEventListener("online", look);
  document.addEventListener("visibilitychange", () => document.hidden ? later() : look());
  later();
}
