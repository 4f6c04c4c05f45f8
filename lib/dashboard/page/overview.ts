/** The first view: what needs attention, how full the cluster is, every GPU, what happened last. */
import type { EventRow, NodeRow } from "../picture.ts";
import type { GpuMark } from "./cell.ts";
import { barOf, gpuStrip, updateStrip } from "./cell_view.ts";
import { h, set, setText } from "./dom.ts";
import { type Alarm, alarmsOf, eventHref, SEVERITY_TONES } from "./events_model.ts";
import { countOf, timeText } from "./format.ts";
import { gpuLines, gpuMark, nodeHref, nodeLines, nodeName } from "./nodes_model.ts";
import { type Tile, tilesOf } from "./tiles_model.ts";
import { type Context, heading, section, type View } from "./view.ts";

/** As people count: machine-2 before machine-10. */
const ORDER = new Intl.Collator("en", { numeric: true });
/** Events that are shown. */
const MOST_EVENTS = 8;
/** Alarms that are shown. */
const MOST_ALARMS = 8;

export function overview(context: Context): View {
  const { tables } = context;
  const alarms = h("ul", { class: "alarms" });
  const calm = h("p", { class: "calm" }, "Nothing needs attention.");
  const tiles = h("ul", { class: "tiles" });
  const map = h("ul", { class: "map" });
  const legend = h(
    "p",
    { class: "legend" },
    mark("free", 0),
    "free",
    mark("held", 0.15),
    "held, idle",
    mark("held", 0.9),
    "held, busy",
    mark("foreign", 0.5),
    "in use, held by nobody here",
  );
  const events = h("ol", { class: "news" });
  return {
    title: "Overview",
    element: h(
      "div",
      { class: "view" },
      heading("Overview"),
      section("Needs attention", calm, alarms),
      section("Use", tiles),
      section("Nodes and GPUs", legend, map),
      section(
        "Last events",
        events,
        h("p", {}, h("a", { href: "#/events" }, "All events")),
      ),
    ),
    update() {
      const now = context.now();
      const found = alarmsOf(tables, now);
      calm.hidden = found.length > 0;
      keyed(alarms, found.slice(0, MOST_ALARMS), (one) => one.text + one.more, alarmItem);
      keyed(tiles, tilesOf(tables), JSON.stringify, tileItem);
      const lines = nodeLines(tables, now).filter(({ node }) => node.state !== "dead");
      legend.hidden = !lines.some(({ node }) => node.gpus.length > 0);
      const nodes = lines.map(({ node, readings }) => ({
        node,
        gpus: gpuLines({ node, readings }).map(gpuMark),
      })).sort((a, b) => ORDER.compare(nodeName(a.node), nodeName(b.node)));
      keyed(
        map,
        nodes,
        ({ node, gpus }) => JSON.stringify([node.id, node.state, nodeName(node), gpus.length]),
        nodeItem,
      );
      for (const [at, one] of nodes.entries()) showNode(map.children[at] as HTMLElement, one);
      const last = tables.rows("events").slice(-MOST_EVENTS).toReversed();
      keyed(events, last, ({ seq }) => String(seq), (event) => eventItem(event, now));
    },
  };
}

/** Makes children for these values; those whose text is the same stay as they are. */
function keyed<T>(
  place: Element,
  values: readonly T[],
  text: (value: T) => string,
  make: (value: T) => HTMLElement,
): void {
  const known = new Map(
    [...place.children].map((child) => [(child as HTMLElement).dataset["key"]!, child]),
  );
  const wanted = values.map((value) => {
    const key = text(value);
    const present = known.get(key);
    if (present) return present;
    const made = make(value);
    made.dataset["key"] = key;
    return made;
  });
  const same = wanted.length === place.children.length &&
    wanted.every((child, at) => child === place.children[at]);
  if (same) return;
  const focused = document.activeElement;
  const link = focused && place.contains(focused) ? focused.getAttribute("href") : null;
  place.replaceChildren(...wanted);
  if (link !== null) {
    place.querySelector<HTMLElement>(`[href="${CSS.escape(link)}"]`)?.focus();
  }
}

function alarmItem({ tone, text, more, href }: Alarm): HTMLElement {
  return h(
    "li",
    { class: `alarm tone-${tone}` },
    h(
      "span",
      { class: `text dot tone-${tone}` },
      href === undefined ? text : h("a", { href }, text),
    ),
    more === undefined ? undefined : h("span", { class: "more" }, more),
  );
}

function tileItem({ name, value, of, share, tone, href }: Tile): HTMLElement {
  return h(
    "li",
    { class: "tile" },
    h("a", { href }, h("span", { class: "name" }, name), " ", h("strong", {}, value)),
    " ",
    of === "" ? undefined : h("span", { class: "of" }, of),
    share === undefined ? undefined : barOf(share, tone),
  );
}

interface MapNode {
  node: NodeRow;
  gpus: GpuMark[];
}

function nodeItem({ node, gpus }: MapNode): HTMLElement {
  const words = h("span", { class: "visually-hidden" });
  return h(
    "li",
    { class: `box state-${node.state}` },
    h("a", { href: nodeHref(node.id) }, nodeName(node), words),
    gpus.length === 0 ? h("span", { class: "sub" }, "no GPU") : gpuStrip(gpus),
  );
}

/** What changes all the time is changed in its place. */
function showNode(item: HTMLElement, { node, gpus }: MapNode): void {
  const held = gpus.filter((gpu) => gpu.held > 0).length;
  const words = gpus.length === 0 ? "no GPU" : `${held} of ${countOf(gpus.length, "GPU")} held`;
  const link = item.firstElementChild!;
  set(link, "title", `${node.ip} · ${node.state} · ${words}`);
  setText(link.lastElementChild!, `, ${node.state}, ${words}`);
  if (gpus.length > 0) updateStrip(item.lastElementChild!, gpus);
}

function eventItem(event: EventRow, now: number): HTMLElement {
  const href = eventHref(event);
  const time = h("time", { class: "mono muted" });
  setText(time, timeText(event.at, now));
  set(time, "datetime", new Date(event.at).toISOString());
  return h(
    "li",
    {},
    time,
    h("span", {
      class: `dot tone-${SEVERITY_TONES[event.severity]}`,
      role: "img",
      "aria-label": event.severity,
    }),
    href === undefined ? h("span", {}, event.text) : h("a", { href }, event.text),
  );
}

function mark(state: string, level: number): HTMLElement {
  const fill = h("span", { class: "level" });
  fill.style.setProperty("height", `${level * 100}%`);
  return h("span", { class: `gpu ${state}`, "aria-hidden": "true" }, fill);
}
