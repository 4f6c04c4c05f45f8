import assert from "assert";
import { TWO_NODES } from "../../tests/golden/canned_status.ts";
import { meets, parseFilter, rowsOf } from "./ray_rows.ts";

Deno.test("rows have Ray's columns", () => {
  const columns = (kind: Parameters<typeof rowsOf>[1], detail: boolean) =>
    Object.keys(rowsOf(TWO_NODES, kind, detail)[0]!).join(" ");
  assert.equal(
    columns("nodes", false),
    "node_id node_ip is_head_node state state_message node_name resources_total labels",
  );
  assert.equal(
    columns("actors", false),
    "actor_id class_name state job_id name node_id pid ray_namespace",
  );
  assert.equal(columns("placement-groups", false), "placement_group_id name creator_job_id state");
  assert.match(columns("nodes", true), /start_time_ms end_time_ms$/);
  assert.equal(
    columns("jobs", false),
    "job_id submission_id entrypoint type status message error_type driver_info",
  );
});

Deno.test("leases for tasks are no actors", () => {
  const [first, ...rest] = TWO_NODES.actors;
  const status = { ...TWO_NODES, actors: [{ ...first!, kind: "task" as const }, ...rest] };
  assert.equal(rowsOf(status, "actors", false).length, TWO_NODES.actors.length - 1);
});

Deno.test("filters compare without regard to case", () => {
  const filter = (text: string) => parseFilter(text)!;
  const row = { state: "ALIVE", is_head_node: true, node_id: null };
  assert.ok(meets(row, filter("STATE=alive")));
  assert.ok(!meets(row, filter("state!=alive")));
  assert.ok(meets(row, filter("is_head_node = true")));
  assert.ok(meets(row, filter("node_id=")));
  assert.equal(parseFilter("state"), undefined);
});
