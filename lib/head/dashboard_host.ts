/** The head's HTTP server: what it is given, and what it may ask of the head. */
import { join } from "node:path";
import { Dashboard, listenFault } from "../dashboard/dashboard.ts";
import type { DashboardHost } from "../dashboard/dashboard_host.ts";
import { scrapeTargets } from "../dashboard/scrape.ts";
import { packagesDir, PackageStore } from "../runtime/packages.ts";
import { ensureInstanceDir, runtimePaths } from "../runtime/paths.ts";
import { makeToken } from "../runtime/token.ts";
import { writeWhole } from "../runtime/whole_file.ts";
import type { DashboardConfig, HeadConfig } from "./config.ts";
import { pageHost } from "./page_host.ts";
import { metricsText } from "./metrics_text.ts";
import { prefersOpenMetrics } from "./openmetrics.ts";
import { unreadiness } from "./readiness.ts";
import { PortError } from "./server.ts";
import type { HeadState } from "./state.ts";

/** Ray's name for the file in which Prometheus' `file_sd_configs` finds what to scrape. */
const TARGETS_FILE = "prom_metrics_service_discovery.json";

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
    return opened(listen(state, config, dashboard, dashboard.port), config);
  } catch (error) {
    if (dashboard.any && error instanceof Deno.errors.AddrInUse) {
      return opened(listen(state, config, dashboard, 0), config);
    }
    const why = `Cannot serve jobs and metrics on ${dashboard.host}:${dashboard.port}: ` +
      `${listenFault(error)}`;
    const mend = "Choose another port with --dashboard-port N, or 0 for any that is free.";
    if (dashboard.asked) throw new PortError(`${why}.`, mend, { cause: error });
    return { fault: `${why}. The cluster works without it. ${mend}` };
  }
}

function opened(server: Dashboard, { runtime_dir }: HeadConfig): Opened {
  const text = JSON.stringify(scrapeTargets(server.address));
  try {
    writeWhole(join(runtime_dir, TARGETS_FILE), `${text}\n`, 0o600);
  } catch { /* a full disk keeps nobody from working; whoever reads the file looks again */ }
  return { server };
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
    page: pageHost(state),
    cluster: state.cluster,
    metrics: (accept) =>
      metricsText(state, prefersOpenMetrics(accept) ? "openmetrics" : "prometheus"),
    unreadiness: () => unreadiness(state),
    address: () => state.dashboard,
    failed: (what, error) =>
      state.log.write("error", `${what} failed: ${(error as Error)?.stack ?? error}`),
  };
}
