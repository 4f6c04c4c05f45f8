/** The error that a person sees as two lines: what happened, and what to do. */

/**
 * Something that cannot be done for a reason outside this program. `message` says what, what must
 * hold and what did not; `mend` is one line that says what to do. `code` lets callers tell cases apart.
 */
export class Trouble extends Error {
  override name = "Trouble";
  readonly mend: string | undefined;
  readonly code: string;

  constructor(message: string, mend?: string, options: { code?: string; cause?: unknown } = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.mend = mend;
    this.code = options.code ?? "failed";
  }
}
