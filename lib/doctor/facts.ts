/**
 * What the doctor reads of a machine, once, before any check looks at it. All of it is plain JSON: a
 * node answers with it, and the head compares nodes by it. It holds no secret: of the environment only
 * the variables that checks look at, and of those no token.
 *
 * Sizes are bytes, times milliseconds since the epoch unless a name says otherwise. `null` means that
 * it could not be read or is not there; `unread` says what failed in an unexpected way.
 *
 * It is long because it is a list; how each part is read is in `readers/`.
 */

/** See the top of this file. */
export interface Facts {
  /** When reading began, by this machine's clock. */
  at: number;
  /** The beam that read them, with its version. */
  build: string;
  platform: PlatformFacts;
  /** The node of this machine that the doctor was asked about; null: none runs. */
  node: NodeFacts | null;
  /** Variables that checks look at, as workers get them (as this shell has them, where no node runs). */
  env: Record<string, string>;
  network: NetworkFacts;
  rdma: RdmaFacts;
  firewall: FirewallFacts;
  limits: LimitFacts;
  memory: MemoryFacts;
  cpus: CpuFacts;
  /** /dev/shm. */
  shm: FileSystemFacts | null;
  runtime_dir: RuntimeDirFacts;
  gpus: GpuFacts;
  /** The interpreter that runs workers; null: none was looked for. */
  python: PythonFacts | null;
  processes: ProcessFacts[];
  listeners: ListenerFacts[];
  leftovers: LeftoverFacts[];
  clock: ClockFacts;
  token: TokenFacts;
  tls: TlsFacts;
  unread: Unread[];
}

/** A part that could not be read, with the reason. Checks that look at it find nothing. */
export interface Unread {
  part: string;
  why: string;
}

export interface PlatformFacts {
  /** `x86_64` or `aarch64`. */
  arch: string;
  /** `6.8.0-41-generic`. */
  kernel: string | null;
  /** ID of /etc/os-release: `ubuntu`, `debian`, `rhel`, `rocky`, `sles`, … */
  distribution: string | null;
  /** ID_LIKE of /etc/os-release. */
  distribution_like: string[];
  /** `2.35`; null: no glibc is seen. */
  glibc: string | null;
  musl: boolean;
  wsl: boolean;
  /** What kind of container this is in: `docker`, `podman`, `kubernetes`, `container`, or null for none that shows. */
  container: string | null;
  /** User id of who reads. */
  uid: number;
  selinux: "enforcing" | "permissive" | null;
  /** The AppArmor profile of this process; null: none or unconfined. */
  apparmor: string | null;
  /** Whether this process may read the kernel's log. */
  kernel_log: boolean | null;
  /** Whether /proc is there. */
  proc: boolean;
  /** Whether the kernel knows child subreapers (prctl); null: it could not be asked. */
  subreaper: boolean | null;
}

/** What the daemon says of itself; without a daemon, nothing of this is known. */
export interface NodeFacts {
  node_id: string;
  name: string;
  ip: string;
  aliases: string[];
  /** Its port for streams. */
  port: number;
  is_head: boolean;
  /** `host:port` by which it reaches the head. */
  head_address: string;
  connected: boolean;
  cluster: string;
  /** The build of the daemon that runs. */
  build: string;
  pid: number;
  /** GPUs that the node offers. */
  gpus: number;
  /** `--num-gpus` or BEAM_NUM_GPUS, where given. */
  gpus_given: number | null;
  /** Folder of the Python package of this build. */
  shim_path: string;
  /** The object store's quota. */
  object_store: number;
  /** Processes of this node: daemon, head, workers, drivers and their descendants. */
  pids: number[];
}

export interface NetworkFacts {
  interfaces: InterfaceFacts[];
  /** The interface of the default route. */
  default_interface: string | null;
  /** IPv4 routes, the most specific first; `network` and `mask` are unsigned 32-bit numbers. */
  routes: { interface: string; network: number; mask: number; metric: number }[];
  cluster: ClusterAddress;
  host_name: HostNameFacts;
}

/** The address by which other nodes know this machine. */
export interface ClusterAddress {
  address: string;
  /** Null: no interface has it. */
  interface: string | null;
  /** `node`: a running node has it. `given`: BEAM_NODE_IP. `guess`: what `beam up --head` would take. */
  source: "node" | "given" | "guess";
  /** Variables that beam sets for workers and `beam run` because nobody did. */
  derived: Record<string, string>;
}

