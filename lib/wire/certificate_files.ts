/** A certificate that somebody else makes and renews: read from files, and again when they change. */
import { Trouble } from "../runtime/errors.ts";
import type { Clock } from "../runtime/clock.ts";
import { reasonOf } from "../runtime/paths.ts";
import type { TlsFiles } from "../runtime/tls_config.ts";
import type { Certificate } from "./authority.ts";
import type { Trust } from "./transport.ts";

/** How often the files are looked at, in milliseconds. */
const LOOK_INTERVAL = 60_000;

/** @throws {Trouble} where the file cannot be read */
export function trustInFiles({ roots }: TlsFiles): Trust {
  return { roots: read(roots), isOurs: false };
}

/** See the top of this file. */
export class CertificateFiles {
  certificate: Certificate;
  #seen: string;
  #stop: () => void;

  /**
   * @param exchange is called with another certificate
   * @throws {Trouble} where a file cannot be read
   */
  constructor(readonly files: TlsFiles, clock: Clock, exchange: (now: Certificate) => void) {
    this.#seen = this.#state();
    this.certificate = this.#read();
    this.#stop = clock.every(LOOK_INTERVAL, () => {
      const state = this.#state();
      if (state === this.#seen) return;
      try {
        this.certificate = this.#read();
      } catch {
        return; // it is being written: looked at again
      }
      this.#seen = state;
      exchange(this.certificate);
    });
  }

  close(): void {
    this.#stop();
  }

  #read(): Certificate {
    const { certificate, key } = this.files;
    return { certificate: read(certificate), key: read(key), name: "", until: Infinity };
  }

  #state(): string {
    const { certificate, key } = this.files;
    return [certificate, key].map((path) => {
      try {
        const { mtime, size, ino } = Deno.statSync(path);
        return `${mtime?.getTime()} ${size} ${ino}`;
      } catch {
        return "";
      }
    }).join("\n");
  }
}

function read(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    throw new Trouble(
      `Cannot use TLS: the file ${path} cannot be read (${reasonOf(error)})`,
      "RAY_TLS_SERVER_CERT, RAY_TLS_SERVER_KEY and RAY_TLS_CA_CERT name files in PEM.",
      { cause: error },
    );
  }
}
