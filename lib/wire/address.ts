/** Where something listens, and how that is written. */

/** A host, as a name or an address without brackets, and a port. */
export interface Address {
  host: string;
  port: number;
}

/** `host:port`, with brackets where the host has colons. */
export function addressText({ host, port }: Address): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** True for a host that stands for all addresses of a machine. */
export function isEveryAddress(host: string): boolean {
  return host === "0.0.0.0" || host === "::" || host === "";
}
