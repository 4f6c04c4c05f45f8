/** TLS at a node: whom it believes, and the certificate that its port shows. */
import type { Clock } from "../runtime/clock.ts";
import type { TlsConfig, TlsFiles } from "../runtime/tls_config.ts";
import type { Certificate } from "../wire/authority.ts";
import { CertificateFiles, trustInFiles } from "../wire/certificate_files.ts";
import type { Link } from "../wire/link.ts";
import { type Trust, trustIn } from "../wire/transport.ts";
import { CertificateKeeper, type CertificateKeeperHost } from "./certificate_keeper.ts";

/** See the top of this file. */
export class NodeTls {
  #keeper: CertificateKeeper | CertificateFiles;
  #trust: Trust;
  #files: TlsFiles | undefined;

  private constructor(
    trust: Trust,
    keeper: CertificateKeeper | CertificateFiles,
    files?: TlsFiles,
  ) {
    this.#trust = trust;
    this.#keeper = keeper;
    this.#files = files;
  }

  /** Whom to believe: roots of somebody else's are read again for each connection, since they change too. */
  get trust(): Trust {
    try {
      if (this.#files) this.#trust = trustInFiles(this.#files);
    } catch { /* they are being exchanged */ }
    return this.#trust;
  }

  /**
   * @param authority the one to believe, where there are no files
   * @throws {Trouble} where a file cannot be read
   */
  static async open(
    { files }: TlsConfig,
    authority: string,
    host: CertificateKeeperHost,
    clock: Clock,
  ): Promise<NodeTls> {
    if (!files) return new NodeTls(await trustIn(authority), new CertificateKeeper(host, clock));
    const source = new CertificateFiles(files, clock, {
      exchange: (certificate) => host.exchange(certificate),
      fault: (text) => host.log("warning", text),
    });
    return new NodeTls(trustInFiles(files), source, files);
  }

  /** What the port shows, once the first link to the head was open. */
  get certificate(): Certificate | undefined {
    return this.#keeper.certificate;
  }

  /** By which others know this node's port; undefined where its certificate names hosts. */
  get name(): string | undefined {
    return this.certificate?.name || undefined;
  }

  /** A link to the head is open. @throws {RequestFailed} where the head gives no certificate */
  async opened(link: Link): Promise<void> {
    if (this.#keeper instanceof CertificateKeeper) await this.#keeper.opened(link);
  }

  close(): void {
    this.#keeper.close();
  }
}
