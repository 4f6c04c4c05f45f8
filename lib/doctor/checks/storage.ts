/** Where a node writes: its runtime directory, and what ended daemons left. */
import { type Check, type Finding, finding } from "../check.ts";
import type { LeftoverFacts } from "../facts.ts";
import { listText, sizeText } from "../words.ts";

const GIB = 2 ** 30;
/** Below this, in bytes, logs and environments fill the disk soon. */
const LITTLE = 2 * GIB;
/** Below this a node cannot start. */
const NONE = 64 * 2 ** 20;
/** Group bits of the directory of a daemon that was given to a group (`--socket-group`). */
const GROUP_PASSES = 0o010;
const NETWORKED =
  /^(nfs|nfs4|cifs|smb3|smbfs|lustre|gpfs|beegfs|ceph|glusterfs|9p|fuse\.(sshfs|glusterfs|s3fs|gcsfuse|juicefs))$/;

export const runtimeDirectory: Check = {
  code: "BD027",
  name: "runtime-directory",
  severity: "error",
  tells:
    "the runtime directory or the folder of sockets cannot be used, is nearly full, noexec or on a network",
  explain:
    "The runtime directory (`~/.beam`, or BEAM_RUNTIME_DIR) holds the Python package, the token, the head's " +
    "journal, logs, and environments of programs; sockets and records lie in $XDG_RUNTIME_DIR/beam or " +
    "/tmp/beam-UID. Both must be this user's alone. The journal is SQLite, whose locks many network file " +
    "systems keep badly. `findmnt -T DIR` and `df -h DIR` show where it lies.",
  run({ runtime_dir: dir, platform, node }) {
    const found: Finding[] = [];
    const told = (severity: Finding["severity"], seen: string, breaks: string, mend: string) =>
      found.push(finding(runtimeDirectory, severity, { seen, breaks, mend }));
    const move = "`export BEAM_RUNTIME_DIR=/var/tmp/beam-$USER` (a local disk) before `beam up`";
    const cannot = "`beam up` refuses to start a node there.";
    if (dir.uid !== null && dir.uid !== platform.uid) {
      told(
        "error",
        `${dir.path} belongs to user ${dir.uid}, and this is user ${platform.uid}.`,
        cannot,
        `${move}.`,
      );
    } else if (dir.mode !== null && ![0, GROUP_PASSES].includes(dir.mode & 0o077)) {
      told(
        "error",
        `${dir.path} has mode ${dir.mode.toString(8)}.`,
        cannot,
        `\`chmod 700 ${dir.path}\`.`,
      );
    }
    if (dir.writable === false) {
      told("error", `${dir.path} cannot be written.`, cannot, `${move}.`);
    }
    if (dir.machine_dir_fault !== null) {
      told(
        "error",
        `The folder of sockets, ${dir.machine_dir}, cannot be used: ${dir.machine_dir_fault}.`,
        cannot,
        `\`rm -r ${dir.machine_dir}\` where it is yours, or \`export XDG_RUNTIME_DIR=DIR\` with a directory of your own.`,
      );
    }
    const files = dir.file_system;
    if (files === null) return found;
    const { type, source, free, size, options, inodes, inodes_free, mount_point } = files;
    if (free !== null && free < LITTLE) {
      told(
        free < NONE ? "error" : "warning",
        `The disk of ${dir.path} (${mount_point ?? "?"}) has ${sizeText(free)} of ${
          sizeText(size ?? 0)
        } left.`,
        "Logs, environments and values that shared memory has no room for fail; without room for its journal the head takes no new work.",
        `\`du -xh --max-depth=2 ${dir.path} | sort -h | tail\` shows what takes it; or ${move}.`,
      );
    } else if (inodes !== null && inodes > 0 && inodes_free !== null && inodes_free < 5000) {
      told(
        "warning",
        `The disk of ${dir.path} has ${inodes_free} names left for files.`,
        "Making files fails with `No space left on device` though there is room.",
        `\`df -i ${dir.path}\`; remove files, or ${move}.`,
      );
    }
    if (options.includes("noexec")) {
      told(
        "warning",
        `${mount_point} is mounted noexec, and ${dir.path} lies there.`,
        "The `ray` command that beam writes cannot be run, nor what environments of programs bring.",
        `\`sudo mount -o remount,exec ${mount_point}\`, or ${move}.`,
      );
    }
    if (type !== null && NETWORKED.test(type)) {
      const matters = node === null || node.is_head;
      told(
        matters ? "warning" : "info",
        `${dir.path} lies on ${type}${source === null ? "" : ` (${source})`}.`,
        matters
          ? "The head's journal needs locks and writes that network file systems keep badly, and a server that hangs stops the node."
          : "A file server that hangs stops this node.",
        `${move}.`,
      );
    }
    return found;
  },
};

