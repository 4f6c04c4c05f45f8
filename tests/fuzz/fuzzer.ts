/**
 * Coverage-guided fuzzing: inputs that make the counted sources do something new are kept, and changed
 * further. The same seed and corpus give the same inputs.
 */
import type { Feedback } from "./feedback.ts";
import { type Around, mutated, type Mutation } from "./mutations.ts";
import { Random } from "./random.ts";

/** Something that eats bytes. */
export interface Target {
  name: string;
  /** Inputs to begin with, beside the corpus. */
  seeds: readonly Uint8Array[];
  /** Longest input, in bytes. */
  most: number;
  /** Beside the general ones. */
  mutation?: Mutation;
  /**
   * Runs one input.
   * @throws where a property does not hold: that is a finding
   * @returns true where the input is worth keeping for a reason that the counters do not see
   */
  run(input: Uint8Array): boolean | void | Promise<boolean | void>;
  /** Steps that may be taken for an input; see {@link Feedback.steps}. */
  steps(input: Uint8Array): number;
  /** Bytes of typed arrays that may be made for it. */
  room(input: Uint8Array): number;
  close?(): void;
}

/** An input for which a property does not hold. */
export class Finding extends Error {
  override name = "Finding";

  constructor(readonly target: string, readonly input: Uint8Array, what: string, cause?: unknown) {
    super(`${target}: ${what}, for the input ${shown(input)}`, { cause });
  }
}

function shown(input: Uint8Array): string {
  const hex = [...input.subarray(0, 512)].map((byte) => byte.toString(16).padStart(2, "0")).join(
    "",
  );
  return input.length > 512 ? `${hex}… (${input.length} bytes)` : hex || "(empty)";
}

/** How long to go on. */
export interface Effort {
  runs?: number;
  /** Milliseconds on the clock; only for long runs by hand. */
  ms?: number;
  seed?: number;
  /** False: what is new is not noticed (to show what the guidance is worth). */
  guided?: boolean;
  signal?: AbortSignal;
}

/** See the top of this file. */
export class Fuzzer {
  readonly corpus: Uint8Array[] = [];
  /** Of those, what was not given but found. */
  readonly found: Uint8Array[] = [];
  runs = 0;

  constructor(
    readonly target: Target,
    readonly feedback: Feedback,
    readonly words: readonly Uint8Array[],
  ) {}

  /** Runs what is known. @throws {Finding} */
  async replay(corpus: readonly Uint8Array[]): Promise<void> {
    for (const input of [...this.target.seeds, ...corpus]) {
      await this.#try(input);
      this.corpus.push(input);
    }
  }

  /** Changes and runs, until the effort is spent. @throws {Finding} the first one, made smaller */
  async fuzz(
    { runs = Infinity, ms = Infinity, seed = 1, guided = true, signal }: Effort,
  ): Promise<void> {
    const random = new Random(seed);
    const { most, mutation } = this.target;
    const around: Around = { words: this.words, others: this.corpus, most };
    const until = Date.now() + ms;
    for (let run = 0; run < runs && !signal?.aborted; run++) {
      if ((run & 63) === 0 && Date.now() > until) return;
      // What was found last leads furthest.
      const newest = random.of([Infinity, 16, 4]);
      const from = this.corpus.length - 1 - random.below(Math.min(this.corpus.length, newest));
      const base = this.corpus[from] ?? new Uint8Array(0);
      const change = mutation && random.once(2) ? mutation : mutated;
      const input = change(base, random, around);
      let fresh: boolean;
      try {
        fresh = await this.#try(input);
      } catch (error) {
        throw error instanceof Finding ? await this.#smaller(error) : error;
      }
      if (fresh && guided) {
        this.corpus.push(input);
        this.found.push(input);
      }
    }
  }

  /**
   * Of the inputs known and found, those that together do all that all of them do: small ones first.
   * @param named what is in the corpus already; what breaks nothing any more but has a name stays
   */
  async least(named: readonly { name: string; input: Uint8Array }[]): Promise<Uint8Array[]> {
    const known = named.map(({ input }) => input);
    const inputs = [...this.found, ...known].sort((a, b) => a.length - b.length);
    this.feedback.forget();
    for (const seed of this.target.seeds) await this.#try(seed);
    const least: Uint8Array[] = [];
    for (const input of inputs) {
      try {
        if (await this.#try(input)) least.push(input);
      } catch (error) {
        if (!(error instanceof Finding)) throw error;
      }
    }
    return least;
  }

  /** True where the run did something new. */
  async #try(input: Uint8Array): Promise<boolean> {
    const { feedback, target } = this;
    feedback.reset();
    this.runs++;
    let kept: boolean | void;
    try {
      kept = await target.run(input);
    } catch (error) {
      throw new Finding(target.name, input, String((error as Error)?.stack ?? error), error);
    }
    const bounds = { steps: target.steps(input), "bytes of room": target.room(input) };
    const used = { steps: feedback.steps, "bytes of room": feedback.room };
    for (const unit of ["steps", "bytes of room"] as const) {
      if (used[unit] <= bounds[unit]) continue;
      const what = `${used[unit]} ${unit} for ${input.length} bytes, at most ${
        bounds[unit]
      } are allowed`;
      throw new Finding(target.name, input, what);
    }
    return feedback.learn() || kept === true;
  }

  /** The same finding with fewer bytes, where that is easily had. */
  async #smaller(finding: Finding): Promise<Finding> {
    let best = finding;
    for (let size = Math.ceil(best.input.length / 2); size >= 1; size = Math.floor(size / 2)) {
      for (let at = 0; at < best.input.length;) {
        const { input } = best;
        const to = Math.min(input.length, at + size);
        const rest = new Uint8Array([...input.subarray(0, at), ...input.subarray(to)]);
        try {
          await this.#try(rest);
          at += size;
        } catch (error) {
          if (!(error instanceof Finding)) throw error;
          best = error;
        }
      }
    }
    return best;
  }
}
