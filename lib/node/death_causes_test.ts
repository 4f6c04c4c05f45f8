/** Causes by the words that the programs themselves print, copied from real ones. */
import assert from "assert";
import { deathReport } from "./death_report.ts";

const FACTS = {
  node_id: "n",
  node_ip: "10.0.0.2",
  pid: 7,
  devices: [],
  now: 5000,
  started_at: 2000,
  unready: false,
};

const exited = (stderr: string) => deathReport({ ...FACTS, status: 1 << 8, stderr });

const CASES: { name: string; words: string; cause: RegExp; mend: RegExp }[] = [
  {
    name: "GPU memory (PyTorch)",
    words: "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a " +
      "total capacity of 79.15 GiB of which 1.02 GiB is free.",
    cause: /GPU ran out of memory/,
    mend: /gpu-memory-utilization/,
  },
  {
    name: "a fault of the GPU (PyTorch)",
    words: "torch.AcceleratorError: CUDA error: an illegal memory access was encountered\n" +
      "CUDA kernel errors might be asynchronously reported at some other API call, so the " +
      "stacktrace below might be incorrect.",
    cause: /GPU reported a fault \(illegal memory access\)/,
    mend: /Xid.*CUDA_LAUNCH_BLOCKING/,
  },
  {
    name: "broken memory of the GPU (PyTorch)",
    words: "RuntimeError: CUDA error: uncorrectable ECC error encountered",
    cause: /GPU reported a fault \(uncorrectable ECC error\)/,
    mend: /dmesg/,
  },
  {
    name: "a fault of the GPU (ROCm)",
    words: "Memory access fault by GPU node-4 (Agent handle: 0x55c8a0) on address " +
      "0x7f0000000000. Reason: Page not present or supervisor privilege.",
    cause: /GPU reported a fault/,
    mend: /AMD_SERIALIZE_KERNEL/,
  },
  {
    name: "an old driver",
    words: "RuntimeError: CUDA error: CUDA driver version is insufficient for CUDA runtime version",
    cause: /CUDA does not fit/,
    mend: /nvidia-smi/,
  },
  {
    name: "a GPU the package was not built for",
    words: "RuntimeError: CUDA error: no kernel image is available for execution on the device",
    cause: /CUDA does not fit/,
    mend: /built for that GPU/,
  },
  {
    name: "a missing module",
    words: 'Traceback (most recent call last):\n  File "<stdin>", line 1, in <module>\n' +
      "ModuleNotFoundError: No module named 'vllm'",
    cause: /its Python has no module vllm/,
    mend: /Install vllm .* BEAM_WORKER_CMD/,
  },
  {
    name: "a missing library",
    words:
      "ImportError: libcudart.so.12: cannot open shared object file: No such file or directory",
    cause: /the library libcudart\.so\.12 is missing/,
    mend: /LD_LIBRARY_PATH/,
  },
  {
    name: "an old system",
    words: "ImportError: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.34' not found " +
      "(required by /usr/lib/python3/_C.so)",
    cause: /needs GLIBC_2\.34/,
    mend: /container/,
  },
  {
    name: "a taken port (Python)",
    words: "OSError: [Errno 98] Address already in use",
    cause: /a port it needed is in use/,
    mend: /ss -ltnp/,
  },
  {
    name: "a taken port (torch)",
    words:
      "torch.distributed.DistNetworkError: The server socket has failed to listen on any local " +
      "network address. port: 29500, useIpv6: false, code: -98, name: EADDRINUSE, message: address " +
      "already in use",
    cause: /port 29500, which it needed, is in use/,
    mend: /ss -ltnp/,
  },
  {
    name: "full shared memory (torch)",
    words:
      "RuntimeError: unable to write to file </torch_4321_1234567_0>: No space left on device (28)",
    cause: /\/dev\/shm is full/,
    mend: /shm-size/,
  },
  {
    name: "full shared memory (Python)",
    words: "OSError: [Errno 28] No space left on device: '/dev/shm/psm_1'",
    cause: /\/dev\/shm is full/,
    mend: /ipc=host/,
  },
  {
    name: "a full disk",
    words: "OSError: [Errno 28] No space left on device: '/data/cache/model.safetensors'",
    cause: /a disk or \/dev\/shm is full/,
    mend: /df -h/,
  },
  {
    name: "the machine's memory",
    words: "MemoryError",
    cause: /machine's memory ran out/,
    mend: /memory limit/,
  },
  {
    name: "the limit of files",
    words: "OSError: [Errno 24] Too many open files: '/proc/self/maps'",
    cause: /may not open more files/,
    mend: /ulimit -n/,
  },
  {
    name: "the limit of threads",
    words: "RuntimeError: can't start new thread",
    cause: /may not start more threads/,
    mend: /ulimit -u/,
  },
  {
    name: "a file of somebody else",
    words: "PermissionError: [Errno 13] Permission denied: '/models/llama/config.json'",
    cause: /may not use \/models\/llama\/config\.json/,
    mend: /user that runs the node/,
  },
  {
    name: "a GPU of somebody else",
    words: "PermissionError: [Errno 13] Permission denied: '/dev/kfd'",
    cause: /may not use \/dev\/kfd/,
    mend: /groups `video` and `render`/,
  },
  {
    name: "another rank's end (NCCL)",
    words: "torch.distributed.DistBackendError: NCCL error in: ProcessGroupNCCL.cpp:2251, remote " +
      "process exited or there was a network error, NCCL version 2.21.5\nncclRemoteError: A call " +
      "failed possibly due to a network error or a remote process exiting prematurely.",
    cause: /a process that it worked with ended/,
    mend: /beam actors --dead/,
  },
  {
    name: "NCCL's network",
    words: "torch.distributed.DistBackendError: NCCL error in: ../torch/csrc/distributed/c10d/" +
      "NCCLUtils.hpp:268, unhandled system error (run with NCCL_DEBUG=INFO for details), NCCL " +
      "version 2.21.5\nncclSystemError: System call (e.g. socket, malloc) or external library call " +
      "failed or device error.",
    cause: /NCCL failed/,
    mend: /NCCL_SOCKET_IFNAME/,
  },
];

