/** Waiting for what tells nobody when it happens: a process that goes, a state that the head reports. */

/** How long anything may take before a test gives up, in milliseconds. Never a claim about speed. */
export const PATIENCE = 30_000;

const LOOK_INTERVAL = 20;

/** See {@link until}. */
export interface UntilOptions {
  patience?: number;
  /** Said beside the failure: what was there instead. */
  found?: () => unknown;
}

/** The first value of `look` that is neither false nor undefined. Throws naming `what` otherwise. */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  { patience = PATIENCE, found }: UntilOptions = {},
): Promise<Exclude<T, false | undefined>> {
  const end = Date.now() + patience;
  while (true) {
    const value = await look();
    if (value !== false && value !== undefined) return value as Exclude<T, false | undefined>;
    if (Date.now() > end) {
      const rest = found ? `; found ${JSON.stringify(await found())}` : "";
      throw new Error(`Waited ${patience} ms in vain until ${what}${rest}`);
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_INTERVAL));
  }
}

/** `promise`, or an error that names `what` when it takes too long. */
export async function soon<T>(what: string, promise: Promise<T>, patience = PATIENCE): Promise<T> {
  let timer: number | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`Waited ${patience} ms in vain for ${what}`)),
      patience,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
