/** One job: what it runs, its output live, and a button that stops it. */
import { faultText, request } from "./api.ts";
import { confirmed } from "./dialogs.ts";
import { h, setChildren, setText } from "./dom.ts";
import { jobFacts, jobLines, jobState, mayStop } from "./jobs_model.ts";
import { LogPane } from "./log_pane.ts";
import { backLink, type Context, Facts, heading, section, stateMark, type View } from "./view.ts";

export function jobView(context: Context, id: string): View {
  const { tables } = context;
  const facts = new Facts();
  const state = h("span");
  const message = h("p", { class: "why", hidden: true });
  const fault = h("p", { class: "fault", role: "alert", hidden: true });
  const pane = new LogPane();
  const path = `/api/jobs/${encodeURIComponent(id)}`;
  const stop = h(
    "button",
    { type: "button", class: "danger", hidden: true, onclick },
    "Stop job …",
  );

  async function onclick(): Promise<void> {
    const sure = await confirmed({
      title: "Stop this job?",
      text:
        `${id} is asked to end. Its actors and tasks end with it, and what they had not written ` +
        "down is lost.",
      yes: "Stop it",
    });
    if (!sure) return;
    stop.disabled = true;
    try {
      await request("POST", `${path}/stop`);
      context.announce(`Job ${id} was asked to end.`);
      fault.hidden = true;
    } catch (error) {
      setText(fault, faultText(error));
      fault.hidden = false;
      stop.disabled = false;
    }
  }

  const log = section("Output", pane.element);
  const title = `Job ${id}`;
  return {
    title,
    element: h(
      "div",
      { class: "view" },
      backLink("#/jobs", "Jobs"),
      heading(title, state, stop),
      fault,
      message,
      facts.element,
      log,
    ),
    search: pane.search,
    update() {
      const line = jobLines(tables, context.now()).find(({ job }) => job.id === id);
      if (!line) {
        return setChildren(state, stateMark({ text: "not known (any more)", tone: "muted" }));
      }
      const { job } = line;
      setChildren(state, stateMark(jobState(job)));
      stop.hidden = !mayStop(job);
      message.hidden = job.message === null || job.status === "RUNNING";
      setText(message, job.message ?? "");
      facts.show(jobFacts(line));
      log.hidden = !job.submitted;
      if (job.submitted) pane.offer([{ label: "output", url: `${path}/logs/live` }]);
    },
    close: () => pane.close(),
    hidden: (isHidden) => pane.hidden(isHidden),
  };
}
