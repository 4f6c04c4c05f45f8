/**
 * A headless Chromium, spoken to over its developer protocol. `scripts/_chromium` says where it is; what it
 * says and asks for while a test runs is kept, and must be nothing but what belongs to the page.
 */
import assert from "assert";
import { join } from "node:path";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright";

/** Waits of the browser's own are this patient, in milliseconds. */
const PATIENCE = 20_000;

/** Why there is none; undefined where there is one. */
export function lacking(): string | undefined {
  return Deno.env.get("BEAM_CHROMIUM")
    ? undefined
    : Deno.env.get("BEAM_CHROMIUM_LACKS") || "BEAM_CHROMIUM names no Chromium";
}

/** Starts the browser. */
export async function launch(): Promise<Browser> {
  const libraries = Deno.env.get("BEAM_CHROMIUM_LIBS");
  return await chromium.launch({
    executablePath: Deno.env.get("BEAM_CHROMIUM")!,
    env: {
      ...Deno.env.toObject(),
      ...(libraries && { LD_LIBRARY_PATH: libraries }),
    },
    // Tests run as root, too.
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  });
}

/** The value of an expression in the page. As a text: the types of a page's things are not the tests'. */
export async function inPage<T>(page: Page, expression: string): Promise<T> {
  return await page.evaluate(expression) as T;
}

/** A page of the dashboard, with what must not happen in it. */
export class Visit implements AsyncDisposable {
  /** Sentences about what should not have happened. */
  readonly wrong: string[] = [];
  /** What the browser may say besides: answers that are errors on purpose. */
  expected: RegExp[] = [];
  /** Hosts that were asked. */
  readonly hosts = new Set<string>();

  private constructor(readonly page: Page, readonly base: string) {}

  static async open(
    browser: Browser,
    base: string,
    options: BrowserContextOptions = {},
  ): Promise<Visit> {
    const context = await browser.newContext({
      viewport: { width: 1440, height: 900 },
      reducedMotion: "reduce",
      ...options,
    });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    const visit = new Visit(page, base);
    page.on("console", (message) => {
      // A violation of the policy is an error there, too.
      if (message.type() === "error" || message.type() === "warning") visit.#say(message.text());
    });
    page.on("pageerror", (error) => visit.#say(String(error.stack ?? error)));
    page.on("dialog", (dialog) => {
      visit.#say(`It asked: ${dialog.message()}`);
      dialog.dismiss();
    });
    page.on("request", (request) => {
      const { protocol, host } = new URL(request.url());
      if (protocol !== "data:") visit.hosts.add(host);
    });
    await page.goto(base);
    return visit;
  }

  /** Types a token and sends it. */
  async logIn(token: string): Promise<void> {
    await this.page.getByLabel("Token").fill(token);
    await this.page.getByRole("button", { name: "Log in" }).click();
  }

  /** Logged in, and live. */
  async enter(token: string): Promise<void> {
    await this.logIn(token);
    await this.live();
  }

  async live(): Promise<void> {
    await this.page.locator("#link", { hasText: "Live" }).waitFor();
  }

  /** Follows a link of the menu. */
  async go(name: string): Promise<void> {
    const link = this.page.locator("#menu a", { hasText: name });
    await link.click();
    await link.and(this.page.locator("[aria-current]")).waitFor();
  }

  /** A picture for people, where BEAM_SCREENSHOTS names a folder. */
  async picture(name: string): Promise<void> {
    const folder = Deno.env.get("BEAM_SCREENSHOTS");
    if (folder) await this.page.screenshot({ path: join(folder, `${name}.png`) });
  }

  /** Asserts that nothing went wrong and nobody else was asked, and closes the page. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close();
    assert.deepEqual(this.wrong, []);
    assert.deepEqual([...this.hosts], [new URL(this.base).host]);
  }

  #say(text: string): void {
    if (!this.expected.some((one) => one.test(text))) this.wrong.push(text);
  }
}
