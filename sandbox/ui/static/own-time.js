// Beside each moment of the event, the same in the viewer's own zone where clocks show another time.
for (const time of document.querySelectorAll("time[data-own]")) {
  const moment = new Date(time.dateTime);
  const offset = /([+-])(\d\d):(\d\d)$/.exec(time.dateTime);
  const shown = offset ? (offset[1] + "1") * (offset[2] * 60 + +offset[3]) : 0;
  if (-moment.getTimezoneOffset() !== shown) {
    const language = document.documentElement.lang;
    const own = new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, {
      weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit",
      timeZoneName: "short",
    });
    const beside = document.createElement("span");
    beside.className = "own-time";
    beside.textContent = " (" + time.dataset.own.replace("{time}", own.format(moment)) + ")";
    time.after(beside);
  }
}
