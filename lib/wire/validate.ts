/** Checks that what arrived is what was declared. */
import { ProtocolError } from "./errors.ts";
import type { Header } from "./frames.ts";
import { type Message, type MessageKind, MESSAGES } from "./messages.ts";
import { shown } from "./shown.ts";

const CHECKS: Record<string, (value: unknown) => boolean> = {
  str: (value) => typeof value === "string",
  int: (value) => Number.isSafeInteger(value),
  float: (value) => typeof value === "number",
  bool: (value) => typeof value === "boolean",
  bytes: (value) => value instanceof Uint8Array,
  map: (value) =>
    typeof value === "object" && value !== null && !Array.isArray(value) &&
    !(value instanceof Uint8Array),
  list: (value) => Array.isArray(value),
  any: () => true,
};

/** True where `kind` is declared. */
export function isKind(kind: string): kind is MessageKind {
  return Object.hasOwn(MESSAGES, kind);
}

/**
 * Checks `value` against declared fields.
 * @throws {ProtocolError} naming the field that is missing or of another type.
 */
export function checkFields(
  what: string,
  value: Record<string, unknown>,
  fields: Record<string, string>,
): void {
  for (const [name, spec] of Object.entries(fields)) {
    const optional = spec.endsWith("?");
    const field = value[name];
    if (field === undefined || field === null) {
      if (optional || spec === "any") continue;
      throw new ProtocolError(`Cannot take \`${what}\`: its field \`${name}\` is missing`);
    }
    const type = optional ? spec.slice(0, -1) : spec;
    if (!CHECKS[type]?.(field)) {
      throw new ProtocolError(`Cannot take \`${what}\`: its field \`${name}\` must be ${type}`);
    }
  }
}

/**
 * The header as a message, or an error.
 * @throws {ProtocolError} for an unknown kind or a field that is missing or of another type.
 */
export function checkMessage(header: Header): Message & { id?: number } {
  if (!isKind(header.kind)) {
    throw new ProtocolError(
      `Cannot take a message of the unknown kind \`${shown(header.kind)}\``,
    );
  }
  checkFields(header.kind, header, MESSAGES[header.kind].fields);
  if (header["id"] !== undefined && !Number.isSafeInteger(header["id"])) {
    throw new ProtocolError(`Cannot take \`${header.kind}\`: its \`id\` must be a whole number`);
  }
  return header as unknown as Message & { id?: number };
}
