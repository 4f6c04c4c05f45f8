/**
 * TLS at the head: the authority, which lies in the runtime directory for this user alone, the head's own
 * certificate, which renews itself, and those of nodes.
 */
import type { Clock } from "../runtime/clock.ts";
import { Trouble } from "../runtime/errors.ts";
import { reasonOf } from "../runtime/paths.ts";
import type { TlsConfig } from "../runtime/tls_config.ts";
import { createWhole } from "../runtime/whole_file.ts";
import {
  type Authority,
  type Certificate,
  CERTIFICATE_LIFETIME,
  HEAD_NAME,
  newAuthority,
  newKeyPair,
  openAuthority,
} from "../wire/authority.ts";
import { CertificateFiles } from "../wire/certificate_files.ts";
import { RequestFailed } from "../wire/errors.ts";
import type { Fields, Reply } from "../wire/messages.ts";
import { Renewal } from "../wire/renewal.ts";

const GIVE_KEY = "Name the file authority.key that `beam token new` made, by --tls-authority.";

/** See the top of this file. */
export class HeadTls {
  /** Called when the port is to show another certificate. */
  exchange: (certificate: Certificate) => void = () => {};
  /** Called with why another certificate cannot be shown. */
  fault: (text: string) => void = () => {};
  #certificate: Certificate;
  #stop: (() => void) | undefined;
  #renewal: Renewal | undefined;

  private constructor(
    readonly clock: Clock,
    certificate: Certificate,
    readonly authority: Authority | undefined,
    readonly lifetime: number,
  ) {
    this.#certificate = certificate;
  }

  /**
   * @param kept where the authority's private key is kept, and made where there is none, unless the
   * configuration names another
   * @throws {Trouble} where a file cannot be read or written, or the key is not the wanted authority's
   */
  static async open(config: TlsConfig, kept: string, clock: Clock): Promise<HeadTls> {
    const { files, key, authority: wanted, lifetime_ms = CERTIFICATE_LIFETIME } = config;
    if (files) {
      const source = new CertificateFiles(files, clock, {
        exchange: (now) => tls.#show(now),
        fault: (text) => tls.fault(text),
      });
      const tls = new HeadTls(clock, source.certificate, undefined, 0);
      tls.#stop = () => source.close();
      return tls;
    }
    const path = key ?? kept;
    const pem = key === undefined ? await keptKey(kept) : givenKey(key);
    const authority = await openAuthority(pem, lifetime_ms).catch((error) => {
      throw new Trouble(
        `Cannot use the cluster authority's key ${path}: ${error.message}`,
        key === undefined
          ? "Move it away: the head makes another, and nodes join with the token that it prints then."
          : GIVE_KEY,
        { cause: error },
      );
    });
    if (wanted !== undefined && wanted !== authority.id) {
      throw new Trouble(
        `Cannot start the head: its token names another authority (${wanted}) than ${path} is the key of`,
        "Give the key that was made with the token by --tls-authority, or leave out what follows the " +
          "`~` of the token: nodes join with the one that the head prints then.",
      );
    }
    const certificate = await certificateOf(authority, clock.wall());
    const tls = new HeadTls(clock, certificate, authority, lifetime_ms);
    const renewal = new Renewal(clock, () => void tls.#renew(authority));
    renewal.made(lifetime_ms);
    tls.#renewal = renewal;
    tls.#stop = () => renewal.close();
    return tls;
  }

  /** What the port shows. */
  get certificate(): Certificate {
    return this.#certificate;
  }

  /** `node.certify`. @throws {RequestFailed} where there is no authority, or the key is none */
  async certify({ key }: Fields<"node.certify">): Promise<Reply<"node.certify">> {
    if (!this.authority) {
      throw new RequestFailed(
        "tls",
        "Cannot make a certificate: this cluster's come from elsewhere",
      );
    }
    try {
      const made = await this.authority.certify(key.slice(), { now: this.clock.wall() });
      return { ...made, lifetime: this.lifetime };
    } catch (error) {
      throw new RequestFailed(
        "bad_request",
        `Cannot make a certificate: ${(error as Error).message}`,
      );
    }
  }

  close(): void {
    this.#stop?.();
  }

  async #renew(authority: Authority): Promise<void> {
    this.#show(await certificateOf(authority, this.clock.wall()));
    this.#renewal?.made(this.lifetime);
  }

  #show(certificate: Certificate): void {
    this.#certificate = certificate;
    this.exchange(certificate);
  }
}

async function certificateOf(authority: Authority, now: number): Promise<Certificate> {
  const keys = await newKeyPair();
  const made = await authority.certify(keys.public, { now, isHead: true });
  return { ...made, key: keys.private, name: HEAD_NAME };
}

async function keptKey(path: string): Promise<string> {
  try {
    if (!exists(path)) createWhole(path, await newAuthority(), 0o600);
    return Deno.readTextFileSync(path);
  } catch (error) {
    throw new Trouble(
      `Cannot keep the cluster authority's key in ${path}: ${reasonOf(error)}`,
      "Make the directory writable, or set BEAM_RUNTIME_DIR to another one.",
      { cause: error },
    );
  }
}

function givenKey(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    throw new Trouble(
      `Cannot read the cluster authority's key ${path}: ${reasonOf(error)}`,
      GIVE_KEY,
      { cause: error },
    );
  }
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