for (const { name, words, cause, mend } of CASES) {
  Deno.test(`a cause is named with what to do: ${name}`, () => {
    const report = exited(words);
    assert.match(report.message, cause);
    assert.match(report.mend ?? "", mend);
    assert.equal(report.message.split("\n").length, 1);
  });
}

Deno.test("a bus error is shared memory that could not be had", () => {
  const report = deathReport({ ...FACTS, status: 7, stderr: "Fatal Python error: Bus error" });
  assert.match(report.message, /SIGBUS: mapped memory could not be had/);
  assert.match(report.mend!, /\/dev\/shm/);
});

const FAULTS: [line: string, cause: RegExp, mend: RegExp][] = [
  [
    "NVRM: Xid (PCI:0000:3b:00): 79, pid='<unknown>', name=<unknown>, GPU has fallen off the bus.",
    /the GPU has fallen off the bus \(Xid 79 of PCI:0000:3b:00\)/,
    /nvidia-smi -r/,
  ],
  [
    "NVRM: Xid (PCI:0000:01:00): 31, pid=7, name=python3, Ch 00000008, intr 00000000. MMU Fault: " +
    "ENGINE GRAPHICS GPCCLIENT_T1_0 faulted @ 0x7f_a0000000.",
    /outside of its memory \(Xid 31/,
    /CUDA_LAUNCH_BLOCKING/,
  ],
  [
    "NVRM: Xid (PCI:0000:01:00): 999, pid=7, name=python3, something new",
    /driver told of a fault \(Xid 999/,
    /documentation of Xid/,
  ],
  [
    "amdgpu 0000:43:00.0: amdgpu: [gfxhub0] no-retry page fault (src_id:0 ring:0 vmid:8 " +
    "pasid:32770, for process python pid 7 thread python pid 7)",
    /outside of its memory/,
    /AMD_SERIALIZE_KERNEL/,
  ],
  ["amdgpu 0000:43:00.0: amdgpu: GPU reset begin!", /hung and was reset/, /dmesg/],
];

for (const [line, cause, mend] of FAULTS) {
  Deno.test(`the kernel's word on a GPU goes before the program's: ${line.slice(0, 40)}…`, () => {
    for (const status of [6, 1 << 8]) {
      const stderr = "RuntimeError: CUDA error: unspecified launch failure";
      const report = deathReport({ ...FACTS, status, stderr, devices: ["0"], kernel: [line] });
      assert.match(report.message, cause);
      assert.match(report.mend!, mend);
      assert.ok(report.stderr_tail?.some((one) => one.startsWith("kernel: ")));
    }
  });
}

Deno.test("last words in one long line hold nobody up", () => {
  const began = performance.now();
  for (const one of ["x", "\r 45%|###   | 12/100", ".so", "port port=", "\r", "\n"]) {
    exited(one.repeat(65_536 / one.length) + "x");
  }
  // Where the line was looked through at each of its letters, one took many seconds.
  assert.ok(performance.now() - began < 4000);
});
