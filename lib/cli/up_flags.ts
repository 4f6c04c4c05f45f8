/** What `beam up` is told: its help and its flags, which are settings of the configuration file too. */
import { LOG_FORMATS, LOG_LEVELS } from "../runtime/log.ts";
import { HEAD_PORT } from "./numbers.ts";
import type { Flags } from "./parse.ts";

/** Help of `beam up`. */
export const UP_HELP = `Starts a node on this machine and returns when it is ready.

Usage:
  beam up --head                   start a cluster: this machine runs its head
  beam up --join HOST[:PORT]       join the cluster whose head is there (port ${HEAD_PORT})
  beam up --replace [--json]       put this beam in place of the one that runs here: the head's
                                   process while all goes on, the daemon where nothing runs

Options:
  --block                          stay in front; end the node when this command ends
  --port N                         head: listen here (default ${HEAD_PORT}; 0: any free port)
                                                                             BEAM_PORT
  --listen IP                      head: listen on this address instead of the node's
                                   (0.0.0.0: on all); always on loopback too   BEAM_LISTEN
  --node-ip IP                     this node's address in the cluster        BEAM_NODE_IP
  --node-port N                    port for direct streams (default 6380, else a free one)
                                                                             BEAM_NODE_PORT
  --num-cpus N                     instead of what is counted                BEAM_NUM_CPUS
  --num-gpus N                     instead of what is found                  BEAM_NUM_GPUS
  --resources JSON                 further resources, such as '{"mlx": 1}'   BEAM_RESOURCES
  --labels K=V,...                 labels for placement                      BEAM_LABELS
  --memory BYTES                   memory for accounting (8GiB)              BEAM_MEMORY
  --object-store-memory BYTES      shared memory for large results           BEAM_OBJECT_STORE_MEMORY
  --join-timeout SECONDS           how long an absent head is waited for (default 300)
                                                                             BEAM_JOIN_TIMEOUT
  --suspect-after SECONDS          head: a node that is silent so long gets nothing new (default 3)
                                                                             BEAM_SUSPECT_AFTER
  --dead-after SECONDS             head: a node that is silent so long is dead (default 5)
                                                                             BEAM_DEAD_AFTER
  --token-file FILE                the cluster's token         BEAM_TOKEN, BEAM_TOKEN_FILE
  --dashboard-host IP              head: serve jobs and metrics over HTTP here
                                   (default 127.0.0.1)                       BEAM_DASHBOARD_HOST
  --dashboard-port N               head: on this port (default 8265; 0: any free port)
                                                                             BEAM_DASHBOARD_PORT
  --dashboard-names NAMES          head: names by which it may be called, besides its addresses
                                                                             BEAM_DASHBOARD_NAMES
  --include-dashboard BOOL         head: whether it does (default true)      BEAM_INCLUDE_DASHBOARD
  --tls                            head: encrypt between machines; the printed token says whom
                                   to believe                                BEAM_TLS
  --open                           head: no token; whoever reaches the port may join
  --tls-lifetime SECONDS           head: how long certificates are good (default a week)
                                                                             BEAM_TLS_LIFETIME
  --tls-authority FILE             head: its authority's key, as \`beam token new\` makes it
                                   (default: made, and kept)                 BEAM_TLS_AUTHORITY
  --name NAME                      this node's name in listings              BEAM_NODE_NAME
  --worker-cmd CMD                 what starts a Python worker here, such as
                                   '/opt/vllm/bin/python -m ray._worker'     BEAM_WORKER_CMD
  --socket-group GROUP             members of this group may use this node as well: their programs'
                                   actors run as this user                   BEAM_SOCKET_GROUP
  --health-port [IP:]PORT          answer probes (/healthz, /readyz) here, on loopback unless
                                   an address is given                       BEAM_HEALTH_PORT
  --log-format FORMAT              of daemon and head: text or json (default text)
                                                                             BEAM_LOG_FORMAT
  --log-level LEVEL                debug, info, warning or error (default info)
                                                                             BEAM_LOG_LEVEL
  --log-stderr                     with --block: what daemon and head log, on standard error too
                                                                             BEAM_LOG_STDERR
  --log-max-bytes BYTES            what all logs of the node may take (default 1GiB)
                                                                             BEAM_LOG_MAX_BYTES
  --config FILE                    settings, instead of ~/.config/beam/config.toml or
                                   /etc/beam/config.toml                     BEAM_CONFIG
  --json                           print facts for programs

The head makes a token unless one is given, and prints the line that joins other machines.
What no flag says, a variable says, else the configuration file: \`beam config\` shows all of it.`;