export interface InterfaceFacts {
  name: string;
  addresses: InterfaceAddressFacts[];
  /** `loopback`; `physical`: there is a device behind it; `software`: bridge, tunnel, veth, bond, VLAN. */
  kind: "loopback" | "physical" | "software";
  /** Set up by an administrator (flag IFF_UP). */
  up: boolean | null;
  /** A cable with somebody at its other end; null while it is not up. */
  carrier: boolean | null;
  /** `up`, `down`, `lowerlayerdown`, `unknown`, … */
  state: string | null;
  speed_mbps: number | null;
  duplex: "full" | "half" | null;
  mtu: number | null;
  /** Of the device behind it: `mlx5_core`. */
  driver: string | null;
  /** Address of the device behind it: `0000:01:00.0`. */
  pci: string | null;
  wireless: boolean;
}

export interface InterfaceAddressFacts {
  address: string;
  family: "IPv4" | "IPv6";
  prefix: number | null;
  link_local: boolean;
}

export interface HostNameFacts {
  name: string;
  /** What the name resolves to, in the resolver's order. */
  addresses: string[];
  /** Why it does not resolve; null where it does. */
  error: string | null;
  /** The line of /etc/hosts that names it, as it stands there. */
  hosts_line: string | null;
}

export interface RdmaFacts {
  devices: RdmaDevice[];
  /** Whether /dev/infiniband/rdma_cm lets itself be opened: `ok` or an errno's name. */
  rdma_cm: string;
}

export interface RdmaDevice {
  /** `mlx5_0`. */
  name: string;
  /** `/dev/infiniband/uverbs0`; null: no such node is known to the kernel. */
  node: string | null;
  /** `ok` or an errno's name. */
  access: string;
  driver: string | null;
  ports: RdmaPort[];
}

export interface RdmaPort {
  port: number;
  /** `ACTIVE`, `DOWN`, `INIT`, … */
  state: string | null;
  link_layer: "Ethernet" | "InfiniBand" | null;
  /** `200 Gb/sec (4X HDR)`. */
  rate: string | null;
  /** The network interface of the same port. */
  interface: string | null;
}

/** The firewall that an administrator would use here. */
export interface FirewallFacts {
  /** `null`: none of these is seen to be on. */
  kind: "ufw" | "firewalld" | "nftables" | "iptables" | null;
  /** How that was told: a file or process. */
  evidence: string | null;
}

/** Null: no limit. */
export interface Limit {
  soft: number | null;
  hard: number | null;
}

/** Limits of the process that starts workers; they inherit them. A limit is null where it was not read. */
export interface LimitFacts {
  open_files: Limit | null;
  /** Of this user, threads included. */
  processes: Limit | null;
  locked_memory: Limit | null;
  /** Whether this process may lock memory whatever the limit says (CAP_IPC_LOCK). */
  may_lock: boolean | null;
  /** Of the control group; `max` null: no limit. */
  cgroup_pids: { max: number | null; current: number | null } | null;
  /** Of the whole machine. */
  threads_max: number | null;
}

export interface MemoryFacts {
  total: number | null;
  /** Used by nobody, not even for a cache. */
  free: number | null;
  available: number | null;
  swap_total: number | null;
  swap_free: number | null;
  /** vm.overcommit_memory: 0 guesses, 1 always, 2 never. */
  overcommit: number | null;
  commit_limit: number | null;
  committed: number | null;
  /** Of the control group; null: no limit. */
  cgroup_limit: number | null;
  /** Without the file cache. */
  cgroup_used: number | null;
  /** Bytes of huge pages set aside. */
  huge_pages: number | null;
}

export interface CpuFacts {
  /** CPUs that the machine has online. */
  online: number;
  /** Those that this process may run on; null: not read. */
  allowed: number | null;
  /** CPUs' worth of time that the control group has; null: no limit. */
  quota: number | null;
}

export interface FileSystemFacts {
  path: string;
  mount_point: string | null;
  /** `tmpfs`, `ext4`, `nfs4`, … */
  type: string | null;
  /** What is mounted: `server:/home`. */
  source: string | null;
  options: string[];
  size: number | null;
  free: number | null;
  inodes: number | null;
  inodes_free: number | null;
}

/** The runtime directory; what is not there yet is judged by the folder in which it would be made. */
export interface RuntimeDirFacts {
  path: string;
  exists: boolean;
  /** Permission bits. */
  mode: number | null;
  uid: number | null;
  writable: boolean | null;
  file_system: FileSystemFacts | null;
  /** The folder of sockets and records of this machine. */
  machine_dir: string;
  machine_dir_fault: string | null;
  /** The user with whose last session that folder is removed; null: it stays, as far as is known. */
  until_logout_of: string | null;
  /** Host names of records and markers of other machines in the same directory. */
  other_hosts: string[];
}

