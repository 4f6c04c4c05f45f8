/** What daemons that ended without a word left: their record, and large values in shared memory or on disk. */
import type { LeftoverFacts } from "../facts.ts";
import type { RuntimeDirPlaces } from "./file_systems.ts";
import type { System } from "../system.ts";

/** `<prefix>-<key>-<pid>-<start>`, as `lib/node/store_folder.ts` names a daemon's folder. */
const STORE = /^(.+)-([^-]+)-(\d+)-(\d+)$/;

export function readLeftovers(system: System, places: RuntimeDirPlaces): LeftoverFacts[] {
  // A runtime directory may be shared: what other machines' daemons keep there is theirs.
  const host = (system.read("/proc/sys/kernel/hostname").text ?? "").trim();
  return [
    ...instances(system, places.machine_dir),
    ...stores(system, "/dev/shm", `beam-${system.uid()}`, "object-store"),
    ...stores(system, `${places.runtime_dir}/spill`, host, "spill"),
  ];
}

function instances(system: System, machine_dir: string): LeftoverFacts[] {
  return system.list(machine_dir).filter((name) => /^[0-9a-f]{8}$/.test(name)).flatMap((name) => {
    const path = `${machine_dir}/${name}`;
    const record = parsed(system.read(`${path}/daemon.json`).text);
    if (record === null || runs(system, record.pid, record.start_ticks)) return [];
    return [{ kind: "instance" as const, path, bytes: null, pid: record.pid }];
  });
}

function stores(
  system: System,
  parent: string,
  prefix: string,
  kind: LeftoverFacts["kind"],
): LeftoverFacts[] {
  return system.list(parent).flatMap((name) => {
    const found = STORE.exec(name);
    if (found === null || found[1] !== prefix) return [];
    const pid = Number(found[3]);
    if (runs(system, pid, Number(found[4]))) return [];
    const path = `${parent}/${name}`;
    return [{ kind, path, bytes: bytesIn(system, path), pid }];
  });
}

function parsed(text: string | null): { pid: number; start_ticks: number } | null {
  try {
    const { pid, start_ticks } = JSON.parse(text ?? "");
    return typeof pid === "number" && typeof start_ticks === "number" ? { pid, start_ticks } : null;
  } catch {
    return null;
  }
}

function runs(system: System, pid: number, start_ticks: number): boolean {
  const stat = system.read(`/proc/${pid}/stat`).text;
  if (stat === null) return false;
  const [state, ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return state !== "Z" && state !== "X" && Number(fields[18]) === start_ticks;
}

/** Store folders have no folders inside. */
function bytesIn(system: System, path: string): number {
  return system.list(path).reduce(
    (sum, name) => sum + (system.info(`${path}/${name}`)?.size ?? 0),
    0,
  );
}
