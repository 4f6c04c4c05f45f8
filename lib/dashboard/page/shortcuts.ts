/** Single keys, for who wants them. They are off while somebody types, and can be turned off. */
import { isDialogOpen, shown } from "./dialogs.ts";
import { h } from "./dom.ts";
import { PLACES } from "./routes.ts";

const KEY = "beam-keys";
/** How long after `g` the second key may come, in milliseconds. */
const PATIENCE_MS = 1500;

/** What the keys do. */
export interface ShortcutActions {
  search(): void;
  theme(): void;
}

/** Listens, from now on. */
export function listenToKeys({ search, theme }: ShortcutActions): void {
  let goes = 0;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isDialogOpen()) return;
    const target = event.target as HTMLElement;
    if (event.key === "Escape" && target instanceof HTMLInputElement) return target.blur();
    if (/^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName) || !areOn()) return;
    const second = Date.now() - goes < PATIENCE_MS;
    goes = 0;
    if (second) {
      const place = PLACES.find(({ key }) => key === event.key);
      if (!place) return;
      event.preventDefault();
      location.hash = `#/${place.name}`;
      return;
    }
    switch (event.key) {
      case "/":
        event.preventDefault();
        return search();
      case "?":
        event.preventDefault();
        return showHelp();
      case "g":
        goes = Date.now();
        return;
      case "d":
        return theme();
    }
  });
}

/** What can be done by keys, and the switch that turns them off. */
export function showHelp(): void {
  const on = h("input", { type: "checkbox", checked: areOn() });
  on.addEventListener("change", () => keep(on.checked));
  const rows: [string, string][] = [
    ["/", "search"],
    ["↑ ↓ Home End", "move through a table, once a row is reached"],
    ["Enter", "open what is marked"],
    ["Esc", "leave a field"],
    ...PLACES.map(({ key, title }): [string, string] => [`g ${key}`, `go to ${title}`]),
    ["d", "light or dark"],
    ["?", "this help"],
  ];
  shown(
    "Keys and search",
    h(
      "dl",
      { class: "keys" },
      ...rows.map(([key, what]) => h("div", {}, h("dt", {}, h("kbd", {}, key)), h("dd", {}, what))),
    ),
    h(
      "p",
      {},
      "A search field takes words that must all be there; ",
      h("code", {}, "state:dead"),
      " looks in one field, ",
      h("code", {}, "-state:dead"),
      " leaves those out. The address keeps the search, so it can be passed on.",
    ),
    h("label", { class: "check" }, on, "Single keys do something"),
  );
}

function areOn(): boolean {
  try {
    return localStorage.getItem(KEY) !== "off";
  } catch {
    return true;
  }
}

function keep(on: boolean): void {
  try {
    localStorage.setItem(KEY, on ? "on" : "off");
  } catch { /* they stay as they are */ }
}
