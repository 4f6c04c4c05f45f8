/** Certificates of an authority that is not beam's. */
import { join } from "node:path";
import * as x509 from "x509";

/** Makes them for these addresses, good for `ms` milliseconds; Ray's variables that name them. */
export async function ownCertificates(
  dir: string,
  { ips, ms = 1e8 }: { ips: readonly string[]; ms?: number },
): Promise<Record<string, string>> {
  const alg = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const pair = async () =>
    await crypto.subtle.generateKey(alg, true, ["sign", "verify"]) as CryptoKeyPair;
  const [ca, leaf] = [await pair(), await pair()];
  const notBefore = new Date(Date.now() - 1e6);
  const long = { notBefore, notAfter: new Date(Date.now() + 30 * 24 * 3_600_000) };
  const roots = await x509.X509CertificateGenerator.createSelfSigned({
    name: "CN=own",
    keys: ca,
    signingAlgorithm: alg,
    ...long,
    extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
  });
  const certificate = await x509.X509CertificateGenerator.create({
    subject: "CN=node",
    issuer: roots.subject,
    publicKey: leaf.publicKey,
    signingKey: ca.privateKey,
    signingAlgorithm: alg,
    notBefore,
    notAfter: new Date(Date.now() + ms),
    extensions: [
      new x509.SubjectAlternativeNameExtension(
        ips.map((value) => ({ type: "ip" as const, value })),
      ),
    ],
  });
  const key = x509.PemConverter.encode(
    await crypto.subtle.exportKey("pkcs8", leaf.privateKey),
    "PRIVATE KEY",
  );
  const files = { cert: certificate.toString("pem"), key, ca: roots.toString("pem") };
  for (const [name, text] of Object.entries(files)) {
    Deno.writeTextFileSync(join(dir, `own.${name}`), text);
  }
  return {
    RAY_USE_TLS: "1",
    RAY_TLS_SERVER_CERT: join(dir, "own.cert"),
    RAY_TLS_SERVER_KEY: join(dir, "own.key"),
    RAY_TLS_CA_CERT: join(dir, "own.ca"),
  };
}
