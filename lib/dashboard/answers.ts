/** Answers to requests. Each ends its connection, see `guard.ts`. */

const ALWAYS = {
  "connection": "close",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
};

/** A value as JSON. */
export function jsonAnswer(value: unknown): Response {
  const headers = { ...ALWAYS, "content-type": "application/json" };
  return new Response(JSON.stringify(value), { headers });
}

/** Plain text. */
export function textAnswer(text: string, status = 200, type = "text/plain"): Response {
  return new Response(text, {
    status,
    headers: { ...ALWAYS, "content-type": `${type}; charset=utf-8` },
  });
}
