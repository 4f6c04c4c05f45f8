/** The dashboard in a browser, over a real cluster: what an operator clicks, reads and types. */
import assert from "assert";
import { join } from "node:path";
import type { Browser, Page } from "playwright";
import type { Node } from "../e2e/harness/node.ts";
import { freePort } from "../e2e/harness/ports.ts";
import { signal } from "../e2e/harness/processes.ts";
import type { Program } from "../e2e/harness/program.ts";
import { theme } from "../e2e/harness/scenario.ts";
import { until } from "../e2e/harness/until.ts";
import { violations } from "./accessibility.ts";
import { inPage, lacking, launch, Visit } from "./browser.ts";

/** The menu. */
const PLACES = [
  ...["Overview", "Nodes", "Actors", "Groups", "Jobs"],
  ...["Tasks", "Objects", "Logs", "Doctor", "Events"],
];

const lacks = lacking();
if (lacks !== undefined) console.log(`not tried: the dashboard in a browser: ${lacks}`);
else {
  let browser: Browser;
  let head: Node;
  let url: string;
  let token: string;
  let driver: Program;
  const { place, test } = theme("dashboard", async (place) => {
    browser = await launch();
    // A head that is started again listens where it did.
    head = await place.head({ gpus: 2, flags: ["--dashboard-port", `${freePort()}`] });
    await place.join(head, { gpus: 1 });
    url = `http://${head.record.dashboard}/`;
    token = Deno.readTextFileSync(join(head.dir, "dashboard_token")).trim();
    driver = head.driver("dashboard.py", [], { input: true });
    await driver.said();
  });
  Deno.test.afterAll(() => browser?.close());

  const open = (options = {}) => Visit.open(browser, url, options);
  const enter = async (options = {}) => {
    const visit = await open(options);
    await visit.enter(token);
    return visit;
  };
  const row = (page: Page, text: string | RegExp) =>
    page.locator("tbody tr").filter({ hasText: text });

  test("a wrong token is refused, the right one opens, and it is kept nowhere in the page", async () => {
    await using visit = await open();
    const { page } = visit;
    visit.expected = [/status of 403/];
    await visit.picture("login");
    await visit.logIn("wrong");
    await page.getByRole("alert").filter({ hasText: "not the cluster's token" }).waitFor();
    await visit.logIn(token);
    await visit.live();
    await visit.picture("overview-light");
    const [cookie] = await page.context().cookies();
    assert.deepEqual([cookie!.httpOnly, cookie!.sameSite], [true, "Strict"]);
    const kept = await inPage<string>(
      page,
      "JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href])",
    );
    assert.ok(!kept.includes(token) && !kept.includes(cookie!.value), kept);
    await page.reload();
    await visit.live();
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByLabel("Token").waitFor();
    const answer = await fetch(`${url}api/jobs`, {
      headers: { cookie: `${cookie!.name}=${cookie!.value}` },
    });
    assert.equal(answer.status, 401, "a copy of the cookie is worth nothing after logging out");
    await answer.body?.cancel();
  });

  test("names stay texts, and the browser holds the page to its policy", async () => {
    await using visit = await enter();
    visit.expected = [/Content Security Policy|Trusted(HTML|Script)/];
    const { page } = visit;
    await visit.go("Actors");
    await row(page, "<img src=x onerror=alert(1)>").click();
    await page.getByRole("heading", { level: 1, name: "Actor <img src=x" }).waitFor();
    assert.equal(await page.locator("main img").count(), 0);
    const refused = (action: string) =>
      inPage<string>(
        page,
        `(async () => { try { ${action}; return "done" } catch (error) { return error.name } })()`,
      );
    assert.equal(await refused('document.body.innerHTML = "<b>x</b>"'), "TypeError");
    const port = freePort();
    assert.equal(await refused(`await fetch("http://127.0.0.1:${port}/")`), "TypeError");
    const script = 'document.head.append(Object.assign(document.createElement("script"), ' +
      '{ text: "document.title = 1" }))';
    assert.equal(await refused(script), "TypeError");
  });

  test("an actor that died is found, and its cause read", async () => {
    await using visit = await enter();
    const { page } = visit;
    await visit.go("Actors");
    await row(page, "engine").filter({ hasText: "alive" }).waitFor();
    await visit.picture("actors-light");
    await page.getByRole("searchbox", { name: "Search actors" }).fill("state:dead victim");
    await page.locator("tbody tr").nth(1).waitFor({ state: "detached" });
    await row(page, "victim").click();
    await page.getByRole("heading", { level: 1, name: "Actor victim" }).waitFor();
    const death = page.locator(".death").filter({ hasText: "SIGKILL" });
    await death.getByText("illegal memory access").first().waitFor();
    await page.locator(".lifelist li").filter({ hasText: "dead" }).waitFor();
    await visit.picture("actor-dead-light");
    await page.goBack();
    assert.equal(
      await page.getByRole("searchbox").inputValue(),
      "state:dead victim",
      "the address kept the search",
    );
  });

  test("an actor that was started again shows both lives", async () => {
    await using visit = await enter();
    const { page } = visit;
    await visit.go("Actors");
    await row(page, "phoenix").filter({ hasText: "alive" }).click();
    await page.locator(".lifelist li").filter({ hasText: "alive (life 2)" }).waitFor();
    await page.locator(".death").filter({ hasText: "Life 1: SIGKILL, started again" }).waitFor();
  });

  test("a log is followed as it is written, and filtered", async () => {
    await using visit = await enter();
    const { page } = visit;
    await visit.go("Actors");
    await row(page, "engine").click();
    const log = page.locator(".log");
    await page.getByLabel("Log file").selectOption({ label: "standard output, life 1" });
    await log.getByText(/step \d+: 8 requests/).first().waitFor();
    const last = async () => Number(/step (\d+)/.exec(await log.innerText().then(lastLine))?.[1]);
    const seen = await last();
    await until("more is written", async () => await last() > seen);
    await visit.picture("actor-log-light");
    await page.getByRole("searchbox", { name: "Show lines with" }).fill("WARNING");
    await until("only warnings are shown", async () => {
      const lines = (await log.innerText()).trim().split("\n");
      return lines.every((line) => line.includes("WARNING"));
    });
    await visit.go("Logs");
    await log.getByText("listens on").first().waitFor();
    await visit.picture("logs-light");
  });

  test("nodes are filtered, and one's GPUs say who holds them", async () => {
    await using visit = await enter();
    const { page } = visit;
    await visit.go("Nodes");
    await row(page, "head").waitFor();
    await page.locator("tbody tr").nth(1).waitFor();
    await visit.picture("nodes-light");
    await page.keyboard.press("/");
    await page.keyboard.type("holder:engine");
    await page.locator("tbody tr").nth(1).waitFor({ state: "detached" });
    await page.keyboard.press("Enter");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 2, name: "GPUs" }).waitFor();
    await row(page, "GPU").filter({ hasText: /engine/ }).first().waitFor();
    await visit.picture("node-light");
  });

  test("a group that can never be placed says why, and stands on the first view", async () => {
    await using visit = await enter();
    const { page } = visit;
    await page.locator(".alarm").filter({ hasText: "too_large" }).getByRole("link").click();
    await page.getByRole("heading", { level: 1, name: "Placement group too_large" }).waitFor();
    await page.locator(".why").filter({ hasText: /64/ }).waitFor();
    await visit.picture("group-light");
    await visit.go("Groups");
    await row(page, "pair").filter({ hasText: "created" }).waitFor();
  });

  test("tasks, objects and events are counted and told", async () => {
    await using visit = await enter();
    const { page } = visit;
    await visit.go("Tasks");
    await row(page, "square").filter({ hasText: "20" }).waitFor();
    await row(page, "fails").filter({ hasText: "no such thing" }).waitFor();
    await visit.picture("tasks-light");
    await visit.go("Objects");
    await row(page, "8.0 MiB /").first().waitFor();
    await visit.go("Events");
    await row(page, /victim.*died/).waitFor();
    await page.getByLabel("Severity").selectOption("error");
    await row(page, "joined").first().waitFor({ state: "detached" });
    await visit.picture("events-light");
  });

  test("a submitted job is watched and, after a question, stopped", async () => {
    const submitted = await place.run([
      ...[place.beam, "ray", "job", "submit", `--address=http://${head.record.dashboard}`],
      ...["--no-wait", "--submission-id", "nightly", "--"],
      ...["sh", "-c", "echo the job has begun; exec sleep 1000"],
    ], { env: head.env() }).ok();
    assert.match(submitted.stdout, /nightly/);
    await using visit = await enter();
    const { page } = visit;
    await visit.go("Jobs");
    await row(page, "nightly").filter({ hasText: "running" }).click();
    await page.locator(".log").getByText("the job has begun", { exact: true }).waitFor();
    await visit.picture("job-light");
    await page.getByRole("button", { name: "Stop job" }).click();
    await visit.picture("question-light");
    await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Stop job" }).click();
    await page.getByRole("button", { name: "Stop it" }).click();
    await page.locator(".heading").getByText("stopped").waitFor();
    await page.getByRole("button", { name: "Stop job" }).waitFor({ state: "hidden" });
  });

  test("the doctor is asked, and its findings are shown", async () => {
    await using visit = await enter();
    const { page } = visit;
    await visit.go("Doctor");
    await page.getByText("has not been examined").waitFor();
    await page.getByRole("button", { name: "Examine the cluster" }).click();
    await page.locator("#main").getByText(/^Examined .* ago: /).waitFor();
    await visit.picture("doctor-light");
  });

  test("everything is reached by keys alone", async () => {
    await using visit = await open();
    const { page } = visit;
    const { keyboard } = page;
    await page.getByLabel("Token").waitFor();
    await keyboard.type(token);
    await keyboard.press("Enter");
    await visit.live();
    await keyboard.press("Tab");
    await keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys and search" }).waitFor();
    await visit.picture("help-light");
    await keyboard.press("Escape");
    await keyboard.type("ga");
    await page.getByRole("heading", { level: 1, name: "Actors" }).waitFor();
    await row(page, "engine").waitFor();
    await keyboard.press("/");
    await keyboard.press("Enter");
    const focused = () => inPage(page, 'document.activeElement?.closest("tr")?.rowIndex');
    assert.equal(await focused(), 1);
    await keyboard.press("ArrowDown");
    assert.equal(await focused(), 2);
    await keyboard.press("Home");
    // A row's age is news every second, and leaves the focus where it is.
    const age = () => row(page, /./).first().locator("td").nth(6).innerText();
    const before = await age();
    await until("a row has changed", async () => await age() !== before);
    assert.equal(await focused(), 1);
    const hash = await inPage<string>(page, "document.activeElement.hash");
    await keyboard.press("Enter");
    await page.waitForURL((url) => url.hash === hash);
    await until(
      "the heading has the focus",
      async () => await inPage(page, "document.activeElement?.tagName") === "H1",
    );
  });

  test("light and dark follow the system until somebody chooses, and the choice is kept", async () => {
    await using visit = await enter({ colorScheme: "dark" });
    const { page } = visit;
    const back = () => inPage(page, "getComputedStyle(document.body).backgroundColor");
    const dark = await back();
    for (const name of ["Nodes", "Actors", "Events"]) {
      await visit.go(name);
      await page.locator("tbody tr").first().waitFor();
      await visit.picture(`${name.toLowerCase()}-dark`);
    }
    await visit.go("Overview");
    await visit.picture("overview-dark");
    await page.getByLabel("Colours").selectOption("light");
    const light = await back();
    assert.notEqual(light, dark);
    await page.reload();
    await visit.live();
    assert.equal(await back(), light);
  });

  test("no view has a serious fault of accessibility, in light and in dark", async () => {
    for (const colorScheme of ["light", "dark"] as const) {
      await using visit = await open({ colorScheme });
      const { page } = visit;
      await page.getByLabel("Token").waitFor();
      assert.deepEqual(await violations(page), [], `login, ${colorScheme}`);
      await visit.enter(token);
      for (const name of PLACES) {
        await visit.go(name);
        assert.deepEqual(await violations(page), [], `${name}, ${colorScheme}`);
      }
      for (const name of ["victim", "engine"]) {
        await visit.go("Actors");
        await row(page, name).first().click();
        await page.getByRole("heading", { level: 2, name: "Life" }).waitFor();
        assert.deepEqual(await violations(page), [], `actor ${name}, ${colorScheme}`);
      }
    }
  });

  test("every view fits a narrow screen", async () => {
    await using visit = await enter({ viewport: { width: 360, height: 740 } });
    const { page } = visit;
    for (const name of PLACES) {
      await visit.go(name);
      const wide = await inPage<number>(page, "document.documentElement.scrollWidth");
      assert.ok(wide <= 360, `${name} is ${wide} wide`);
      await visit.picture(`narrow-${name.toLowerCase()}`);
    }
  });

  test("what is read stays while requests fail, and what failed is asked again", async () => {
    await using visit = await enter();
    visit.expected = [/ERR_|Failed to load resource/];
    const { page } = visit;
    await visit.go("Logs");
    const file = page.getByRole("combobox", { name: "Log file" });
    await file.selectOption({ index: 1 });
    const chosen = await file.inputValue();
    let failed = 0;
    await page.route("**/api/nodes/*/logs", (route) => {
      failed += 1;
      return route.abort();
    });
    await until("the list was asked for again", () => failed > 0);
    await until("it is read on", async () => await file.inputValue() === chosen);
    await page.unroute("**/api/nodes/*/logs");
    await page.route("**/log?*", (route) => route.fulfill({ status: 503 }));
    await file.selectOption({ index: 0 });
    await page.getByText("trying again").waitFor();
    await page.unroute("**/log?*");
    await page.locator(".logpane").getByText("live", { exact: true }).waitFor();
    await page.route("**/api/actors/*", (route) => route.abort());
    await visit.go("Actors");
    await row(page, "engine").click();
    const fault = page.getByRole("alert").filter({ hasText: "The head does not answer." });
    await fault.waitFor();
    await page.unroute("**/api/actors/*");
    await fault.waitFor({ state: "hidden" });
  });

  test("a lost head is told of, and the page goes on by itself when it is back", async () => {
    await using visit = await enter();
    visit.expected = [/ERR_|Failed to load resource/];
    const { page } = visit;
    const former = await page.locator("#epoch").innerText();
    signal(head.headPid, "SIGKILL");
    await page.locator("#link").filter({ hasText: "does not answer" }).waitFor();
    await visit.picture("lost-light");
    await visit.live();
    await until(
      "the next head's epoch is shown",
      async () => await page.locator("#epoch").innerText() !== former,
    );
    await visit.go("Actors");
    await row(page, "engine").filter({ hasText: "alive" }).waitFor();
  });

  test("another token of the cluster ends the sessions that the former one opened", async () => {
    await using visit = await open();
    await visit.enter(head.record.token!);
    await head.tell("token", "rotate", "--grace", "0s");
    await visit.page.getByLabel("Token").waitFor();
    await driver.endInput();
    await driver.ok();
  });
}

function lastLine(text: string): string {
  return text.trimEnd().split("\n").at(-1) ?? "";
}