export interface GpuFacts {
  vendor: "nvidia" | "amd" | "tegra" | null;
  /** What beam counts here. */
  devices: GpuDevice[];
  /** Of the kernel's driver. */
  driver_version: string | null;
  /** The mask that beam counts under. */
  masked_by: string | null;
  /** What the probe has to say, by its own codes. */
  notes: { code: string; text: string }[];
  /** `/dev/nvidiaN`, or render nodes of AMD. */
  nodes: string[];
  /** GPUs on the PCI bus, by vendor. */
  on_pci: { nvidia: number; amd: number };
  /** NVSwitches on the PCI bus. */
  nvswitches: number;
  /** Whether NVIDIA's fabric manager runs; null: other users' processes are not visible from here. */
  fabric_manager: boolean | null;
  /** Faults of GPUs in the kernel's log, as far as it goes back and this user may read it. */
  faults: GpuFault[];
  /** Versions in the names of the driver's own libraries that are installed: `libcuda.so.550.54.15`. */
  libraries: { name: string; version: string; path: string }[];
  /** What the vendor's command said; null: there is none here. */
  tool: GpuTool | null;
  /** Processes that hold memory of a GPU, as far as they can be seen. */
  processes: GpuProcessFacts[];
}

export interface GpuDevice {
  index: number;
  id: string;
  name: string;
  uuid: string | null;
  memory: number | null;
  memory_used: number | null;
  integrated: boolean | null;
}

export interface GpuFault {
  /** In words, with the device. */
  text: string;
  /** How often it is in the log. */
  count: number;
  mend: string;
}

export interface GpuTool {
  /** `nvidia-smi`. */
  name: string;
  /** Number of GPUs that it lists; null: it failed. */
  count: number | null;
  /** Its words, where it failed. */
  error: string | null;
}

export interface GpuProcessFacts {
  pid: number;
  /** Index of the GPU as beam counts; null where that is not told. */
  gpu: number | null;
  memory: number | null;
  /** The command, cut short; null: not visible from here. */
  command: string | null;
  /** A process of this node. */
  ours: boolean;
}

export interface PythonFacts {
  /** The command by which workers start, without `-m ray._worker`. */
  command: string[];
  /** Why it cannot be used; null where it can. */
  error: string | null;
  executable: string | null;
  /** `3.12.4`. */
  version: string | null;
  /** Versions of installed distributions by name: vllm, torch, ray, nvidia-nccl-cu12, … */
  packages: Record<string, string>;
  /** What torch was built for, from its version file: `12.8`; null: for no CUDA, or there is no torch. */
  torch_cuda: string | null;
  /** The same for ROCm. */
  torch_hip: string | null;
  /** The NCCL or RCCL library that torch brings, by its distribution: `2.27.3`. */
  nccl: string | null;
  /** File that `import ray` would load as a worker; null: none. */
  ray: string | null;
  /** Whether that is beam's package. */
  ray_is_beam: boolean;
  /** The interpreter of the command `vllm` on PATH; null: there is none, or it is no script. */
  vllm_python: string | null;
  /** Where that interpreter looks for modules, in order. */
  sys_path: string[];
}

/** A process that a check may want to name. */
export interface ProcessFacts {
  pid: number;
  ppid: number;
  uid: number | null;
  kind:
    | "ray"
    | "beam-daemon"
    | "beam-head"
    | "beam-worker"
    | "vllm"
    | "redis"
    | "clock"
    | "fabric-manager";
  /** Cut short. */
  command: string;
  ours: boolean;
  /** Nobody but init is its parent: whoever started it has ended. */
  orphan: boolean;
}

/** A TCP port that beam or Ray use by default and that somebody listens on. */
export interface ListenerFacts {
  port: number;
  address: string;
  pid: number | null;
  command: string | null;
  ours: boolean;
}

/** Something that an ended daemon left behind. */
export interface LeftoverFacts {
  kind: "instance" | "object-store" | "spill";
  path: string;
  bytes: number | null;
  /** Of the daemon whose it was. */
  pid: number | null;
}

export interface ClockFacts {
  /** What the kernel says (adjtimex); null: not known. */
  synchronized: boolean | null;
  /** Most by which the kernel believes it is wrong, in milliseconds. */
  max_error_ms: number | null;
  /** The program that keeps it: `chronyd`, `systemd-timesyncd`, … */
  kept_by: string | null;
}

export interface TokenFacts {
  /** Anybody may join; null: no node runs, and it is not known. */
  open: boolean | null;
  /** The file that holds it. */
  path: string;
  exists: boolean;
  mode: number | null;
  uid: number | null;
  /** Variables that hold a token in this environment. */
  variables: string[];
  /** Address that the head listens on, where it runs here. */
  listens_on: string | null;
}

export interface TlsFacts {
  on: boolean | null;
  /** Files of certificates by configuration, with what they say. */
  certificates: { path: string; not_after: number | null; error: string | null }[];
  /** Mode of the authority's key, where it is here. */
  authority_mode: number | null;
}
