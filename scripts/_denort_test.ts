import assert from "assert";
import { archOf, elfImage } from "./_denort.ts";

/** An ELF64 header whose section header table of two entries begins at byte 0x80. */
function elf(machine: number, appended = 0): Uint8Array {
  const bytes = new Uint8Array(0x80 + 2 * 0x40 + appended);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
  view.setUint16(0x12, machine, true);
  view.setBigUint64(0x28, 0x80n, true);
  view.setUint16(0x3a, 0x40, true);
  view.setUint16(0x3c, 2, true);
  return bytes;
}

Deno.test("the architecture stands in e_machine", () => {
  assert.equal(archOf(elf(0x3e)), "x86_64");
  assert.equal(archOf(elf(0xb7)), "aarch64");
  assert.equal(archOf(elf(0xf3)), undefined, "RISC-V");
  assert.equal(archOf(new TextEncoder().encode("#!/bin/sh\n")), undefined);
});

Deno.test("the image ends behind the section header table", () => {
  assert.equal(elfImage(elf(0x3e, 77)).length, 0x80 + 2 * 0x40);
  assert.equal(elfImage(elf(0x3e)).length, 0x80 + 2 * 0x40);
});

Deno.test("what is no whole image is refused", () => {
  const whole = elf(0x3e);
  assert.throws(() => elfImage(whole.subarray(0, whole.length - 1)), /Cannot cut denort/);
  assert.throws(() => elfImage(new Uint8Array(200)), /Cannot cut denort/);
});
