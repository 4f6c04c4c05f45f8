/** What the HTTP server needs of the head. */
import type { PackageStore } from "../runtime/packages.ts";
import type { JobsApi } from "./jobs_api.ts";

/** See the top of this file. */
export interface DashboardHost {
  jobs: JobsApi;
  packages: PackageStore;
  /** The cluster's id, shown as the session's name. */
  cluster: string;
  /** Counts of nodes, actors and jobs, and what programs count, as Prometheus text. */
  metrics(): string;
  /** A request failed in a way that is our mistake. */
  failed(what: string, error: unknown): void;
}
