/** The head's HTTP server: what it is given, and what it may ask of the head. */
import { join } from "node:path";
import { Dashboard, listenFault } from "../dashboard/dashboard.ts";
import type { DashboardHost } from "../dashboard/dashboard_host.ts";
import { packagesDir, PackageStore } from "../runtime/packages.ts";
import { ensureInstanceDir, runtimePaths } from "../runtime/paths.ts";
import { makeToken } from "../runtime/token.ts";
import type { DashboardConfig, HeadConfig } from "./config.ts";
import { metricsOf } from "./queries.ts";
import { PortError } from "./server.ts";
import type { HeadState } from "./state.ts";

/** What became of it: where it listens, or a sentence about why it is not there. */
export type Opened = { server: Dashboard } | { fault: string };

/**
 * Opens it as the configuration says.
 * @throws PortError where a port that was asked for cannot be had
 */
export function openDashboard(state: HeadState, config: HeadConfig): Opened | undefined {
  const { dashboard } = config;
  if (!dashboard) return undefined;
  try {
    return { server: listen(state, config, dashboard, dashboard.port) };
  } catch (error) {
    if (dashboard.any && error instanceof Deno.errors.AddrInUse) {
      return { server: listen(state, config, dashboard, 0) };
    }
    const why = `Cannot serve jobs and metrics on ${dashboard.host}:${dashboard.port}: ` +
      `${listenFault(error)}`;
    const mend = "Choose another port with --dashboard-port N, or 0 for any that is free.";
    if (dashboard.asked) throw new PortError(`${why}.`, mend, { cause: error });
    return { fault: `${why}. The cluster works without it. ${mend}` };
  }
}

function listen(
  state: HeadState,
  { runtime_dir }: HeadConfig,
  { host, names }: DashboardConfig,
  port: number,
): Dashboard {
  const own = makeToken(runtimePaths(runtime_dir).dashboardToken).token;
  return Dashboard.listen({
    host: hostOf(state, runtime_dir),
    listen: { host, port },
    // Its own besides the cluster's: this user's command line reads it, wherever the cluster's came
    // from. An open cluster is open to who reaches its port; running commands here is more than that.
    tokens: () => [own, ...state.keys.ring.taken(state.clock.now())],
    names: names ?? [],
    socket: join(ensureInstanceDir(runtime_dir).sockets, "http.sock"),
  });
}

function hostOf(state: HeadState, runtime_dir: string): DashboardHost {
  return {
    jobs: state.submissions,
    packages: new PackageStore(packagesDir(runtime_dir)),
    cluster: state.cluster,
    metrics: () => clusterMetrics(state) + metricsOf(state).text,
    failed: (what, error) =>
      state.log.write("error", `${what} failed: ${(error as Error)?.stack ?? error}`),
  };
}

/** Counts that the books have, by their states. */
function clusterMetrics({ brain: { books }, submissions }: HeadState): string {
  const counted = (name: string, help: string, label: string, states: Iterable<string>) => {
    const counts = new Map<string, number>();
    for (const state of states) counts.set(state, (counts.get(state) ?? 0) + 1);
    const lines = [...counts].sort().map(([state, count]) =>
      `${name}{${label}="${state}"} ${count}`
    );
    return [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, ...lines, ""].join("\n");
  };
  const jobs = submissions.list().filter((job) => job.type === "SUBMISSION");
  return [
    counted(
      "beam_nodes",
      "Nodes of the cluster.",
      "state",
      [...books.nodes.values()].map((n) => n.state),
    ),
    counted(
      "beam_actors",
      "Actors, and workers for tasks.",
      "state",
      [...books.actors.values()].map((a) => a.state),
    ),
    counted(
      "beam_placement_groups",
      "Placement groups.",
      "state",
      [...books.groups.values()].map((g) => g.state),
    ),
    counted("beam_submitted_jobs", "Submitted jobs.", "status", jobs.map((job) => job.status)),
  ].join("");
}
