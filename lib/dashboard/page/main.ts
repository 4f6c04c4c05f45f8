/** The page: its frame, which view is shown, the link to the head. */
import { isLoggedIn, request } from "./api.ts";
import { Connection, type LinkState } from "./connection.ts";
import { h, set, setText } from "./dom.ts";
import { alarmsOf } from "./events_model.ts";
import { countOf, shortId } from "./format.ts";
import { loginView } from "./login_view.ts";
import { PLACES, routeOf } from "./routes.ts";
import { listenToKeys, showHelp } from "./shortcuts.ts";
import { Tables } from "./tables.ts";
import { chosenTheme, type Theme, THEMES, useTheme } from "./theme.ts";
import type { Context, View } from "./view.ts";

/** Without news the page counts its times on, every so often, in milliseconds. */
const TICK_MS = 1000;

const LINK_WORDS: Readonly<Record<LinkState, [text: string, tone: string]>> = {
  connecting: ["Connecting …", "muted"],
  live: ["Live", "good"],
  lost: ["The head does not answer, trying again …", "bad"],
  asleep: ["Paused while hidden", "muted"],
  closed: ["", "muted"],
};

const tables = new Tables();
const main = byId("main");
const menu = byId("menu");
const link = byId("link");
const said = byId("said");
/** How much needs attention, in the menu. */
const alarms = h("span", { class: "badge", hidden: true });
let view: View | undefined;
let pageDigest: string | undefined;
let drawing = false;
let asleep = false;

const connection = new Connection({
  open: (url) => new EventSource(url),
  isOpen: isLoggedIn,
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
}, {
  onMessage(message) {
    tables.take(message, Date.now());
    const cluster = tables.one("cluster");
    // After an upgrade of the head this page is another one.
    if (cluster && cluster.page !== "") {
      if (pageDigest !== undefined && pageDigest !== cluster.page) return location.reload();
      pageDigest = cluster.page;
    }
    drawSoon();
  },
  onBeat: (now) => tables.hear(now, Date.now()),
  onState: showLink,
  onEnd: showLogin,
});

function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (!element) throw new Error(`The page has no #${id}`);
  return element;
}

function context(query: URLSearchParams): Context {
  return {
    tables,
    query,
    now: () => tables.now(Date.now()),
    keepQuery(text) {
      const [path] = location.hash.split("?");
      const rest = text === "" ? "" : `?q=${encodeURIComponent(text)}`;
      history.replaceState(null, "", (path || "#/") + rest);
    },
    announce: (text) => setText(said, text),
  };
}

/** Shows what the address says. */
function go(): void {
  const { place, id, query } = routeOf(location.hash);
  view?.close?.();
  const given = context(query);
  view = id !== undefined && place.one ? place.one(given, id) : place.list(given);
  main.replaceChildren(view.element);
  for (const item of menu.querySelectorAll("a")) {
    set(item, "aria-current", item.dataset["place"] === place.name ? "page" : null);
  }
  scrollTo(0, 0);
  draw();
}

function draw(): void {
  drawing = false;
  if (connection.state === "closed") return;
  drawHeader();
  view?.update();
  set(main, "aria-busy", connection.state === "connecting");
}

function drawSoon(): void {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(draw);
}

function drawHeader(): void {
  const cluster = tables.one("cluster");
  if (!cluster) return;
  const found = alarmsOf(tables, tables.now(Date.now()));
  const bad = found.some(({ tone }) => tone === "bad");
  setText(alarms, String(found.length));
  set(alarms, "class", `badge tone-${bad ? "bad" : "warn"}`);
  set(alarms, "title", `${countOf(found.length, "thing")} to look at`);
  alarms.hidden = found.length === 0;
  document.title = `${found.length > 0 ? `(${found.length}) ` : ""}${view?.title ?? ""} · beam`;
  setText(byId("cluster"), shortId(cluster.cluster));
  set(byId("cluster"), "title", cluster.cluster);
  setText(byId("epoch"), String(cluster.epoch));
  setText(byId("build"), cluster.build.split("+")[0]!);
  set(byId("build"), "title", cluster.build);
  setText(
    byId("safety"),
    `${cluster.token ? "token" : "open: no token"}, ${cluster.tls ? "TLS" : "no TLS"}`,
  );
  set(byId("safety"), "class", cluster.token ? "" : "tone-warn");
  setText(byId("join"), `beam up --join ${cluster.head_address}`);
}

function showLink(state: LinkState): void {
  if (state === "asleep") view?.hidden?.(true);
  else if (asleep) view?.hidden?.(false);
  asleep = state === "asleep";
  const [text, tone] = LINK_WORDS[state];
  setText(link, text);
  set(link, "class", `link text dot tone-${tone}`);
  link.hidden = text === "";
  document.body.classList.toggle("stale", state === "lost");
  drawSoon();
}

function showLogin(): void {
  view?.close?.();
  view = undefined;
  document.body.classList.add("outside");
  document.title = "Log in · beam";
  main.replaceChildren(loginView(() => {
    document.body.classList.remove("outside");
    open();
    main.querySelector("h1")?.focus();
  }));
  main.querySelector("input")?.focus();
}

/** Somebody is logged in. */
function open(): void {
  connection.start();
  go();
}

async function logOut(): Promise<void> {
  connection.close();
  try {
    await request("DELETE", "/api/session");
  } catch { /* it ends by itself */ }
  location.reload();
}

function themeSwitch(): HTMLSelectElement {
  const names: Readonly<Record<Theme, string>> = {
    auto: "As the system",
    light: "Light",
    dark: "Dark",
  };
  const field = byId("theme") as HTMLSelectElement;
  field.append(...THEMES.map((theme) => h("option", { value: theme }, names[theme])));
  field.value = chosenTheme();
  field.addEventListener("change", () => useTheme(field.value as Theme));
  return field;
}

async function begin(): Promise<void> {
  const theme = themeSwitch();
  for (const { name, title } of PLACES) {
    const badge = name === "" ? alarms : undefined;
    menu.append(h("li", {}, h("a", { href: `#/${name}`, "data-place": name }, title, badge)));
  }
  byId("help").addEventListener("click", showHelp);
  byId("logout").addEventListener("click", () => void logOut());
  listenToKeys({
    search: () => view?.search?.focus(),
    theme() {
      const dark = document.documentElement.dataset["theme"] === "dark" ||
        (theme.value === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
      theme.value = dark ? "light" : "dark";
      useTheme(theme.value as Theme);
    },
  });
  addEventListener("hashchange", () => {
    if (connection.state === "closed") return;
    go();
    // Who moves by links hears where they are; who moves by the menu stays in it.
    if (!menu.contains(document.activeElement)) main.querySelector("h1")?.focus();
  });
  document.addEventListener("visibilitychange", () => connection.hidden(document.hidden));
  setInterval(drawSoon, TICK_MS);
  for (;;) {
    try {
      return await isLoggedIn() ? open() : showLogin();
    } catch {
      showLink("lost");
      await new Promise((resolve) => setTimeout(resolve, 1500));
    }
  }
}

useTheme(chosenTheme());
void begin();
