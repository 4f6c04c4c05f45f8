/** Numbers, times and ids as people read them. Pure. */

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `23.4 GiB`. */
export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1023.5 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

/** `23.4 / 80.0 GiB`: both in the unit of the second, but for what would be none of it. */
export function shareText(used: number, total: number): string {
  const whole = bytesText(total);
  const unit = whole.slice(whole.indexOf(" ") + 1);
  const factor = 1024 ** UNITS.indexOf(unit);
  const value = used / factor;
  if (value < 0.05 && used > 0) return `${bytesText(used)} / ${whole}`;
  return `${value >= 99.95 ? Math.round(value) : value.toFixed(1)} / ${whole}`;
}

/** How long something is or was: `12 s`, `5 min`, `3 h 20 min`, `2 d 4 h`. */
export function durationText(ms: number): string {
  const whole = Math.max(0, ms);
  if (whole === 0) return "0 s";
  if (whole < SECOND) return whole < 1 ? "< 1 ms" : `${Math.round(whole)} ms`;
  if (whole < MINUTE) return `${Math.floor(whole / SECOND)} s`;
  if (whole < HOUR) return `${Math.floor(whole / MINUTE)} min`;
  if (whole < DAY) return joined(whole, [HOUR, "h"], [MINUTE, "min"]);
  return joined(whole, [DAY, "d"], [HOUR, "h"]);
}

function joined(ms: number, [large, first]: [number, string], [small, second]: [number, string]) {
  const rest = Math.floor((ms % large) / small);
  return `${Math.floor(ms / large)} ${first}${rest > 0 ? ` ${rest} ${second}` : ""}`;
}

/** `14:03:09`, and with the day before it where that is not `now`'s. */
export function timeText(at: number, now: number): string {
  const date = new Date(at);
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");
  return new Date(now).toDateString() === date.toDateString() ? time : `${dayText(date)} ${time}`;
}

/** With date, milliseconds left out: for titles. */
export function momentText(at: number): string {
  const date = new Date(at);
  return `${dayText(date)} ${
    [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":")
  }`;
}

function dayText(date: Date): string {
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

/** `1,234`. */
export function countText(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** `1 node`, `2 nodes`. */
export function countOf(value: number, one: string, many = `${one}s`): string {
  return `${countText(value)} ${value === 1 ? one : many}`;
}

/** An amount of a resource: at most two decimals. */
export function amountText(value: number): string {
  const [whole, part] = String(Math.round(value * 100) / 100).split(".");
  return countText(Number(whole)) + (part === undefined ? "" : `.${part}`);
}

/** Enough of an id to tell a few thousand apart. */
export function shortId(id: string): string {
  return id.slice(0, 8);
}

/** 0 to 1, or undefined where there is nothing to share. */
export function shareOf(used: number | undefined, total: number | undefined): number | undefined {
  if (used === undefined || total === undefined || total <= 0) return undefined;
  return Math.min(1, Math.max(0, used / total));
}

/** Resources in a line, those inside placement groups left out, memory in its units: `CPU 1 · GPU 2 · memory 4.0 GiB`. */
export function amountsText(amounts: Readonly<Record<string, number>>): string {
  const shown = Object.entries(amounts).filter(([name, value]) =>
    value > 0 && !name.startsWith("node:") && !/_group_/.test(name)
  );
  return shown.map(([name, value]) =>
    `${name.replace("object_store_memory", "object store")} ${
      /memory/.test(name) ? bytesText(value) : amountText(value)
    }`
  ).join(" · ");
}
