import assert from "assert";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { serviceManager } from "./service_manager.ts";

/** A datagram socket of this name, in Python, which knows abstract names; prints what comes. */
const LISTENER = `
import socket, sys
name = sys.argv[1]
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind("\\0" + name[1:] if name.startswith("@") else name)
print("bound", flush=True)
print(listener.recv(4096), flush=True)
`;

async function heard(name: string, act: () => void): Promise<string> {
  const listener = spawn("python3", ["-c", LISTENER, name], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(listener, "exit");
  const lines = createInterface({ input: listener.stdout })[Symbol.asyncIterator]();
  assert.equal((await lines.next()).value, "bound");
  act();
  const { value } = await lines.next();
  await ended;
  return value!;
}

function manager(variables: Record<string, string>, pid = 7) {
  return serviceManager((name) => variables[name], pid);
}

Deno.test("it is told at a path and at an abstract name, a field a line", async () => {
  const dir = await Deno.makeTempDir();
  try {
    for (const name of [join(dir, "notify"), `@beam-test-${Deno.pid}`]) {
      const told = await heard(name, () => {
        const to = manager({ NOTIFY_SOCKET: name })!;
        assert.equal(to.tell({ READY: "1", STATUS: "two\nlines" }), true);
      });
      assert.equal(told, String.raw`b'READY=1\nSTATUS=two lines\n'`);
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("nobody who listens is no error, and no name is no manager", () => {
  assert.equal(manager({ NOTIFY_SOCKET: "/nowhere/notify" })!.tell({ READY: "1" }), false);
  for (const name of ["", "relative", "vsock:2:1", `/${"x".repeat(108)}`]) {
    assert.equal(manager({ NOTIFY_SOCKET: name }), undefined, name);
  }
});

Deno.test("a sign of life is due twice in the time given, by the process that is meant", () => {
  const NOTIFY_SOCKET = "/run/notify";
  const WATCHDOG_USEC = "30000000";
  assert.equal(manager({ NOTIFY_SOCKET, WATCHDOG_USEC })!.watchdog, 15_000);
  assert.equal(manager({ NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID: "7" })!.watchdog, 15_000);
  assert.equal(manager({ NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID: "8" })!.watchdog, undefined);
  assert.equal(manager({ NOTIFY_SOCKET })!.watchdog, undefined);
});
