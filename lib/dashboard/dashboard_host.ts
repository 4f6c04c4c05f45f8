/** What the HTTP server needs of the head. */
import type { PackageStore } from "../runtime/packages.ts";
import type { JobsApi } from "./jobs_api.ts";
import type { PageHost } from "./page_host.ts";

/** See the top of this file. */
export interface DashboardHost {
  jobs: JobsApi;
  packages: PackageStore;
  page: PageHost;
  /** The cluster's id, shown as the session's name. */
  cluster: string;
  /** What beam and what programs count, in the format that a request's `Accept` prefers. */
  metrics(accept: string | null): Promise<{ text: string; type: string }>;
  /** Why the head takes no new work, in sentences; none: it does. */
  unreadiness(): string[];
  /** `host:port` of the server itself. */
  address(): string;
  /** A request failed in a way that is our mistake. */
  failed(what: string, error: unknown): void;
}
