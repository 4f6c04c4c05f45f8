/** A request's URL. Behind the Unix socket the runtime's server knows no address, and puts none in. */
export function requestUrl({ url }: Request): URL {
  return new URL(url.replace(/^http\+unix:/, "http:"), "http://localhost");
}
