/* Slides by the keys of a presenter: see slides.html, which works without this. */
const slides = [...document.querySelectorAll(".slide")];

const now = () => {
  const middle = innerHeight / 2;
  const at = slides.findIndex((s) => s.getBoundingClientRect().bottom > middle);
  return at < 0 ? slides.length - 1 : at;
};

const show = (number) => {
  const slide = slides[Math.min(Math.max(number, 0), slides.length - 1)];
  slide.scrollIntoView({ behavior: "instant", block: "start" });
  slide.focus({ preventScroll: true });
  history.replaceState(null, "", `#${slide.id}`);
};

/* A slide that is higher than the screen is read to its end before the next one comes. */
const more = (slide, by) => {
  const { top, bottom } = slide.getBoundingClientRect();
  return by > 0 ? bottom > innerHeight + 8 : top < -8;
};

const step = (by) => {
  const at = now();
  if (more(slides[at], by)) scrollBy({ top: by * innerHeight * 0.8, behavior: "instant" });
  else show(at + by);
};

const KEYS = {
  ArrowRight: () => step(1), PageDown: () => step(1),
  ArrowLeft: () => step(-1), PageUp: () => step(-1),
  Home: () => show(0), End: () => show(slides.length - 1),
};

addEventListener("keydown", (event) => {
  const act = KEYS[event.key];
  if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  act();
});
