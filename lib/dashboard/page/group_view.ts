/** One placement group: why it waits, where its bundles are. */
import { DataTable } from "./data_table.ts";
import { h, setChildren, setText } from "./dom.ts";
import { durationText, momentText } from "./format.ts";
import {
  BUNDLE_COLUMNS,
  type BundleLine,
  bundleLines,
  bundlesText,
  groupName,
  groupState,
} from "./groups_model.ts";
import { backLink, type Context, Facts, heading, section, stateMark, type View } from "./view.ts";

export function groupView(context: Context, id: string): View {
  const { tables } = context;
  const facts = new Facts();
  const state = h("span");
  const why = h("p", { class: "why", hidden: true });
  const bundles = new DataTable<BundleLine>({
    label: "bundles of the group",
    columns: BUNDLE_COLUMNS,
    key: ({ index }) => String(index),
    empty: "It has no bundle.",
    plain: true,
  });
  const known = tables.get("groups", id);
  const title = known ? `Placement group ${groupName(known)}` : "Placement group";
  return {
    title,
    element: h(
      "div",
      { class: "view" },
      backLink("#/groups", "Placement groups"),
      heading(title, state),
      why,
      facts.element,
      section("Bundles", bundles.element),
    ),
    update() {
      const group = tables.get("groups", id);
      if (!group) {
        return setChildren(state, stateMark({ text: "not known (any more)", tone: "muted" }));
      }
      const now = context.now();
      setChildren(state, stateMark(groupState(group)));
      why.hidden = group.why === undefined;
      setText(why, group.why ?? "");
      const moment = (at: number) => `${momentText(at)}, ${durationText(now - at)} ago`;
      facts.show([
        ["Id", group.id],
        ["Strategy", group.strategy],
        ["Bundles", bundlesText(group.bundles)],
        ["Job", group.job_id, `#/actors?q=job:${group.job_id}`],
        ["Asked for", moment(group.requested_at)],
        ...(group.created_at === undefined ? [] : [["Created", moment(group.created_at)] as const]),
        ...(group.removed_at === undefined ? [] : [["Removed", moment(group.removed_at)] as const]),
        ...(group.detached ? [["Lives", "until it is removed: it is detached"] as const] : []),
      ]);
      bundles.show(bundleLines(group, tables));
    },
  };
}
