/** Label selectors as Ray writes them: `a`, `!a`, `in(a,b)`, `!in(a,b)`. */

/** True when the labels satisfy every selector. */
export function labelsMatch(
  labels: Record<string, string>,
  selectors: Record<string, string>,
): boolean {
  return Object.entries(selectors).every(([key, selector]) => valueMatches(labels[key], selector));
}

function valueMatches(value: string | undefined, selector: string): boolean {
  const negated = selector.startsWith("!");
  const positive = negated ? selector.slice(1) : selector;
  const list = /^in\((.*)\)$/.exec(positive)?.[1];
  const allowed = list === undefined ? [positive] : list.split(",").map((word) => word.trim());
  const found = value !== undefined && allowed.includes(value);
  return negated ? !found : found;
}
