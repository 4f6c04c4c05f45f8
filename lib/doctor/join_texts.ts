/** What is said of the steps of a join, which `beam doctor --join` tries (`lib/cli/join_trial.ts`). */
import type { CheckText } from "./check.ts";

export const JOIN_NAME: CheckText = {
  code: "BD040",
  name: "join-name",
  severity: "error",
  tells: "the head's name does not resolve here, or leads back to this machine",
  explain:
    "The name in `beam up --join NAME` is resolved on the joining machine. Debian and Ubuntu write a " +
    "machine's own name beside 127.0.1.1 in /etc/hosts, so a name may mean the head elsewhere and loopback " +
    "here. `getent ahosts NAME` shows what it resolves to.",
};

export const JOIN_PORT: CheckText = {
  code: "BD041",
  name: "join-port",
  severity: "error",
  tells: "no connection to the head's port comes about",
  explain:
    "The head listens on port 6379 (`--port`) of its node's address and of loopback, and on nothing else " +
    "unless started with `--listen 0.0.0.0`. Refused means that nothing listens there; no answer, that a " +
    "firewall drops the packets or the machine is off. `nc -vz HOST 6379` tries the same.",
};

export const JOIN_PROTOCOL: CheckText = {
  code: "BD042",
  name: "join-protocol",
  severity: "error",
  tells: "what listens there is no head of a beam that this one understands",
  explain:
    "6379 is also the port of Redis and of Ray's head. Two builds of beam understand each other as long as " +
    "they speak one protocol; `beam version` shows it.",
};

export const JOIN_TOKEN: CheckText = {
  code: "BD043",
  name: "join-token",
  severity: "error",
  tells: "the head does not take this machine's token, or speaks TLS and this side does not",
  explain:
    "The token comes from --token-file, BEAM_TOKEN, BEAM_TOKEN_FILE, Ray's variables, the configuration " +
    "file, or `token` in the runtime directory; `beam token` on the head's machine prints it. With TLS its " +
    "end names the authority: pass it on whole.",
};

export const JOIN_TEXTS: readonly CheckText[] = [JOIN_NAME, JOIN_PORT, JOIN_PROTOCOL, JOIN_TOKEN];
