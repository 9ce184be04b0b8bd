// The token box: kept for this browser tab alone (sessionStorage), masked, and gone with one button.

import { clean, describe } from "./token.js";

const KEY = "sextrontgen.token";

/** Wires the box; `changed` is called after each new token. Returns a function that reads the current token. */
export function tokenBox(changed) {
  const box = document.getElementById("token");
  const hint = document.getElementById("token-hint");
  const show = document.getElementById("token-show");
  const clear = document.getElementById("token-clear");
  let token = sessionStorage.getItem(KEY) ?? "";

  function refresh() {
    const { state, text, detail } = describe(token);
    if (hint.textContent !== text) hint.textContent = text;
    hint.dataset.state = state;
    hint.title = detail;
    clear.disabled = !token;
  }

  function take(value) {
    const next = clean(value);
    if (next === token) return;
    token = next;
    if (token) sessionStorage.setItem(KEY, token);
    else sessionStorage.removeItem(KEY);
    refresh();
    changed();
  }

  function reveal(shown) {
    box.classList.toggle("masked", !shown);
    show.setAttribute("aria-pressed", String(shown));
    show.textContent = shown ? "Hide" : "Show";
  }

  box.value = token;
  box.addEventListener("input", () => take(box.value));
  box.addEventListener("change", () => { box.value = token; });
  show.addEventListener("click", () => reveal(box.classList.contains("masked")));
  clear.addEventListener("click", () => {
    box.value = "";
    reveal(false);
    take("");
    box.focus();
  });
  setInterval(refresh, 1000);
  refresh();
  return () => token;
}
