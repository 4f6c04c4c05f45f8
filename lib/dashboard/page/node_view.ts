/** One node: its GPUs, its actors, its logs. */
import { ACTOR_COLUMNS, type ActorLine, actorLines } from "./actors_model.ts";
import { DataTable } from "./data_table.ts";
import { h, setChildren } from "./dom.ts";
import { amountsText, durationText, momentText, shareText } from "./format.ts";
import { GPU_COLUMNS, type GpuLine, gpuLines, nodeName, stateCell } from "./nodes_model.ts";
import { backLink, type Context, Facts, heading, section, stateMark, type View } from "./view.ts";

export function nodeView(context: Context, id: string): View {
  const { tables } = context;
  const node = () => tables.get("nodes", id);
  const facts = new Facts();
  const state = h("span");
  const gpus = new DataTable<GpuLine>({
    label: "GPUs of the node",
    columns: GPU_COLUMNS,
    key: ({ index }) => String(index),
    empty: "It has no GPU.",
    plain: true,
  });
  const actors = new DataTable<ActorLine>({
    label: "actors on the node",
    columns: ACTOR_COLUMNS.filter(({ id }) => id !== "node"),
    key: ({ actor }) => actor.id,
    order: "state",
    empty: "No actor is on it.",
    plain: true,
  });
  const title = node() ? `Node ${nodeName(node())}` : "Node";
  const element = h(
    "div",
    { class: "view" },
    backLink("#/nodes", "Nodes"),
    heading(title, state),
    facts.element,
    section("GPUs", gpus.element),
    section("Actors", actors.element),
    section(
      "Logs",
      h("p", {}, h("a", { href: `#/logs?node=${id}` }, "Read the logs of this node")),
    ),
  );
  return {
    title,
    element,
    update() {
      const row = node();
      if (!row) {
        setChildren(state, stateMark({ text: "forgotten", tone: "muted" }));
        return;
      }
      const now = context.now();
      setChildren(state, stateMark(stateCell(row, now)));
      const readings = tables.get("readings", id);
      const share = (used?: number, total?: number) =>
        used === undefined || total === undefined ? "–" : shareText(used, total);
      facts.show([
        ["Address", [row.ip, ...row.aliases].join(", ")],
        ["Id", row.id],
        ["Role", row.head ? "head and node" : "node"],
        ["Joined", `${momentText(row.joined_at)}, ${durationText(now - row.joined_at)} ago`],
        ...(row.why === undefined ? [] : [["Why it is gone", row.why] as const]),
        ["Has", amountsText(row.total) || "–"],
        ["Free", amountsText(row.available) || "–"],
        ["Memory", share(readings?.memory_used, readings?.memory_total)],
        ["/dev/shm", share(readings?.shm_used, readings?.shm_total)],
        ["Disk", share(readings?.disk_used, readings?.disk_total)],
        ["Load", readings?.load1 === undefined ? "–" : String(readings.load1)],
        ["Message there and back", readings?.rtt_ms === undefined ? "–" : `${readings.rtt_ms} ms`],
        [
          "Labels",
          Object.entries(row.labels).filter(([name]) => !name.startsWith("ray.io/"))
            .map(([name, value]) => `${name}=${value}`).join(", ") || "none",
        ],
        ...(row.build === undefined ? [] : [["Build", row.build] as const]),
      ]);
      gpus.show(gpuLines({ node: row, readings }));
      actors.show(
        actorLines(tables, now).filter(({ actor }) =>
          actor.node_id === id && actor.state !== "DEAD"
        ),
      );
    },
  };
}
