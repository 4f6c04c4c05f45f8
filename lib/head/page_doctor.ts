/** The doctor as the page has it: what it found last, and a button that lets it look again. */
import type { HeadState } from "./state.ts";
import type { DoctorNews } from "./page_board.ts";

/** See the top of this file. */
export class PageDoctor {
  #running = false;
  #fault: string | null = null;
  #progress: string | null = null;

  /** @param changed hears when there is something to show */
  constructor(readonly state: HeadState, readonly changed: () => void) {}

  get news(): DoctorNews {
    const last = this.state.doctor.last();
    const row = {
      at: last?.at ?? null,
      running: this.#running,
      progress: this.#progress,
      fault: this.#fault,
    };
    return { row, findings: last?.findings ?? [] };
  }

  /** Begins an examination of the whole cluster; false where one runs already. */
  run(): boolean {
    if (this.#running) return false;
    this.#running = true;
    this.#fault = null;
    this.#examine();
    this.changed();
    return true;
  }

  async #examine(): Promise<void> {
    try {
      await this.state.doctor.examine(({ text, done, total }) => {
        this.#progress = `${text}, ${done} of ${total}`;
      });
    } catch (error) {
      this.state.log.write("error", `the examination failed: ${(error as Error)?.stack ?? error}`);
      this.#fault = (error as Error).message;
    }
    this.#running = false;
    this.#progress = null;
    this.changed();
  }
}
