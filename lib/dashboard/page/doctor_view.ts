/** What the doctor found, the worst first, and a button that has it look again. */
import type { DoctorRow, FindingRow } from "../picture.ts";
import { faultText, request } from "./api.ts";
import { h, setText } from "./dom.ts";
import { SEVERITY_TONES } from "./events_model.ts";
import { filterOf } from "./filter.ts";
import { countOf, durationText } from "./format.ts";
import { type Context, heading, type View, withCode } from "./view.ts";

export function doctorView(context: Context): View {
  const { tables } = context;
  const said = h("p", { class: "note" });
  const fault = h("p", { class: "fault", role: "alert", hidden: true });
  const list = h("div", { class: "findings" });
  const run = h("button", { type: "button", class: "primary", onclick }, "Examine the cluster");
  const search = h("input", {
    type: "search",
    class: "search",
    placeholder: "Search findings",
    "aria-label": "Search findings",
    "aria-keyshortcuts": "/",
    autocomplete: "off",
    spellcheck: "false",
    oninput: () => view.update(),
  });
  let shown = "";
  let wasRunning = false;
  /** Why the last run failed. */
  let told: string | null = null;

  async function onclick(): Promise<void> {
    fault.hidden = true;
    try {
      await request("POST", "/api/doctor");
      context.announce("The examination has begun.");
    } catch (error) {
      setText(fault, faultText(error));
      fault.hidden = false;
    }
  }

  const view: View = {
    title: "Doctor",
    element: h(
      "div",
      { class: "view" },
      heading("Doctor", run),
      fault,
      said,
      h("div", { class: "tools", role: "search" }, search),
      list,
    ),
    search,
    update() {
      const row = tables.one("doctor");
      const findings = tables.rows("findings");
      run.disabled = row?.running === true;
      setText(run, row?.running ? "Examining …" : "Examine the cluster");
      if (row && row.fault !== told) {
        told = row.fault;
        setText(fault, told ?? "");
        fault.hidden = told === null;
      }
      setText(said, stateText(row, findings, context.now()));
      if (wasRunning && row?.running === false) context.announce(said.textContent ?? "");
      wasRunning = row?.running === true;
      const passes = filterOf(search.value);
      const kept = findings.filter((one) => passes({ ...one }));
      const text = JSON.stringify(kept);
      if (text === shown) return;
      shown = text;
      list.replaceChildren(...kept.map(card));
    },
  };
  return view;
}

const NOT_YET = { at: null, running: false, progress: null };

/** When it last looked, and what came of it. */
export function stateText(
  { at, running, progress }: Pick<DoctorRow, "at" | "running" | "progress"> = NOT_YET,
  findings: readonly FindingRow[],
  now: number,
): string {
  if (running) {
    const far = progress === null ? "" : ` (${progress})`;
    return `Every node is being examined, and the connections between them${far}.`;
  }
  if (at === null) return "The cluster has not been examined since the head was started.";
  const when = `Examined ${durationText(now - at)} ago: `;
  if (findings.length === 0) return `${when}nothing is wrong.`;
  return `${when}${countOf(findings.length, "finding")}.`;
}

function card(one: FindingRow): HTMLElement {
  const { code, check, severity, node, node_id, seen, breaks, mend } = one;
  const where = node ?? node_id?.slice(0, 12);
  return h(
    "article",
    { class: `finding tone-${SEVERITY_TONES[severity]}` },
    h(
      "h2",
      {},
      h("span", { class: `text dot tone-${SEVERITY_TONES[severity]}` }, severity),
      h("span", { class: "mono" }, code),
      h("span", {}, check),
      where === undefined
        ? undefined
        : node_id
        ? h("a", { href: `#/nodes/${node_id}` }, where)
        : h("span", {}, where),
    ),
    h("p", {}, seen),
    h("p", { class: "muted" }, breaks),
    h("p", { class: "mend" }, ...withCode(mend)),
  );
}
