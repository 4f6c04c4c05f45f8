/** Packages that a driver brings: asked for by name, sent in parts, kept while the driver lives. */
import { Trouble } from "../runtime/errors.ts";
import type { PackageStore, PackageUpload } from "../runtime/packages.ts";
import { RequestFailed } from "../wire/errors.ts";
import { fieldsOf, type Received } from "../wire/link.ts";
import type { Client } from "./client.ts";

/** See the top of this file. */
export class PackageRequests {
  readonly #uploads = new Map<Client, PackageUpload>();

  constructor(readonly store: PackageStore) {}

  /** Answers `package.has`. */
  has(client: Client, received: Received): void {
    const { name } = fieldsOf(received, "package.has");
    // Held before it is looked for: what is held is never removed.
    this.store.pin(name, client.id);
    client.link.reply(received, "package.has", { present: this.store.has(name) });
  }

  /** Takes the part of a `package.put`. */
  put(client: Client, received: Received): void {
    try {
      this.#take(client, received);
      client.link.reply(received, "package.put", {});
    } catch (error) {
      this.#abort(client);
      client.link.refuse(
        received,
        error instanceof Trouble ? new RequestFailed(error.code, error.message, error.mend) : error,
      );
    }
  }

  /** The process is gone, and with it what it had not sent whole. */
  gone(client: Client): void {
    this.#abort(client);
    this.store.unpin(client.id);
  }

  #take(client: Client, received: Received): void {
    const { name, offset, size } = fieldsOf(received, "package.put");
    if (offset === 0) {
      this.#abort(client);
      this.#uploads.set(client, this.store.begin(name, size));
    }
    const upload = this.#uploads.get(client);
    if (!upload || upload.name !== name || upload.size !== size || upload.written !== offset) {
      throw new RequestFailed(
        "bad_request",
        `Cannot take a part of ${name}: it must follow the one before, and begins at ${offset} ` +
          `where ${upload?.written ?? 0} is next`,
      );
    }
    upload.write(received.body);
    if (upload.written < size) return;
    this.store.pin(name, client.id);
    upload.finish();
    this.#uploads.delete(client);
  }

  #abort(client: Client): void {
    this.#uploads.get(client)?.abort();
    this.#uploads.delete(client);
  }
}
