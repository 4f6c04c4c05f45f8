/** The bill of materials: CycloneDX 1.6, in JSON. */
import { VERSION } from "../../lib/runtime/version.ts";
import { sha256 } from "../_digest.ts";
import type { Component } from "./components.ts";

/** What a bill is about. */
export interface Subject {
  type: "application" | "container";
  /** Told apart from the other architecture's by this. */
  purl: string;
  /** SHA-256 in hex. */
  digest: string;
}

/** The bill of a subject that is made of `components`; `time` is the release's. */
export function billOfMaterials(
  { type, purl, digest }: Subject,
  components: readonly Component[],
  time: number,
): string {
  const subject: Component = {
    type,
    "bom-ref": purl,
    name: "beam",
    version: VERSION,
    licenses: [{ license: { id: "Apache-2.0" } }],
    purl,
    hashes: [{ alg: "SHA-256", content: digest }],
  };
  const bill = {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: `urn:uuid:${uuidOf(`${purl} ${digest}`)}`,
    version: 1,
    metadata: {
      timestamp: new Date(time * 1000).toISOString(),
      tools: { components: [{ type: "application", name: "scripts/release", version: VERSION }] },
      component: subject,
    },
    components,
    dependencies: [{
      ref: purl,
      dependsOn: components.map((component) => component["bom-ref"]).sort(),
    }],
  };
  return `${JSON.stringify(bill, undefined, 2)}\n`;
}

/** An identifier that the same subject always gets: RFC 9562's version 8, of a digest. */
function uuidOf(text: string): string {
  const hex = sha256(new TextEncoder().encode(text));
  const variant = (8 + (parseInt(hex[16]!, 16) & 3)).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join("-");
}
