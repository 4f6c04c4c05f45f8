/** The state of token and certificates: who may read them, and until when they are good. Never their contents. */
import { X509Certificate } from "node:crypto";
import type { TlsFiles } from "../../runtime/tls_config.ts";
import { TOKEN_VARIABLES } from "../../runtime/token.ts";
import { runtimePaths } from "../../runtime/paths.ts";
import type { TlsFacts, TokenFacts } from "../facts.ts";
import type { System } from "../system.ts";

/** What only the daemon knows. */
export interface SecurityState {
  open: boolean | null;
  tls: boolean | null;
  /** Files that Ray's variables name. */
  files: TlsFiles | null;
  /** Why those variables cannot be used. */
  files_fault?: string | null;
  listens_on: string | null;
  /** Until when the certificate that this node shows is good. */
  certificate_until: number | null;
}

export function readToken(
  system: System,
  runtime_dir: string,
  env: Readonly<Record<string, string | undefined>>,
  state: Pick<SecurityState, "open" | "listens_on">,
): TokenFacts {
  const { token: path } = runtimePaths(runtime_dir);
  const info = system.info(path);
  return {
    open: state.open,
    path,
    exists: info !== null,
    mode: info?.mode ?? null,
    uid: info?.uid ?? null,
    variables: TOKEN_VARIABLES.filter((name) => env[name] !== undefined && env[name] !== ""),
    listens_on: state.listens_on,
  };
}

export function readTls(
  system: System,
  runtime_dir: string,
  state: Pick<SecurityState, "tls" | "files" | "files_fault" | "certificate_until">,
): TlsFacts {
  const { files, certificate_until } = state;
  const certificates: TlsFacts["certificates"] = [];
  for (const path of files === null ? [] : [files.certificate, files.roots]) {
    certificates.push({ path, ...timeOf(system, path) });
  }
  if (state.files_fault) {
    certificates.push({ path: "RAY_USE_TLS", not_after: null, error: state.files_fault });
  }
  if (certificate_until !== null) {
    certificates.push({
      path: "the node's certificate",
      not_after: certificate_until,
      error: null,
    });
  }
  return {
    on: state.tls ?? (files === null ? null : true),
    certificates,
    authority_mode: system.info(runtimePaths(runtime_dir).authority)?.mode ?? null,
  };
}

function timeOf(
  system: System,
  path: string,
): { not_after: number | null; error: string | null } {
  const { text, errno } = system.read(path);
  if (text === null) return { not_after: null, error: errno };
  try {
    return { not_after: Date.parse(new X509Certificate(text).validTo), error: null };
  } catch (error) {
    return { not_after: null, error: `no certificate in PEM (${(error as Error).message})` };
  }
}
