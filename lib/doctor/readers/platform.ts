/** Distribution, C library, container, and which firewall an administrator would use here. */
import { exists, textOf } from "../../probe/host.ts";
import type { FirewallFacts, PlatformFacts } from "../facts.ts";
import type { System } from "../system.ts";
import { capability } from "./limits.ts";

const CAP_SYSLOG = 34;

/** Where the C library of each architecture lies, by distribution. */
const LIBRARY_FOLDERS = [
  "/lib/x86_64-linux-gnu",
  "/lib/aarch64-linux-gnu",
  "/usr/lib/x86_64-linux-gnu",
  "/usr/lib/aarch64-linux-gnu",
  "/lib64",
  "/usr/lib64",
  "/lib",
  "/usr/lib",
];

/** @param env tells of containers too */
export function readPlatform(
  system: System,
  env: Readonly<Record<string, string | undefined>>,
): PlatformFacts {
  const release = osRelease(system);
  const kernel = textOf(system, "/proc/sys/kernel/osrelease");
  const profile = textOf(system, "/proc/self/attr/apparmor/current") ??
    textOf(system, "/proc/self/attr/current");
  const enforce = textOf(system, "/sys/fs/selinux/enforce");
  return {
    arch: Deno.build.arch,
    kernel,
    distribution: release.get("ID") ?? null,
    distribution_like: (release.get("ID_LIKE") ?? "").split(/\s+/).filter(Boolean),
    glibc: glibcVersion(system),
    musl: LIBRARY_FOLDERS.some((folder) =>
      system.list(folder).some((name) => name.startsWith("ld-musl-"))
    ),
    wsl: /microsoft|wsl/i.test(kernel ?? "") || exists(system, "/dev/dxg"),
    container: containerOf(system, env),
    uid: system.uid(),
    selinux: enforce === "1" ? "enforcing" : enforce === "0" ? "permissive" : null,
    apparmor: exists(system, "/sys/kernel/security/apparmor") && profile !== null &&
        !profile.startsWith("unconfined")
      ? profile
      : null,
    kernel_log: textOf(system, "/proc/sys/kernel/dmesg_restrict") === "0" ||
      capability(system, CAP_SYSLOG),
    proc: system.list("/proc").length > 0,
    subreaper: system.subreapers(),
  };
}

/** The firewall that is on, told by its own files: its rules are for root alone. */
export function readFirewall(system: System): FirewallFacts {
  const ufw = textOf(system, "/etc/ufw/ufw.conf");
  if (ufw !== null && /^ENABLED=yes/mi.test(ufw)) {
    return { kind: "ufw", evidence: "ENABLED=yes in /etc/ufw/ufw.conf" };
  }
  for (const pid of ["/run/firewalld.pid", "/var/run/firewalld.pid"]) {
    if (textOf(system, pid) !== null) return { kind: "firewalld", evidence: pid };
  }
  const units = "/etc/systemd/system/multi-user.target.wants";
  const sysinit = "/etc/systemd/system/sysinit.target.wants";
  if (exists(system, `${units}/firewalld.service`)) {
    return { kind: "firewalld", evidence: "firewalld.service is enabled" };
  }
  if ([units, sysinit].some((folder) => exists(system, `${folder}/nftables.service`))) {
    return { kind: "nftables", evidence: "nftables.service is enabled" };
  }
  const tables = ["/proc/net/ip_tables_names", "/proc/net/ip6_tables_names"];
  const filtered = tables.find((path) => /^filter$/m.test(system.read(path).text ?? ""));
  if (filtered !== undefined) return { kind: "iptables", evidence: `filter in ${filtered}` };
  return { kind: null, evidence: null };
}

function osRelease(system: System): Map<string, string> {
  const text = textOf(system, "/etc/os-release") ?? textOf(system, "/usr/lib/os-release") ?? "";
  const pairs = [...text.matchAll(/(?:^|\s)([A-Z_]+)=("[^"]*"|'[^']*'|\S*)/g)];
  return new Map(pairs.map(([, name, value]) => [name!, value!.replace(/^(["'])(.*)\1$/, "$2")]));
}

/** Up to 2.33 the file's own name has the version; later its text, which is too large to read for that. */
function glibcVersion(system: System): string | null {
  for (const folder of LIBRARY_FOLDERS) {
    const names = system.list(folder);
    const named = names.map((name) => /^libc-(2\.\d+)\.so$/.exec(name)?.[1]).find(Boolean);
    if (named) return named;
    if (!names.includes("libc.so.6")) continue;
    const text = system.read(`${folder}/libc.so.6`).text ?? "";
    const found = /GNU C Library \([^)]*\)[^\n]*? version (\d+\.\d+)/.exec(text)?.[1];
    if (found) return found;
  }
  return null;
}

function containerOf(
  system: System,
  env: Readonly<Record<string, string | undefined>>,
): string | null {
  if (env.KUBERNETES_SERVICE_HOST) return "kubernetes";
  if (exists(system, "/.dockerenv")) return "docker";
  if (exists(system, "/run/.containerenv")) return "podman";
  const groups = system.read("/proc/1/cgroup").text ?? "";
  if (/kubepods/.test(groups)) return "kubernetes";
  if (/docker|containerd|crio|libpod/.test(groups)) return "container";
  return env.container || env.APPTAINER_NAME || env.SINGULARITY_NAME ? "container" : null;
}