export const logout: Check = {
  code: "BD048",
  name: "logout",
  severity: "warning",
  tells: "systemd removes the folder of sockets when this user logs out",
  explain:
    "$XDG_RUNTIME_DIR of a login (`/run/user/UID`) goes with the last session of its user, unless that user " +
    "lingers; where logind has RemoveIPC, what is in /dev/shm goes too, and where it has KillUserProcesses, the " +
    "node. `loginctl show-user $USER -p Linger` says whether this user does. A system service has none of this.",
  run({ runtime_dir: { machine_dir, until_logout_of: user } }) {
    if (!user) return [];
    return [finding(logout, "warning", {
      seen: `${machine_dir} is there until user ${user} logs out: lingering is off.`,
      breaks:
        "A node that runs on after that can start no workers, and no program or command finds it.",
      mend: `\`loginctl enable-linger ${user}\` (with sudo where it is refused).`,
    })];
  },
};

export const sharedHome: Check = {
  code: "BD028",
  name: "shared-home",
  severity: "info",
  tells: "other machines use the same runtime directory",
  explain:
    "A home that several machines share may hold the runtime directory of all: what belongs to one machine " +
    "has names of its own. Only one head can have a runtime directory, and all read the same token.",
  run({ runtime_dir: { path, other_hosts } }) {
    if (other_hosts.length === 0) return [];
    return [finding(sharedHome, "info", {
      seen: `${path} is used by ${listText(other_hosts)} too.`,
      breaks: "A second head in it does not start; everything else keeps apart by itself.",
      mend: "For a cluster apart: `export BEAM_RUNTIME_DIR=~/.beam-$(hostname)`.",
    })];
  },
};

/** From here, in bytes, what was left is worth a warning. */
const MUCH = GIB;

export const leftovers: Check = {
  code: "BD034",
  name: "leftovers",
  severity: "warning",
  tells:
    "an ended daemon left large values, or workers or vLLM's processes run on without who started them",
  explain:
    "A daemon that was killed leaves its files; the next one that starts clears them away. Workers end with " +
    "their daemon; one that the kernel holds (in a GPU's driver) cannot, and keeps its GPU. A vLLM whose " +
    "server was killed leaves its engine and workers, `VLLM::EngineCore` and the like, which keep theirs. " +
    "`ps -eo pid,ppid,lstart,args | grep -E 'VLLM::|ray._worker'` shows both.",
  run({ leftovers: left, processes }) {
    const found: Finding[] = [];
    const stores = left.filter(({ kind }) => kind !== "instance");
    const bytes = stores.reduce((sum, one) => sum + (one.bytes ?? 0), 0);
    if (bytes > 0) {
      found.push(finding(leftovers, bytes >= MUCH ? "warning" : "info", {
        seen: `${sizeText(bytes)} of large values of ended daemons: ${
          listText(stores.map(({ path }) => path))
        }.`,
        breaks: "That room is missing to what runs.",
        mend: `The next \`beam up\` of this user clears them away; or \`rm -r ${
          stores[0]!.path
        }\`.`,
      }));
    }
    const records = left.filter(({ kind }) => kind === "instance");
    if (records.length > 0) found.push(recordsFinding(records));
    const orphans = processes.filter(({ kind, orphan, ours }) =>
      kind === "beam-worker" && orphan && !ours
    );
    const engines = processes.filter(({ kind, orphan, ours, command }) =>
      kind === "vllm" && orphan && !ours && command.startsWith("VLLM::")
    );
    if (engines.length > 0) {
      found.push(finding(leftovers, "warning", {
        seen: `Processes of a vLLM that has ended: ${
          listText(engines.map(({ pid, command }) => `process ${pid} (${command})`))
        }.`,
        breaks: "They keep their GPUs' memory, and the next vLLM finds too little.",
        mend: `\`kill ${
          engines.map(({ pid }) => pid).join(" ")
        }\`, then \`kill -9\` where they stay.`,
      }));
    }
    if (orphans.length > 0) {
      found.push(finding(leftovers, "warning", {
        seen: `Workers without a daemon: ${
          listText(orphans.map(({ pid, command }) => `process ${pid} (${command})`))
        }.`,
        breaks: "They keep their memory and GPUs.",
        mend: `\`kill ${
          orphans.map(({ pid }) => pid).join(" ")
        }\`, then \`kill -9\` where they stay.`,
      }));
    }
    return found;
  },
};

function recordsFinding(records: readonly LeftoverFacts[]): Finding {
  return finding(leftovers, "info", {
    seen: `${records.length} daemon${records.length === 1 ? "" : "s"} ended without a word: ${
      listText(records.map(({ path }) => path))
    }.`,
    breaks: "Nothing: programs look whether a daemon lives before they use its record.",
    mend: "Nothing to do; `beam up` in the same runtime directory takes the place.",
  });
}
