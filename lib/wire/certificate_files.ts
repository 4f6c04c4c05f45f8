/** A certificate that somebody else makes and renews: read from files, and again when they change. */
import { Trouble } from "../runtime/errors.ts";
import { LOOPBACK } from "../runtime/loopback.ts";
import type { Clock } from "../runtime/clock.ts";
import { reasonOf } from "../runtime/paths.ts";
import type { TlsFiles } from "../runtime/tls_config.ts";
import type { Certificate } from "./authority.ts";
import type { Trust } from "./transport.ts";

const MEND = "RAY_TLS_SERVER_CERT, RAY_TLS_SERVER_KEY and RAY_TLS_CA_CERT name files in PEM.";
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
  /** The state in which they could not be used. */
  #said = "";
  #stop: () => void;

  /**
   * @param exchange is called with another certificate, `fault` with why another cannot be shown
   * @throws {Trouble} where a file cannot be read, or the two are no pair
   */
  constructor(
    readonly files: TlsFiles,
    clock: Clock,
    { exchange, fault }: { exchange(now: Certificate): void; fault(text: string): void },
  ) {
    this.#seen = this.#state();
    this.certificate = this.#read();
    this.#stop = clock.every(LOOK_INTERVAL, () => {
      const state = this.#state();
      if (state === this.#seen) return;
      try {
        this.certificate = this.#read();
      } catch (error) {
        // It may be being written: looked at again.
        if (state !== this.#said) fault(`${(error as Error).message}; the former one is shown`);
        this.#said = state;
        return;
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
    const pair = { cert: read(certificate), key: read(key) };
    try {
      // Only the runtime knows what it takes: a port that is closed for the exchange must open again.
      Deno.listenTls({ hostname: LOOPBACK, port: 0, ...pair }).close();
    } catch (error) {
      throw new Trouble(
        `Cannot use TLS: ${certificate} and ${key} are no certificate and its key (${
          reasonOf(error)
        })`,
        MEND,
        { cause: error },
      );
    }
    return { certificate: pair.cert, key: pair.key, name: "", until: Infinity };
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
      MEND,
      { cause: error },
    );
  }
}
