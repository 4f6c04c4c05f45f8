/** `has 0 of 2 GPU free (held by actor A 1, placement group B bundle 0: 1)`. */
import type { Amounts } from "./amounts.ts";
import { countText } from "./amounts.ts";
import type { Books } from "./books.ts";
import type { Holder } from "./holders.ts";
import { jobText } from "./jobs.ts";
import type { Ledger } from "./ledger.ts";
import { pickDevices } from "./gpu_shares.ts";

/** A place, what it has, and what is asked of it. */
export interface ShortageRequest {
  ledger: Ledger;
  whole: Amounts;
  /** In the node's own words. */
  need: Amounts;
  holders: readonly Holder[];
  /** The asker's job; holders of other jobs are named with theirs. */
  job_id: string;
  books: Books;
}

const MOST_HOLDERS = 4;

/** What is missing there and who has it, or undefined where nothing is missing. */
export function shortageText(request: ShortageRequest): string | undefined {
  const { ledger, whole, need } = request;
  const parts: string[] = [];
  const none: string[] = [];
  for (const [name, units] of Object.entries(need)) {
    const free = ledger.free[name] ?? 0;
    if (free >= units) continue;
    const total = whole[name] ?? 0;
    if (total === 0) none.push(name);
    else parts.push(`${freeText(name, free, total)}${heldText(request, name)}`);
  }
  if (none.length > 0) parts.unshift(`no ${none.join(" and no ")}`);
  if (parts.length === 0 && pickDevices(ledger.gpus, need.GPU ?? 0) === undefined) {
    const shares = ledger.gpus.filter(([, units]) => units > 0)
      .map(([index, units]) => `${countText("GPU", units)} on GPU ${index}`);
    parts.push(
      `${freeText("GPU", ledger.free.GPU ?? 0, whole.GPU ?? 0)}, but in parts of devices ` +
        `(${shares.join(", ")})${heldText(request, "GPU")}`,
    );
  }
  return parts.length === 0 ? undefined : `has ${parts.join(" and ")}`;
}

function freeText(name: string, free: number, total: number): string {
  return `${countText(name, Math.max(0, free))} of ${countText(name, total)} ${name} free`;
}

function heldText({ holders, job_id, books }: ShortageRequest, name: string): string {
  const units = (holder: Holder) => holder.grant.amounts[name] ?? 0;
  const own = holders.filter((holder) => units(holder) > 0)
    .sort((a, b) => units(b) - units(a));
  if (own.length === 0) return "";
  const parts = own.slice(0, MOST_HOLDERS).map((holder) => {
    const job = holder.job_id === job_id ? undefined : books.jobs.get(holder.job_id);
    const owner = job ? ` of ${jobText(job, books.nodes.get(job.node_id)?.ip)}` : "";
    return `${holder.text}${owner}: ${countText(name, units(holder))}`;
  });
  const rest = own.slice(MOST_HOLDERS);
  if (rest.length > 0) {
    const sum = rest.reduce((total, holder) => total + units(holder), 0);
    parts.push(`${rest.length} others: ${countText(name, sum)}`);
  }
  return ` (held by ${parts.join(", ")})`;
}
