/** Tokens and certificates of the cluster. */
import { type CheckText, finding } from "../check.ts";
import { about, type ClusterCheck } from "./picture.ts";
import { listText } from "../words.ts";
import { aboutHead, span } from "./standing_checks.ts";

const HOUR = 3_600_000;
/** A certificate that renews itself has more time left than this; shorter-lived ones more than a quarter. */
const NEAR_END = 48 * HOUR;
/** A join token that ends sooner is told of. */
const TOKEN_SOON = 10 * 60_000;

const JOIN: CheckText = {
  code: "BD074",
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

const CERTIFICATE: CheckText = {
  code: "BD075",
  name: "head-certificate",
  severity: "error",
  tells: "the head's certificate is near its end and was not renewed",
  explain:
    "Certificates that beam makes are good for a week, and the head renews its own when two thirds of that are over. " +
    "One that has less than two days left was not renewed: the machine slept, or a clock was set. Each node tells of " +
    "its own.",
};

/** The head's certificate of its own authority. */
export const headCertificate: ClusterCheck = {
  ...CERTIFICATE,
  run: (picture) => {
    const { head: { certificate_until, certificate_lifetime = Infinity }, now } = picture;
    const left = (certificate_until ?? Infinity) - now;
    if (left >= Math.min(NEAR_END, certificate_lifetime / 4)) return [];
    const found = finding(CERTIFICATE, left <= 0 ? "error" : "warning", {
      seen: left <= 0
        ? `The head's certificate ended ${span(-left)} ago.`
        : `The head's certificate ends in ${span(left)}.`,
      breaks: "Then no node can connect to the head any more.",
      mend: "On the head's machine: `beam up --head --replace`, which makes a new one.",
    });
    return [aboutHead(picture, found)];
  },
};

const OLD: CheckText = {
  code: "BD076",
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
      seen: `${listText(old.map(({ name }) => name))} ${
        old.length === 1 ? "has" : "have"
      } a former token of the cluster, which is taken for ${span(head.former_ms)} more.`,
      breaks: "Then the head ends these nodes' links, and what runs on them is lost.",
      mend: "Start them again with the token that `beam token` shows on the head's machine.",
    });
    return [old.length === 1 ? about(old[0]!, found) : found];
  },
};
