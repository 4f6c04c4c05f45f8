/** The flags that `scripts/soak` passes on to a scenario in TypeScript; it has checked them. */

function flag(name: string): number | undefined {
  const at = Deno.args.indexOf(name);
  return at < 0 ? undefined : Number(Deno.args[at + 1]);
}

/** `--count N`, else `usual`. */
export function countOf(usual: number): number {
  return flag("--count") ?? usual;
}

/** `--minutes N`, else `usual`. */
export function minutesOf(usual: number): number {
  return flag("--minutes") ?? usual;
}
