/** The programs that tests run as drivers. */
import { join } from "node:path";

export const PROGRAMS = join(import.meta.dirname!, "..", "programs");
