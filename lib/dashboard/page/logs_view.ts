/** Logs of any node: daemons, the head, workers, submitted jobs. */
import type { LogFile } from "../picture.ts";
import { faultText, request } from "./api.ts";
import { h } from "./dom.ts";
import { bytesText } from "./format.ts";
import { LogPane } from "./log_pane.ts";
import { nodeName } from "./nodes_model.ts";
import { type Context, heading, type View } from "./view.ts";

/** How often the list of files is asked for again, in milliseconds. */
const LOOK_MS = 10_000;
const ORDER = ["head", "daemon", "job", "worker", "other"];

export function logsView(context: Context): View {
  const { tables, query } = context;
  const nodes = h("select", { "aria-label": "Node" });
  const pane = new LogPane([nodes]);
  let listed = "";
  let asked = "";
  let offered = "";
  let askedAt = 0;

  nodes.addEventListener("change", () => {
    asked = "";
    view.update();
  });

  async function ask(node_id: string): Promise<void> {
    try {
      const files = await request<LogFile[]>("GET", `/api/nodes/${node_id}/logs`);
      if (asked !== node_id) return;
      offered = node_id;
      files.sort((a, b) => ORDER.indexOf(a.of) - ORDER.indexOf(b.of) || b.modified - a.modified);
      pane.offer(files.map((file) => ({ label: fileText(file), url: urlOf(node_id, file.name) })));
      if (files.length === 0) pane.say("This node has no log files.");
    } catch (error) {
      if (asked !== node_id) return;
      if (offered === node_id) return; // what is being read stays while its head or node is away
      pane.offer([]);
      pane.say(faultText(error));
    }
  }

  const view: View = {
    title: "Logs",
    element: h("div", { class: "view tall" }, heading("Logs"), pane.element),
    search: pane.search,
    update() {
      const there = tables.rows("nodes").filter(({ state }) => state !== "dead");
      const text = JSON.stringify(there.map((node) => [node.id, nodeName(node)]));
      if (text !== listed) {
        listed = text;
        const former = nodes.value || query.get("node") ||
          there.find(({ head }) => head)?.id || "";
        nodes.replaceChildren(
          ...there.map((node) =>
            h("option", { value: node.id }, node.head ? `${nodeName(node)} (head)` : nodeName(node))
          ),
        );
        if (there.some(({ id }) => id === former)) nodes.value = former;
      }
      const wanted = nodes.value;
      const now = Date.now();
      if (wanted === "" || (wanted === asked && now - askedAt < LOOK_MS)) return;
      asked = wanted;
      askedAt = now;
      ask(wanted);
    },
    hidden: (isHidden) => pane.hidden(isHidden),
    close() {
      asked = "";
      pane.close();
    },
  };
  return view;
}

function urlOf(node_id: string, name: string): string {
  return `/api/nodes/${node_id}/log?name=${encodeURIComponent(name)}`;
}

/** What a file is the output of, and how large it is. */
export function fileText(file: LogFile): string {
  const { of, name, class_name, actor, stream, incarnation, pid, submission_id, running, bytes } =
    file;
  const size = bytesText(bytes);
  const ended = running ? "" : ", ended";
  if (of === "worker") {
    const who = class_name ?? `actor ${actor ?? ""}`;
    const life = (incarnation ?? 1) > 1 ? `, life ${incarnation}` : "";
    const process = pid === undefined ? ` ${actor?.slice(0, 8) ?? ""}` : ` (pid ${pid})`;
    return `${who}${process}${life}, ${stream === "err" ? "stderr" : "stdout"}${ended} – ${size}`;
  }
  if (of === "job") return `job ${submission_id ?? name}${ended} – ${size}`;
  return `${of === "other" ? name : /\.\d+$/.test(name) ? `${of} (${name})` : of} – ${size}`;
}
