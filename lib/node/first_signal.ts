/**
 * A signal that aborts with the first of several. Unlike `AbortSignal.any` it leaves nothing behind
 * at those that outlive it: the runtime keeps a note there for every signal that was ever made so.
 */
export class FirstSignal implements Disposable {
  readonly signal: AbortSignal;
  #controller = new AbortController();
  #signals: AbortSignal[];
  #onAbort = ({ target }: Event) => this.#controller.abort((target as AbortSignal).reason);

  constructor(...signals: (AbortSignal | undefined)[]) {
    this.signal = this.#controller.signal;
    this.#signals = signals.filter((signal) => signal !== undefined);
    const aborted = this.#signals.find((signal) => signal.aborted);
    if (aborted) this.#controller.abort(aborted.reason);
    else for (const signal of this.#signals) signal.addEventListener("abort", this.#onAbort);
  }

  [Symbol.dispose](): void {
    for (const signal of this.#signals) signal.removeEventListener("abort", this.#onAbort);
  }
}
