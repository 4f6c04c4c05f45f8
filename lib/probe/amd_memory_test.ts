import assert from "assert";
import { type AmdMemory, isIntegrated, usableBytes } from "./amd_memory.ts";

const GiB = 2 ** 30;
const card: AmdMemory = {
  gfx: "gfx1100",
  bank_bytes: 24 * GiB,
  vram: 24 * GiB,
  gtt: 60 * GiB,
  board: false,
};

Deno.test("integrated: by target, by a bank beyond the carve-out, by GTT, else unknown", () => {
  assert.equal(isIntegrated({ ...card, gfx: "gfx1151", vram: 96 * GiB, gtt: 16 * GiB }), true);
  assert.equal(isIntegrated({ ...card, board: true }), false);
  assert.equal(isIntegrated({ ...card, gfx: null, bank_bytes: 15 * GiB, vram: GiB / 2 }), true);
  assert.equal(isIntegrated({ ...card, bank_bytes: 0, vram: 2 * GiB, gtt: 60 * GiB }), true);
  assert.equal(isIntegrated({ ...card, bank_bytes: 0, vram: 0 }), true);
  assert.equal(isIntegrated(card), null);
  assert.equal(isIntegrated({ ...card, vram: null, gtt: null }), null);
});

Deno.test("memory: a bank before DRM's total; an APU borrows no more than the machine has", () => {
  assert.equal(usableBytes({ ...card, bank_bytes: 48 * GiB, vram: 192 * GiB }, null), 48 * GiB);
  assert.equal(usableBytes({ ...card, bank_bytes: 0 }, null), 24 * GiB);
  const apu = { ...card, gfx: "gfx1151", vram: 2 * GiB, gtt: 112 * GiB };
  assert.equal(usableBytes(apu, 121 * GiB), 114 * GiB);
  assert.equal(usableBytes(apu, 32 * GiB), 34 * GiB);
});
