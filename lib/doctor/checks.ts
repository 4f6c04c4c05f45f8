/** All checks of one node, by code. */
import type { Check } from "./check.ts";

export const CHECKS: readonly Check[] = [];
