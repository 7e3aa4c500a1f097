// Shows new winners as they come. Without it the page loads itself anew.
"use strict";
const list = document.getElementById("live");
const cell = (name, text) => {
  const element = document.createElement(name);
  element.textContent = text;
  return element;
};
new EventSource(list.dataset.events).addEventListener("winners", (event) => {
  const winners = JSON.parse(event.data);
  if (winners.length === 0) return;
  list.replaceChildren(...winners.map((w) => {
    const line = document.createElement("li");
    const what = cell("span", w.prize);
    what.className = "what";
    line.append(what, " ", cell("bdi", w.player || "–"), " ", cell("code", w.account));
    return line;
  }));
});
