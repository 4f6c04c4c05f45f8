/** What axe finds wrong in a page that keeps people out: serious and critical faults. */
import axe, { type AxeResults } from "axe";
import type { Page } from "playwright";
import { inPage } from "./browser.ts";

/** One sentence for each fault, with where it is. */
export async function violations(page: Page): Promise<string[]> {
  // The page's policy lets nothing in; the protocol runs what it is told beside that.
  await page.evaluate(axe.source);
  const { violations: found } = await inPage<AxeResults>(
    page,
    'axe.run(document, { resultTypes: ["violations"] })',
  );
  return found.filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, help, nodes }) =>
      nodes.map(({ target, failureSummary = "" }) =>
        `${id}: ${help}: ${target.join(" ")}: ${failureSummary.replace(/\s+/g, " ")}`
      )
    );
}