/** Flags of `beam up`; what others take from here, they take by the variables. */
export const UP_FLAGS = {
  head: { kind: "switch", setting: true },
  join: { kind: "text", setting: true, value: "address" },
  block: { kind: "switch", setting: true },
  port: { kind: "text", env: "BEAM_PORT", value: "port" },
  listen: { kind: "text", env: "BEAM_LISTEN", value: "ip" },
  "node-ip": { kind: "text", env: "BEAM_NODE_IP", value: "ip" },
  "node-port": { kind: "text", env: "BEAM_NODE_PORT", value: "port" },
  "num-cpus": { kind: "text", env: "BEAM_NUM_CPUS", value: "count" },
  "num-gpus": { kind: "text", env: "BEAM_NUM_GPUS", value: "count" },
  resources: { kind: "text", env: "BEAM_RESOURCES", value: "resources" },
  labels: { kind: "text", env: "BEAM_LABELS", value: "labels" },
  memory: { kind: "text", env: "BEAM_MEMORY", value: "bytes" },
  "object-store-memory": { kind: "text", env: "BEAM_OBJECT_STORE_MEMORY", value: "bytes" },
  "join-timeout": { kind: "text", env: "BEAM_JOIN_TIMEOUT", value: "seconds" },
  "suspect-after": { kind: "text", env: "BEAM_SUSPECT_AFTER", value: "seconds" },
  "dead-after": { kind: "text", env: "BEAM_DEAD_AFTER", value: "seconds" },
  token: { kind: "text", env: "BEAM_TOKEN", secret: true },
  "token-file": { kind: "text", env: "BEAM_TOKEN_FILE", value: "file" },
  "dashboard-host": { kind: "text", env: "BEAM_DASHBOARD_HOST" },
  "dashboard-port": { kind: "text", env: "BEAM_DASHBOARD_PORT", value: "port" },
  "dashboard-names": { kind: "text", env: "BEAM_DASHBOARD_NAMES", value: "names" },
  "include-dashboard": { kind: "text", env: "BEAM_INCLUDE_DASHBOARD", value: "truth" },
  tls: { kind: "switch", env: "BEAM_TLS" },
  "tls-lifetime": { kind: "text", env: "BEAM_TLS_LIFETIME", value: "seconds" },
  "tls-authority": { kind: "text", env: "BEAM_TLS_AUTHORITY", value: "file" },
  open: { kind: "switch", setting: true },
  name: { kind: "text", env: "BEAM_NODE_NAME" },
  "worker-cmd": { kind: "text", env: "BEAM_WORKER_CMD" },
  "socket-group": { kind: "text", env: "BEAM_SOCKET_GROUP" },
  "health-port": { kind: "text", env: "BEAM_HEALTH_PORT", value: "health" },
  "log-format": { kind: "text", env: "BEAM_LOG_FORMAT", value: LOG_FORMATS },
  "log-level": { kind: "text", env: "BEAM_LOG_LEVEL", value: LOG_LEVELS },
  "log-stderr": { kind: "switch", env: "BEAM_LOG_STDERR" },
  "log-max-bytes": { kind: "text", env: "BEAM_LOG_MAX_BYTES", value: "bytes" },
  replace: { kind: "switch" },
  json: { kind: "switch" },
  "for-driver": { kind: "switch", hidden: true },
} as const satisfies Flags;
