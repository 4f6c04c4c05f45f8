/** Which requests are refused at once, and in which words. */
import type { ActorSpec, Owner } from "./actors.ts";
import { actorText } from "./actors.ts";
import type { Amounts } from "./amounts.ts";
import { amountsFault, amountsText, largerOf } from "./amounts.ts";
import type { Books } from "./books.ts";
import { nameKey } from "./books.ts";
import type { ActorRejection, GroupRejection } from "./effects.ts";
import { gpuFault } from "./gpu_shares.ts";
import type { GroupSpec } from "./groups.ts";
import { groupText } from "./groups.ts";
import { findGrant, ledgerOf } from "./ledger.ts";
import { UNIT } from "./amounts.ts";

/** A refusal in words. */
export interface Refusal<Code> {
  code: Code;
  message: string;
}

/** Why the actor cannot be created, or undefined. */
export function actorFault(books: Books, spec: ActorSpec): Refusal<ActorRejection> | undefined {
  const refuse = (code: ActorRejection, why: string) => ({
    code,
    message: `Cannot create ${actorText(spec)}: ${why}`,
  });
  if (!/^[0-9a-f]{32}$/.test(spec.actor_id)) {
    return refuse("bad_request", `its id must be 32 hex digits, got ${spec.actor_id}.`);
  }
  if (!Number.isInteger(spec.max_restarts) || spec.max_restarts < -1) {
    return refuse(
      "bad_request",
      `max_restarts must be a whole number of at least -1, got ${spec.max_restarts}.`,
    );
  }
  const amounts = resourcesFault(spec.place) ?? resourcesFault(spec.run);
  if (amounts !== undefined) return refuse("bad_resources", `${amounts}.`);
  const owner = ownerFault(books, spec.owner);
  if (owner !== undefined) return refuse("owner_dead", owner);
  const holder = spec.name === "" ? undefined : books.names.get(nameKey(spec.namespace, spec.name));
  if (holder !== undefined) {
    return refuse(
      "name_taken",
      `the name ${spec.name} (namespace ${spec.namespace}) is taken by actor ` +
        `${holder.slice(0, 8)}…. Use another name, or get that actor by it.`,
    );
  }
  const group = spec.pg && books.groups.get(spec.pg.pg_id);
  if (group?.state === "REMOVED") {
    return refuse("group_removed", `${groupText(group)} was removed.`);
  }
  const bundle = group && bundleFault(group, spec);
  return bundle === undefined ? undefined : refuse("bad_bundle", bundle);
}

/** Why the group cannot be created, or undefined. */
export function groupFault(books: Books, spec: GroupSpec): Refusal<GroupRejection> | undefined {
  const refuse = (code: GroupRejection, why: string) => ({
    code,
    message: `Cannot create ${groupText(spec)}: ${why}`,
  });
  if (!/^[0-9a-f]{36}$/.test(spec.pg_id)) {
    return refuse("bad_request", `its id must be 36 hex digits, got ${spec.pg_id}.`);
  }
  if (!["PACK", "SPREAD", "STRICT_PACK", "STRICT_SPREAD"].includes(spec.strategy)) {
    return refuse(
      "bad_request",
      `its strategy must be PACK, SPREAD, STRICT_PACK or STRICT_SPREAD, got ${spec.strategy}.`,
    );
  }
  if (spec.bundles.length === 0) {
    return refuse("bad_resources", "it must have at least one bundle, got none.");
  }
  for (const [index, bundle] of spec.bundles.entries()) {
    const fault = resourcesFault(bundle);
    if (fault !== undefined) return refuse("bad_resources", `bundle ${index}: ${fault}.`);
    if (!Object.values(bundle).some((units) => units > 0)) {
      return refuse("bad_resources", `bundle ${index} must ask for something, it is empty.`);
    }
  }
  const owner = ownerFault(books, spec.owner);
  return owner === undefined ? undefined : refuse("owner_dead", owner);
}

/** Why no bundle of the group can ever hold the actor, or undefined. */
export function bundleFault(group: GroupSpec, spec: ActorSpec): string | undefined {
  const at = spec.pg?.bundle_index ?? -1;
  const count = group.bundles.length;
  if (!Number.isInteger(at) || at < -1 || at >= count) {
    return `the bundle index must be -1 to ${count - 1} in ${groupText(group)}, got ${at}.`;
  }
  const need = withoutNodes(largerOf(spec.place, spec.run));
  const bundles = at === -1 ? group.bundles : [group.bundles[at]!];
  if (bundles.some((bundle) => bundleHolds(bundle, need))) return undefined;
  const most = bundles.map((bundle) => `{${amountsText(bundle)}}`);
  return `it needs ${amountsText(need)}, and ` +
    (at === -1
      ? `no bundle of ${groupText(group)} holds that; they hold ${most.slice(0, 4).join(", ")}` +
        `${most.length > 4 ? ", …" : ""}.`
      : `bundle ${at} of ${groupText(group)} holds ${most[0]}.`);
}

/** `node:` names are left out: a bundle says them by any alias, its node decides. */
function withoutNodes(amounts: Amounts): Amounts {
  return Object.fromEntries(Object.entries(amounts).filter(([name]) => !name.startsWith("node:")));
}

function bundleHolds(bundle: Amounts, need: Amounts): boolean {
  const units = bundle.GPU ?? 0;
  const gpus: [number, number][] = units < UNIT
    ? (units > 0 ? [[0, units]] : [])
    : Array.from({ length: units / UNIT }, (_, index) => [index, UNIT]);
  return findGrant(ledgerOf({ amounts: bundle, gpus }), need) !== undefined;
}

function resourcesFault(amounts: Amounts): string | undefined {
  return amountsFault(amounts) ?? gpuFault(amounts.GPU ?? 0);
}

function ownerFault(books: Books, owner: Owner): string | undefined {
  if (owner.job_id === "") return undefined; // the head's own: the supervisor of a submitted job
  const job = books.jobs.get(owner.job_id);
  if (job === undefined) return `its job ${owner.job_id} is not known. Call ray.init() first.`;
  const actor = owner.actor_id === undefined ? undefined : books.actors.get(owner.actor_id);
  if (owner.actor_id !== undefined) {
    if (actor === undefined || actor.step === "ended") {
      return `its owner, actor ${owner.actor_id.slice(0, 8)}…, has ended.`;
    }
    if (owner.incarnation !== undefined && owner.incarnation !== actor.incarnation) {
      return `its owner, ${actorText(actor)}, was restarted since.`;
    }
    return undefined;
  }
  return job.state === "ended" ? `its job ${job.job_id} has ended.` : undefined;
}
