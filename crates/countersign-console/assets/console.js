// Adds comfort only: every page works without it.
"use strict";
const all = (selector) => document.querySelectorAll(selector);

// Copy buttons are useless without script, so they start hidden.
for (const button of all("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const name = button.getAttribute("aria-label");
    let said = "Copied";
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.classList.add("done");
    } catch {
      said = "Copying is not allowed here";
    }
    button.title = said;
    button.setAttribute("aria-label", said);
    setTimeout(() => {
      button.classList.remove("done");
      button.title = "";
      button.setAttribute("aria-label", name);
    }, 1500);
  });
}

// The theme applies by CSS at once; the cookie lets the server render it next time.
for (const radio of all("[name=theme]")) {
  if (document.cookie.includes(`theme=${radio.value}`)) radio.checked = true;
  radio.addEventListener("change", () => {
    document.cookie = `theme=${radio.value}; max-age=31536000; samesite=lax`;
  });
}

// Relative times move on; the absolute one is in the title.
const units = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
const tick = () => {
  for (const time of all("time[data-ago]")) {
    const s = Math.max(0, Math.round((Date.now() - Date.parse(time.dateTime)) / 1000));
    const [span, unit] = units.find(([n]) => s >= n) ?? [1, "s"];
    time.textContent = `${Math.floor(s / span)} ${unit} ago`;
  }
};
setInterval(tick, 5000);

// The live feed counts; it never moves what is being read.
const feed = document.querySelector("[data-feed]");
if (feed) {
  const link = feed.querySelector("a");
  const live = document.getElementById("live");
  const title = document.title;
  let n = Number(feed.dataset.feed);
  live.closest("[hidden]").hidden = false;
  const more = () => {
    if (!live.checked) return;
    n += 1;
    feed.hidden = false; // no live region: a message for each would be a torrent
    link.textContent = `Show ${n} new ${n === 1 ? "delivery" : "deliveries"}`;
    document.title = `(${n}) ${title}`;
  };
  new EventSource(feed.dataset.src).addEventListener("delivery", more);
}
