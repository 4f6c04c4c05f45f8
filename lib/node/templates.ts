/** The warm templates of this node, one per command. */
import type { Link } from "../wire/link.ts";
import type { Fields } from "../wire/messages.ts";
import { Template, type TemplateOptions } from "./template.ts";
import type { Environment } from "./worker_env.ts";

/** What all templates of a node share. */
export type SharedOptions = Omit<TemplateOptions, "command" | "onEnd">;

/** How a template differs from the others of its node. */
export interface TemplateParts {
  command: string[];
  /** Its whole environment, where that is not every template's. */
  env?: Environment;
  cwd?: string;
  /** How long it may take to say hello, in milliseconds. */
  timeout?: number;
}

/** A template that stays while it is held. */
export interface HeldTemplate {
  template: Template;
  /** Called once. */
  release(): void;
}

/** How long a template that nobody holds waits for its next holder, in milliseconds. */
export const LINGER = 60_000;

/** A template that was ready and ended is started again, but no more often than this. */
const RESTART_PAUSE = 1000;

/** See the top of this file. */
export class Templates {
  #byCommand = new Map<string, Template>();
  #living = new Set<Template>();
  #restarts = new Set<number>();
  /** Those that are held, by key. */
  #held = new Map<string, { count: number; linger?: number; last?: () => void }>();
  /** Those that end because nobody held them: they have no workers. */
  #retired = new Set<Template>();
  #closed = false;

  /** @param onLost a template ended; its workers end with it. */
  constructor(
    readonly shared: SharedOptions,
    readonly onLost: (template: Template) => void,
  ) {}

  /**
   * The template of this command, started where it is not there.
   * @throws {RequestFailed} where the command cannot be started at all.
   */
  get(command: string[]): Template {
    return this.#get(JSON.stringify(command), { command });
  }

  /**
   * The template of a runtime environment. It lingers a while when nobody holds it any more, ends
   * then, and is not started again by itself.
   * @param release called when it has ended for the last holder, and at once for the others.
   * @throws {RequestFailed} where it cannot be started at all.
   */
  hold(parts: TemplateParts, release: () => void): HeldTemplate {
    const key = JSON.stringify([parts.command, parts.cwd, Object.entries(parts.env ?? {}).sort()]);
    const template = this.#get(key, parts);
    const use = this.#held.get(key) ?? { count: 0 };
    this.#held.set(key, use);
    use.count++;
    clearTimeout(use.linger);
    use.last?.();
    delete use.last;
    return { template, release: () => this.#release(key, use, release) };
  }

  #release(
    key: string,
    use: { count: number; linger?: number; last?: () => void },
    release: () => void,
  ): void {
    if (--use.count > 0 || this.#closed) return release();
    use.last = release;
    use.linger = setTimeout(() => {
      this.#held.delete(key);
      const template = this.#byCommand.get(key);
      this.#byCommand.delete(key); // nobody gets it any more
      if (template) this.#retired.add(template);
      template?.close();
      release();
    }, LINGER);
  }

  #get(key: string, parts: TemplateParts): Template {
    const present = this.#byCommand.get(key);
    if (present) return present;
    const template = new Template({
      ...this.shared,
      ...parts,
      onEnd: (ended) => this.#onEnd(key, ended),
    });
    this.#byCommand.set(key, template);
    this.#living.add(template);
    return template;
  }

  /** The template that says this hello, or undefined. */
  hello(link: Link, fields: Fields<"template.hello">): Template | undefined {
    for (const template of this.#living) {
      if (template.key !== fields.key || template.link) continue;
      template.hello(link, fields);
      return template;
    }
    return undefined;
  }

  /** Pids of living templates. */
  get pids(): number[] {
    return [...this.#living].map((template) => template.pid);
  }

  /** Ends all; settles when their processes are gone. */
  async close(patience = 1000): Promise<void> {
    this.#closed = true;
    for (const timer of this.#restarts) clearTimeout(timer);
    for (const { linger } of this.#held.values()) clearTimeout(linger);
    const living = [...this.#living];
    for (const template of living) template.close();
    const timer = setTimeout(() => living.forEach((template) => template.kill()), patience);
    await Promise.all(living.map((template) => template.ended));
    clearTimeout(timer);
  }

  #onEnd(key: string, template: Template): void {
    this.#living.delete(template);
    if (this.#byCommand.get(key) === template) this.#byCommand.delete(key);
    if (this.#retired.delete(template)) return;
    this.onLost(template);
    if (this.#closed || template.link === undefined || this.#held.has(key)) return;
    if (key !== JSON.stringify(template.options.command)) return;
    const timer = setTimeout(() => {
      this.#restarts.delete(timer);
      try {
        this.get(template.options.command);
      } catch { /* told to whoever asks for it next */ }
    }, RESTART_PAUSE);
    this.#restarts.add(timer);
  }
}
