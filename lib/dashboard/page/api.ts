/** Requests to the head. A session's cookie goes along by itself; nothing of it is seen here. */

/** An answer that is an error; the message is the head's. */
export class ApiError extends Error {
  constructor(readonly status: number, message: string) {
    super(message);
  }
}

/** What is sent along, so that the head knows its own page. */
const HEADERS = { "x-beam-page": "1" };

/** @throws {ApiError} where the head refuses, {TypeError} where it does not answer */
export async function request<T>(method: string, path: string, body?: unknown): Promise<T> {
  const answer = await fetch(path, {
    method,
    headers: body === undefined ? HEADERS : { ...HEADERS, "content-type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    credentials: "same-origin",
    cache: "no-store",
    redirect: "error",
  });
  if (!answer.ok) throw new ApiError(answer.status, (await answer.text()).trim());
  return await answer.json() as T;
}

/** Whether this browser is logged in. @throws where the head does not answer */
export async function isLoggedIn(): Promise<boolean> {
  return (await request<{ open: boolean }>("GET", "/api/session")).open;
}

/** A sentence about a failed request. */
export function faultText(error: unknown): string {
  if (error instanceof ApiError) return error.message || `The head answered ${error.status}.`;
  return "The head does not answer.";
}
