/** Values as Python prints them, for output that scripts know from Ray. */

/** `1.0`, `0.5`: a float always shows that it is one. */
export function pythonFloat(value: number): string {
  return Number.isInteger(value) ? value.toFixed(1) : String(value);
}

/** A value as Python's `str` shows it. */
export function pythonText(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "string") return value;
  return pythonRepr(value);
}

function pythonRepr(value: unknown): string {
  if (typeof value === "string") {
    return `'${value.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  }
  if (Array.isArray(value)) return `[${value.map(pythonRepr).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const items = Object.entries(value).map(([key, one]) =>
      `${pythonRepr(key)}: ${pythonRepr(one)}`
    );
    return `{${items.join(", ")}}`;
  }
  return typeof value === "number" ? String(value) : pythonText(value);
}
