/**
 * Hostile bytes for long: frames, openings and HTTP requests, guided by the branches they reach.
 *
 * `--minutes N` for all targets together, or `--count N` inputs for each. What is found is kept in `tests/fuzz/corpus`.
 */
await import("../../tests/fuzz/main.ts");
