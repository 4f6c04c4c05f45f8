/**
 * A request's path and query. The host before them is not read: a request may name none, or what is none,
 * and the runtime's server puts its Unix socket there then.
 */
export function requestUrl({ url }: Pick<Request, "url">): URL {
  return new URL(`http://localhost/${url.replace(/^[\w+.-]+:\/\/[^/?#]*\/?/, "")}`);
}
