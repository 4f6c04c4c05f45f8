/** One actor: its life, what its deaths were, its logs. */
import type { ActorDetails, DeathDetails, DeathText, LogFile } from "../picture.ts";
import {
  actorFacts,
  actorName,
  actorState,
  deathHeading,
  lifeOf,
  type LifePart,
} from "./actors_model.ts";
import { ApiError, faultText, request } from "./api.ts";
import { h, setChildren, setText } from "./dom.ts";
import { durationText, momentText, timeText } from "./format.ts";
import { LogPane } from "./log_pane.ts";
import { nodeName } from "./nodes_model.ts";
import {
  backLink,
  type Context,
  Facts,
  heading,
  section,
  stateMark,
  type View,
  withCode,
} from "./view.ts";

export function actorView(context: Context, id: string): View {
  const { tables } = context;
  const facts = new Facts();
  const state = h("span");
  const life = h("div", { class: "life" });
  const deaths = h("div", { class: "deaths" });
  const fault = h("p", { class: "fault", role: "alert", hidden: true });
  const pane = new LogPane();
  const known = tables.get("actors", id);
  const title = known ? `Actor ${actorName(known)}` : "Actor";
  const head = heading(title, state);
  const died = section("Deaths", deaths);
  const element = h(
    "div",
    { class: "view" },
    backLink("#/actors", "Actors"),
    head,
    fault,
    facts.element,
    section("Life", life),
    died,
    section("Log", pane.element),
  );
  let details: ActorDetails | undefined;
  let asked = "";
  let logsAsked = "";
  let closed = false;

  async function ask(): Promise<void> {
    try {
      details = await request<ActorDetails>("GET", `/api/actors/${id}`);
      fault.hidden = true;
    } catch (error) {
      setText(fault, faultText(error));
      fault.hidden = false;
      if (!(error instanceof ApiError)) asked = ""; // once the head is back
    }
    if (!closed) draw();
  }

  async function askLogs(node_id: string, name: string): Promise<void> {
    pane.say("looking for its log …");
    try {
      const files = await request<LogFile[]>("GET", `/api/nodes/${node_id}/logs`);
      if (closed) return;
      const own = files.filter(({ actor }) => actor === id.slice(0, 12));
      own.sort((a, b) =>
        (b.incarnation ?? 0) - (a.incarnation ?? 0) || (a.stream === "err" ? -1 : 1)
      );
      pane.offer(own.map((file) => ({
        label: `${file.stream === "err" ? "standard error" : "standard output"}, life ${
          file.incarnation ?? 1
        }${/\.\d+$/.test(file.name) ? " (older)" : ""}`,
        url: `/api/nodes/${node_id}/log?name=${encodeURIComponent(file.name)}`,
      })));
      if (own.length === 0) pane.say(`${name} has no log of it (any more)`);
    } catch (error) {
      pane.say(faultText(error));
      if (!(error instanceof ApiError)) logsAsked = "";
    }
  }

  function draw(): void {
    const now = context.now();
    const actor = tables.get("actors", id) ?? details?.actor;
    if (!actor) return;
    setText(head.firstElementChild!, `Actor ${actorName(actor)}`);
    setChildren(state, stateMark(actorState(actor)));
    facts.show(actorFacts({ actor, tables, now }));
    if (!details) return;
    const parts = lifeOf({ actor, events: details.events });
    show(life, JSON.stringify([parts, Math.floor(now / 1000)]), () => [lifeLine(parts, now)]);
    const told = deathsOf(details);
    died.hidden = told.length === 0;
    show(deaths, JSON.stringify(told), () => told.map((one) => deathCard(one, now)));
  }

  return {
    title,
    element,
    search: pane.search,
    update() {
      const actor = tables.get("actors", id) ?? details?.actor;
      const version = JSON.stringify([actor?.state, actor?.life, actor?.death]);
      if (version !== asked) {
        asked = version;
        ask();
      }
      const node_id = actor?.node_id || details?.death?.node_id;
      if (node_id && `${node_id} ${actor?.life}` !== logsAsked && actor?.step !== "starting") {
        logsAsked = `${node_id} ${actor?.life}`;
        askLogs(node_id, nodeName(tables.get("nodes", node_id)));
      }
      draw();
    },
    hidden: (isHidden) => pane.hidden(isHidden),
    close() {
      closed = true;
      pane.close();
    },
  };
}

