/**
 * The machine as the probe sees it: files, folders, and whether a device node lets itself be used.
 * Everything the probe decides goes through this interface, so that a test can hold a recorded
 * machine (see `testdata/tree.ts`).
 *
 * @module
 */

import fs from "node:fs";
import { accessOf } from "./access.ts";

/** Text of a file, or why there is none (`ENOENT`, `EACCES`, `EPERM`, …). */
export type Reading =
  | { readonly text: string; readonly errno: null }
  | { readonly text: null; readonly errno: string };

/** `ok`, or the errno's name that the attempt ended with. */
export type Outcome = string;

export interface Host {
  /** Reads a whole text file. Never throws for what the kernel answers. */
  read(path: string): Reading;
  /** Names in a folder, in no order; empty where there is none or it cannot be read. */
  list(path: string): string[];
  /** Opens a device node for reading and writing and closes it at once. */
  open(path: string): Outcome;
  /**
   * Asks whether this process could open a node, without opening it. Opening `/dev/nvidiaN` starts
   * the GPU, and closing it waits for that: seconds per GPU where no persistence daemon runs.
   */
  access(path: string): Outcome;
  /** Bytes an ordinary process can still write to the file system at `path`; null if unknown. */
  freeBytes(path: string): number | null;
}

/** The real machine. `root` lets a tree of plain files stand in for `/`. */
export function systemHost(root = "/"): Host {
  const base = root.replace(/\/+$/, "");
  const at = (path: string) => base + path;
  return {
    read(path) {
      try {
        return { text: Deno.readTextFileSync(at(path)), errno: null };
      } catch (error) {
        return { text: null, errno: errnoOf(error) };
      }
    },
    list(path) {
      try {
        return Array.from(Deno.readDirSync(at(path)), (entry) => entry.name);
      } catch (error) {
        errnoOf(error);
        return [];
      }
    },
    open: (path) => openOnce(at(path)),
    access: (path) => accessOf(at(path)) ?? openOnce(at(path)),
    freeBytes(path) {
      try {
        const stats = fs.statfsSync(at(path));
        return Number(stats.bsize) * Number(stats.bavail);
      } catch (error) {
        errnoOf(error);
        return null;
      }
    },
  };
}

/** Trimmed text of a file, or null where it is missing, refused or empty. */
export function textOf(host: Host, path: string): string | null {
  const text = host.read(path).text?.replaceAll("\0", " ").trim();
  return text ? text : null;
}

/** A file that holds one whole number in decimal; null where it does not. */
export function numberOf(host: Host, path: string): number | null {
  const text = textOf(host, path);
  return text !== null && /^\d+$/.test(text) ? Number(text) : null;
}

/** Whether anything is at `path`, readable or not, judged by its folder's listing. */
export function exists(host: Host, path: string): boolean {
  const slash = path.lastIndexOf("/");
  return host.list(path.slice(0, slash) || "/").includes(path.slice(slash + 1));
}

function openOnce(path: string): Outcome {
  try {
    // Non-blocking: a node whose driver waits for hardware must not hold the daemon's start.
    fs.closeSync(fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_NONBLOCK));
    return "ok";
  } catch (error) {
    return errnoOf(error);
  }
}

function errnoOf(error: unknown): string {
  // Our own missing permission flag is a mistake of the caller, not a fact about the machine.
  if (error instanceof Deno.errors.NotCapable) throw error;
  const code = (error as { code?: unknown }).code;
  if (typeof code === "string") return code;
  if (error instanceof Deno.errors.NotFound) return "ENOENT";
  if (error instanceof Deno.errors.PermissionDenied) return "EACCES";
  return "EIO";
}
