/** Answers for machines that watch: metrics, where to scrape them, and whether the head takes work. */
import { jsonAnswer, textAnswer } from "./answers.ts";
import type { DashboardHost } from "./dashboard_host.ts";

/** `GET /metrics`: as Prometheus text or, where the request's `Accept` prefers that, as OpenMetrics. */
export async function metrics(host: DashboardHost, request: Request): Promise<Response> {
  const { text, type } = await host.metrics(request.headers.get("accept"));
  const answer = textAnswer(text);
  answer.headers.set("content-type", type);
  return answer;
}

/** `GET /api/prometheus/sd`: what Prometheus' HTTP service discovery reads, as Ray answers it. */
export function serviceDiscovery({ address }: DashboardHost): Response {
  return jsonAnswer(scrapeTargets(address()));
}

/** The one place to scrape, in the form of Prometheus' service discovery. */
export function scrapeTargets(address: string) {
  return [{ labels: { job: "ray" }, targets: [address] }];
}

/** `GET /readyz`: 200 where the head takes new work; 503 with a line for each reason why not. */
export function readiness({ unreadiness }: DashboardHost): Response {
  const reasons = unreadiness();
  return reasons.length === 0 ? textAnswer("ready\n") : textAnswer(`${reasons.join("\n")}\n`, 503);
}
