/**
 * The certificate of a node's port, of the head's authority: asked for over each link to the head, which
 * has been proven, and again when two thirds of its time are over. The key never leaves the daemon.
 */
import type { Clock } from "../runtime/clock.ts";
import { type Certificate, type KeyPair, nameOf, newKeyPair } from "../wire/authority.ts";
import type { Link } from "../wire/link.ts";
import { Renewal } from "../wire/renewal.ts";
import { withDeadline } from "./deadline.ts";

/** How long the head may take, in milliseconds. */
const ASK_TIMEOUT = 5000;

/** What the keeper needs of its node. */
export interface CertificateKeeperHost {
  /** Another certificate is to be shown from now on. */
  exchange(certificate: Certificate): void;
  log(level: "info" | "warning", text: string): void;
}

/** See the top of this file. */
export class CertificateKeeper {
  #certificate: Certificate | undefined;
  #keys: Promise<KeyPair> | undefined;
  #link: Link | undefined;
  #renewal: Renewal;

  constructor(readonly host: CertificateKeeperHost, readonly clock: Clock) {
    this.#renewal = new Renewal(clock, () => {
      const link = this.#link;
      // Without a link the next one renews it.
      if (link && !link.isClosed) this.#renew(link).catch((error) => this.#failed(error));
    });
  }

  /** The one to show; undefined before the first link. */
  get certificate(): Certificate | undefined {
    return this.#certificate;
  }

  /**
   * A link to the head is open.
   * @throws {RequestFailed} where the head gives no certificate and there is none yet
   */
  async opened(link: Link): Promise<void> {
    this.#link = link;
    try {
      await this.#renew(link);
    } catch (error) {
      if (!this.#certificate) throw error;
      this.#failed(error as Error);
    }
  }

  close(): void {
    this.#renewal.close();
  }

  async #renew(link: Link): Promise<void> {
    const keys = await (this.#keys ??= newKeyPair());
    const { fields } = await withDeadline(
      ASK_TIMEOUT,
      (signal) => link.request({ kind: "node.certify", key: keys.public }, { signal }),
    );
    const isFirst = !this.#certificate;
    this.#certificate = {
      certificate: fields.certificate,
      key: keys.private,
      name: nameOf(keys.public),
      until: fields.until,
    };
    if (!isFirst) this.host.exchange(this.#certificate);
    this.#renewal.made(fields.lifetime);
  }

  #failed(error: Error): void {
    this.host.log("warning", `This node's certificate was not renewed: ${error.message}`);
    const left = this.#certificate!.until - this.clock.wall();
    this.#renewal.again(Math.max(1000, left / 10));
  }
}
