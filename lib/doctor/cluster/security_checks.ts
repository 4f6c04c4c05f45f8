/** Tokens and certificates of the cluster. */
import { isLoopback } from "../../runtime/loopback.ts";
import { type CheckText, type Finding, finding } from "../check.ts";
import { about, type ClusterCheck, listed } from "./picture.ts";
import { aboutHead, span } from "./standing_checks.ts";

const HOUR = 3_600_000;
/** A certificate that renews itself has more time left than this; shorter-lived ones more than a quarter. */
const NEAR_END = 48 * HOUR;
/** A join token that ends sooner is told of. */
const TOKEN_SOON = 10 * 60_000;

const OPEN: CheckText = {
  code: "BD074",
  name: "open-cluster",
  severity: "warning",
  tells: "the cluster has no token, and its port can be reached from other machines",
  explain:
    "Who reaches the head's port may join, submit work, and run code as the user who started the cluster. " +
    "`ray start` makes such a cluster, as Ray does, unless RAY_AUTH_MODE=token.",
};

/** A cluster that anybody may join. */
export const open: ClusterCheck = {
  ...OPEN,
  run: (picture) => {
    const { head } = picture;
    const host = head.address.replace(/:\d+$/, "");
    if (!head.open || isLoopback(host)) return [];
    return [aboutHead(
      picture,
      finding(OPEN, "warning", {
        seen: `The cluster is open: who reaches ${head.address} needs no token.`,
        breaks: "Anybody on that network may run programs as you on every node.",
        mend: "Start it with a token: `beam up --head`, or `RAY_AUTH_MODE=token ray start --head`.",
      }),
    )];
  },
};

const JOIN: CheckText = {
  code: "BD075",
  name: "join-tokens",
  severity: "info",
  tells: "a join token ends within ten minutes",
  explain: "Machines that are to join by it must do so before; those that did stay.",
};

/** Join tokens that end soon. */
export const joinTokens: ClusterCheck = {
  ...JOIN,
  run: (picture) => {
    const { head, now } = picture;
    return head.join_tokens.filter(({ expires }) => expires - now < TOKEN_SOON).map((token) =>
      aboutHead(
        picture,
        finding(JOIN, "info", {
          seen: `The join token ${token.name} ends in ${span(token.expires - now)}.`,
          breaks:
            "No machine can join by it afterwards, nor come back by it when its node is started again.",
          mend: "Where that is too soon: `beam token create --ttl 12h`.",
        }),
      )
    );
  },
};

const CERTIFICATES: CheckText = {
  code: "BD076",
  name: "certificates",
  severity: "error",
  tells: "a certificate of the cluster's authority is near its end and was not renewed",
  explain:
    "Certificates that beam makes are good for a week and renewed when two thirds of that are over. One that has less " +
    "than two days left could not be renewed: the node does not reach its head, or a clock is wrong.",
};

/** Certificates that beam makes. Files of others are each node's own affair. */
export const certificates: ClusterCheck = {
  ...CERTIFICATES,
  run: (picture) => {
    const { head, nodes, now } = picture;
    const bound = Math.min(NEAR_END, (head.certificate_lifetime ?? Infinity) / 4);
    const isNear = (until: number | undefined): until is number =>
      until !== undefined && until - now < bound;
    const ofNodes = nodes.flatMap((node) => {
      const until = node.ready?.certificate_until;
      return isNear(until) ? [about(node, endFinding(`Node ${node.name}'s`, until - now))] : [];
    });
    const own = head.certificate_until;
    return isNear(own)
      ? [aboutHead(picture, endFinding("The head's", own - now)), ...ofNodes]
      : ofNodes;
  },
};

function endFinding(whose: string, left: number): Finding {
  return finding(CERTIFICATES, left <= 0 ? "error" : "warning", {
    seen: left <= 0
      ? `${whose} certificate ended ${span(-left)} ago.`
      : `${whose} certificate ends in ${span(left)}.`,
    breaks: "Then other nodes refuse its port, and calls to it go by the head.",
    mend:
      "Look there with `beam logs daemon` why it was not renewed; `beam up --replace` asks for a new one.",
  });
}

const OLD: CheckText = {
  code: "BD077",
  name: "old-token",
  severity: "warning",
  tells: "a connected node still has a former token of the cluster",
  explain:
    "`beam token rotate` gives every connected node the new token. One that has not fetched it is cut off when the " +
    "former token's grace time is over; nodes that joined by a revoked join token are left out on purpose.",
};

/** Nodes that will be cut off. */
export const oldToken: ClusterCheck = {
  ...OLD,
  run: ({ nodes, head }) => {
    const old = nodes.filter(({ node_id }) => head.old_tokens.includes(node_id));
    if (old.length === 0) return [];
    const found = finding(OLD, "warning", {
      seen: `${listed(old.map(({ name }) => name))} ${
        old.length === 1 ? "has" : "have"
      } a former token of the cluster, which is taken for ${span(head.former_ms)} more.`,
      breaks: "Then the head ends these nodes' links, and what runs on them is lost.",
      mend: "Start them again with the token that `beam token` shows on the head's machine.",
    });
    return [old.length === 1 ? about(old[0]!, found) : found];
  },
};
