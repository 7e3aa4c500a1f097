// Shows new winners as they arrive. Without JavaScript, the page reloads every 10 seconds.
"use strict";
const list = document.getElementById("live");
const cell = (name, text) => {
  const element = document.createElement(name);
  element.textContent = text;
  return element;
};
const show = (event) => {
  const winners = JSON.parse(event.data);
  if (winners.length === 0) return;
  list.replaceChildren(...winners.map((w) => {
    const line = document.createElement("li");
    const what = cell("span", w.prize);
    what.className = "what";
    line.append(what, " ", cell("bdi", w.player || "–"), " ", cell("code", w.account));
    return line;
  }));
};
// A browser reconnects when a connection breaks, but not after an HTTP error.
const listen = () => {
  const events = new EventSource(list.dataset.events);
  events.addEventListener("winners", show);
  events.addEventListener("error", () => {
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, 3000);
  });
};
listen();