/** Its deaths, the last one first; one that somebody asked for is only in the last report. */
function deathsOf({ deaths, death, actor }: ActorDetails): DeathDetails[] {
  const told = deaths.toReversed();
  if (!death || told.some(({ report }) => report.at === death.at)) return told;
  const heard_at = death.at ?? actor.ended_at ?? actor.since;
  return [
    { id: "last", heard_at, life: actor.life, restarted: false, report: death },
    ...told,
  ];
}

function lifeLine(parts: readonly LifePart[], now: number): HTMLElement {
  const from = parts[0]!.from;
  const dead = parts.at(-1)!.state === "dead";
  const end = Math.max(from + 1, dead ? parts.at(-1)!.from : now);
  const bar = h("div", { class: "lifebar", "aria-hidden": "true" });
  for (const { state, from: at, to = end } of parts) {
    if (state === "dead") continue;
    const stretch = h("span", { class: `life-${state}` });
    stretch.style.setProperty("flex-grow", String(Math.max((to - at) / (end - from), 0.004)));
    bar.append(stretch);
  }
  if (dead) bar.append(h("span", { class: "life-dead" }));
  const list = h("ol", { class: "lifelist" });
  for (const { state, from: at, to, life } of parts) {
    const took = state === "dead" ? "" : `for ${durationText((to ?? now) - at)}`;
    list.append(h(
      "li",
      {},
      h("span", { class: `key life-${state}`, "aria-hidden": "true" }),
      h(
        "span",
        { class: "what" },
        life > 1 && state !== "dead" ? `${state} (life ${life})` : state,
      ),
      h("time", { title: momentText(at), class: "muted" }, `${timeText(at, now)} ${took}`),
    ));
  }
  return h("div", {}, bar, list);
}

function deathCard(death: DeathDetails, now: number): HTMLElement {
  const { report, first, heard_at } = death;
  const facts = new Facts();
  const pairs: [string, string, string?][] = [];
  if (report.exit_code !== undefined) pairs.push(["Exit code", String(report.exit_code)]);
  if (report.signal !== undefined) pairs.push(["Signal", report.signal]);
  if (report.node_ip !== undefined) {
    const href = report.node_id === undefined ? undefined : `#/nodes/${report.node_id}`;
    pairs.push(href ? ["Node", report.node_ip, href] : ["Node", report.node_ip]);
  }
  if (report.pid !== undefined) pairs.push(["Process", String(report.pid)]);
  if (report.devices && report.devices.length > 0) pairs.push(["GPUs", report.devices.join(", ")]);
  if (report.uptime_ms !== undefined) pairs.push(["Lived for", durationText(report.uptime_ms)]);
  facts.show(pairs);
  return h(
    "article",
    { class: "death" },
    h(
      "h3",
      {},
      deathHeading(death),
      h("time", { class: "muted", title: momentText(heard_at) }, timeText(heard_at, now)),
    ),
    h("p", { class: "said" }, report.message),
    firstCause(first, report),
    report.mend ? h("p", { class: "mend" }, ...withCode(report.mend)) : undefined,
    facts.element,
    words("Traceback", report.traceback?.trimEnd()),
    words("Last words on standard error", report.stderr_tail?.join("\n")),
  );
}

function firstCause(first: DeathDetails["first"], report: DeathText): HTMLElement | undefined {
  if (first) {
    const { actor_id, who, report: { message, node_id } } = first;
    const href = actor_id ? `#/actors/${actor_id}` : node_id ? `#/nodes/${node_id}` : undefined;
    return h(
      "p",
      { class: "first" },
      h("strong", {}, "First came the death of "),
      href ? h("a", { href }, who) : who,
      `: ${message}`,
    );
  }
  if (report.caused_by === undefined) return undefined;
  const why = report.cause_message === undefined ? "" : `: ${report.cause_message}`;
  return h(
    "p",
    { class: "first" },
    h("strong", {}, "First came the death of "),
    report.caused_by + why,
  );
}

function words(title: string, text: string | undefined): HTMLElement | undefined {
  if (text === undefined || text === "") return undefined;
  return h(
    "figure",
    {},
    h("figcaption", {}, title),
    h("pre", { tabindex: "0", role: "region", "aria-label": title }, text),
  );
}

const shown = new WeakMap<Element, string>();

/** Draws anew only what has another text. */
function show(place: Element, text: string, make: () => Node[]): void {
  if (shown.get(place) === text) return;
  shown.set(place, text);
  place.replaceChildren(...make());
}
