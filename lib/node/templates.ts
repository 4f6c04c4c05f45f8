/** The warm templates of this node, one per command. */
import type { Link } from "../wire/link.ts";
import type { Fields } from "../wire/messages.ts";
import { Template, type TemplateOptions } from "./template.ts";

/** What all templates of a node share. */
export type SharedOptions = Omit<TemplateOptions, "command" | "onEnd">;

/** A template that was ready and ended is started again, but no more often than this. */
const RESTART_PAUSE = 1000;

/** See the top of this file. */
export class Templates {
  #byCommand = new Map<string, Template>();
  #living = new Set<Template>();
  #restarts = new Set<number>();
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
    const key = JSON.stringify(command);
    const present = this.#byCommand.get(key);
    if (present) return present;
    const template = new Template({
      ...this.shared,
      command,
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
    const living = [...this.#living];
    for (const template of living) template.close();
    const timer = setTimeout(() => living.forEach((template) => template.kill()), patience);
    await Promise.all(living.map((template) => template.ended));
    clearTimeout(timer);
  }

  #onEnd(key: string, template: Template): void {
    this.#living.delete(template);
    if (this.#byCommand.get(key) === template) this.#byCommand.delete(key);
    this.onLost(template);
    if (this.#closed || template.link === undefined) return;
    const timer = setTimeout(() => {
      this.#restarts.delete(timer);
      try {
        this.get(template.options.command);
      } catch { /* told to whoever asks for it next */ }
    }, RESTART_PAUSE);
    this.#restarts.add(timer);
  }
}
