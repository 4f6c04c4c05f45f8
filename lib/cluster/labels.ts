/**
 * Label selectors as Ray writes them: `a`, `!a`, `in(a,b)`, `!in(a,b)`; and `exists()`,
 * `!exists()` for the operators that Ray has no text for.
 */

/** True when the labels satisfy every selector. */
export function labelsMatch(
  labels: Record<string, string>,
  selectors: Record<string, string>,
): boolean {
  return Object.entries(selectors).every(([key, selector]) =>
    valueMatches(Object.hasOwn(labels, key) ? labels[key] : undefined, selector)
  );
}

function valueMatches(value: string | undefined, selector: string): boolean {
  const negated = selector.startsWith("!");
  const positive = negated ? selector.slice(1) : selector;
  return negated !== isAmong(value, positive);
}

function isAmong(value: string | undefined, selector: string): boolean {
  if (selector === "exists()") return value !== undefined;
  const list = /^in\((.*)\)$/.exec(selector)?.[1];
  const allowed = list === undefined ? [selector] : list.split(",").map((word) => word.trim());
  return value !== undefined && allowed.includes(value);
}
