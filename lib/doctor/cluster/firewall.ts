/** The line that opens a machine's firewall. */
import type { FirewallFacts } from "../facts.ts";

type Kind = NonNullable<FirewallFacts["kind"]>;

/** What is to be let through. */
export interface Opening {
  /** The other nodes' network, such as `10.0.0.0/24`. */
  from: string;
  /** One port, or every one. */
  port: number | "all";
}

/** What to run on the machine that has the firewall; one line of two where it is not known which that is. */
export function openingLines(kind: Kind | null, openings: readonly Opening[]): string {
  const lines = (of: Kind) => `\`${openings.map((one) => LINES[of](one)).join(" && ")}\``;
  return kind === null ? `${lines("iptables")}, or ${lines("nftables")}` : lines(kind);
}

const LINES: Readonly<Record<Kind, (opening: Opening) => string>> = {
  ufw: ({ from, port }) =>
    port === "all"
      ? `sudo ufw allow from ${from}`
      : `sudo ufw allow proto tcp from ${from} to any port ${port}`,
  firewalld: ({ from, port }) =>
    (port === "all"
      ? `sudo firewall-cmd --permanent --zone=trusted --add-source=${from}`
      : `sudo firewall-cmd --permanent --add-rich-rule='rule family="${
        from.includes(":") ? "ipv6" : "ipv4"
      }" source address="${from}" port port="${port}" protocol="tcp" accept'`) +
    " && sudo firewall-cmd --reload",
  nftables: ({ from, port }) =>
    `sudo nft insert rule inet filter input ${
      from.includes(":") ? "ip6" : "ip"
    } saddr ${from} tcp dport ${port === "all" ? "1024-65535" : port} accept`,
  iptables: ({ from, port }) =>
    `sudo ${from.includes(":") ? "ip6tables" : "iptables"} -I INPUT -s ${from} -p tcp --dport ${
      port === "all" ? "1024:65535" : port
    } -j ACCEPT`,
};
