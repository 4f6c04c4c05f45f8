/** Control groups of the kernel, as this process sees them. */

const CGROUP = "/sys/fs/cgroup";

/**
 * Folders of this process's control group, the innermost first, for a controller.
 * @param groups the text of /proc/self/cgroup
 */
export function groupFolders(groups: string, controller: string): string[] {
  const lines = groups.trim().split("\n");
  const v1 = lines.find((line) => line.split(":")[1]?.split(",").includes(controller));
  const v2 = lines.find((line) => line.startsWith("0::"));
  const path = (v1 ?? v2 ?? "").split(":").slice(2).join(":");
  const base = v1 === undefined ? CGROUP : `${CGROUP}/${controller}`;
  const folders: string[] = [];
  // A group's limits hold for those inside it; in a container the path may lead outside of what is mounted.
  for (let at = path.replace(/\/+$/, ""); at !== "" && !at.includes("/..");) {
    folders.push(base + at);
    at = at.slice(0, at.lastIndexOf("/"));
  }
  return [...folders, base];
}
