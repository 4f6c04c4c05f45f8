/** The state of token, certificates and the kernel's own guards. */
import { isLoopback } from "../../runtime/loopback.ts";
import { type Check, type Finding, finding } from "../check.ts";

const HOUR = 3600_000;
const DAY = 24 * HOUR;

export const tokenState: Check = {
  code: "BD025",
  name: "token",
  severity: "warning",
  tells: "the token's file is readable by others, or the cluster needs no token",
  explain:
    "Whoever has the token may run code as the user of the cluster, on every node. Its file must be " +
    "readable by that user alone. A cluster without one is open to whoever reaches its port: " +
    "`beam up --head --open` and `ray start` make such.",
  run({ token, platform, network }) {
    const found: Finding[] = [];
    const told = (seen: string, breaks: string, mend: string) =>
      found.push(finding(tokenState, "warning", { seen, breaks, mend }));
    if (token.mode !== null && (token.mode & 0o077) !== 0) {
      told(
        `${token.path} has mode ${token.mode.toString(8)}.`,
        "Other users of this machine can read the cluster's token and run code on every node.",
        `\`chmod 600 ${token.path} && beam token rotate\`.`,
      );
    }
    if (token.exists && token.uid !== null && token.uid !== platform.uid) {
      told(
        `${token.path} belongs to user ${token.uid}, and this is user ${platform.uid}.`,
        "Who owns the file can exchange the token.",
        `\`sudo chown ${platform.uid} ${token.path}\`.`,
      );
    }
    const listens = token.listens_on ?? network.cluster.address;
    if (token.open === true && !isLoopback(listens)) {
      told(
        "The cluster needs no token.",
        "Whoever reaches its port may join, and run code as you on every node.",
        "Start it with `beam up --head` (or `RAY_AUTH_MODE=token ray start --head`), which makes a token; " +
          "else let only the nodes through the firewall.",
      );
    }
    return found;
  },
};

export const certificates: Check = {
  code: "BD026",
  name: "certificates",
  severity: "error",
  tells:
    "a certificate is over, is soon, or cannot be read, or the authority's key is readable by others",
  explain:
    "Certificates that beam makes are good for a week and renewed when two thirds are over; those of " +
    "RAY_TLS_SERVER_CERT and RAY_TLS_CA_CERT are yours to renew, and are read again within a minute. " +
    "`openssl x509 -noout -enddate -in FILE` shows until when one is good.",
  run({ tls, at, runtime_dir }) {
    const found: Finding[] = [];
    for (const { path, not_after, error } of tls.certificates) {
      if (error !== null) {
        found.push(finding(certificates, "error", {
          seen: `${path} cannot be used: ${error}.`,
          breaks: "No other machine can connect to this one, or this one to others.",
          mend: "RAY_TLS_SERVER_CERT, RAY_TLS_SERVER_KEY and RAY_TLS_CA_CERT name files in PEM.",
        }));
        continue;
      }
      const own = !path.startsWith("/");
      const soon = own ? 12 * HOUR : 3 * DAY;
      if (not_after === null || not_after - at > soon) continue;
      const over = not_after <= at;
      found.push(finding(certificates, over ? "error" : "warning", {
        seen: `${path} ${over ? "was" : "is"} good until ${new Date(not_after).toISOString()}.`,
        breaks: over ? "Other machines refuse it." : "Other machines refuse it from then on.",
        mend: own
          ? "It renews itself over the link to the head: see that this node reaches it (`beam status`)."
          : "Put a new one in its place, under the same name.",
      }));
    }
    if (tls.authority_mode !== null && (tls.authority_mode & 0o077) !== 0) {
      const path = `${runtime_dir.path}/authority.key`;
      found.push(finding(certificates, "warning", {
        seen: `${path} has mode ${tls.authority_mode.toString(8)}.`,
        breaks: "Other users of this machine can make certificates that the cluster believes.",
        mend:
          `\`chmod 600 ${path}\`; where somebody may have read it, move it away and start the head anew.`,
      }));
    }
    return found;
  },
};

export const kernelGuards: Check = {
  code: "BD037",
  name: "kernel-guards",
  severity: "warning",
  tells: "a device was refused and SELinux or an AppArmor profile is on",
  explain:
    "Where the file modes allow a device and opening it is refused all the same, SELinux or AppArmor may be " +
    "the reason. `sudo ausearch -m avc -ts recent` and `sudo dmesg | grep -i apparmor` show what they refused.",
  run({ platform: { selinux, apparmor }, gpus, rdma }) {
    const refused =
      gpus.notes.filter(({ code }) => /-refused$|-no-access$/.test(code)).length > 0 ||
      rdma.devices.some(({ access }) => access === "EACCES" || access === "EPERM");
    if (!refused || selinux !== "enforcing" && apparmor === null) return [];
    return [finding(kernelGuards, "warning", {
      seen: selinux === "enforcing"
        ? "Devices are refused, and SELinux is enforcing."
        : `Devices are refused, and the AppArmor profile \`${apparmor}\` is on.`,
      breaks: "GPUs or RDMA cards that are here cannot be used.",
      mend: selinux === "enforcing"
        ? "`sudo setsebool -P container_use_devices 1`, where this is a container."
        : "Start the container with `--security-opt apparmor=unconfined`, or allow the devices in the profile.",
    })];
  },
};

export const kernelLog: Check = {
  code: "BD033",
  name: "kernel-log",
  severity: "info",
  tells: "this user may not read the kernel's log, so death reports know less",
  explain:
    "Death reports name faults of GPUs (Xid) and kills for lack of memory from the kernel's log, where the " +
    "user may read it. Kills inside a control group are known without it.",
  run({ platform }) {
    if (platform.kernel_log !== false) return [];
    return [finding(kernelLog, "info", {
      seen: "The kernel's log is closed to this user (kernel.dmesg_restrict).",
      breaks: "Death reports cannot name a GPU's Xid, or a kill for lack of the machine's memory.",
      mend: platform.container === null
        ? "`sudo sysctl kernel.dmesg_restrict=0`, where that suits this machine."
        : "Start the container with `--cap-add=SYSLOG`.",
    })];
  },
};
