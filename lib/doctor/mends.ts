/** Lines that mend things, as they are written on this distribution and in this container. */
import type { PlatformFacts } from "./facts.ts";

/** What a container has to be started with, in the words of what runs it. */
export function containerLine(
  { container }: Pick<PlatformFacts, "container">,
  words: { docker: string; kubernetes: string },
): string {
  switch (container) {
    case "kubernetes":
      return words.kubernetes;
    case "docker":
    case "podman":
      return `Start the container with \`${container} run ${words.docker} …\`.`;
    default:
      return `Start the container with \`${words.docker}\` (Docker, Podman).`;
  }
}

/** The line that installs a package, by the distribution's own tool. */
export function installLine(
  platform: Pick<PlatformFacts, "distribution" | "distribution_like">,
  packages: { apt: string; dnf: string; zypper: string },
): string {
  const names = [platform.distribution ?? "", ...platform.distribution_like];
  const has = (...wanted: string[]) => wanted.some((name) => names.includes(name));
  if (has("suse", "sles", "opensuse", "opensuse-leap", "opensuse-tumbleweed")) {
    return `sudo zypper install ${packages.zypper}`;
  }
  if (has("rhel", "fedora", "centos", "rocky", "almalinux", "amzn")) {
    return `sudo dnf install ${packages.dnf}`;
  }
  return `sudo apt-get install ${packages.apt}`;
}

/** How a limit is raised: in a container by its start, else for the shell, the unit and log-ins. */
export function limitLine(
  { container }: Pick<PlatformFacts, "container">,
  limit: { ulimit: string; docker: string; systemd: string; pam: string },
): string {
  if (container !== null) {
    return containerLine({ container }, {
      docker: `--ulimit ${limit.docker}`,
      kubernetes:
        `Raise it where the container runtime starts (\`${limit.systemd}\` in its unit), or run ` +
        `\`${limit.ulimit}\` in the container before beam.`,
    });
  }
  return `\`${limit.ulimit}\` in the shell that starts beam (where the hard limit allows it: ` +
    `\`echo '* - ${limit.pam}' | sudo tee /etc/security/limits.d/90-beam.conf\` and a new log-in), ` +
    `\`${limit.systemd}\` in a systemd unit.`;
}
