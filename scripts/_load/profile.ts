/** A profile of a process that runs under an inspector: where its time goes, function by function. */

interface ProfileNode {
  id: number;
  callFrame: { functionName: string; url: string; lineNumber: number };
}
interface Profile {
  nodes: ProfileNode[];
  samples: number[];
  timeDeltas: number[];
}

/** See the top of this file. */
export class Profiler implements Disposable {
  #next = 1;
  #waiting = new Map<number, (result: Record<string, unknown>) => void>();

  private constructor(readonly socket: WebSocket) {
    socket.onmessage = ({ data }) => {
      const { id, result } = JSON.parse(data);
      this.#waiting.get(id)?.(result);
      this.#waiting.delete(id);
    };
  }

  /** Connects to the inspector on this port of this machine. */
  static async connect(port: number): Promise<Profiler> {
    const targets = await (await fetch(`http://127.0.0.1:${port}/json`)).json();
    const socket = new WebSocket(targets[0].webSocketDebuggerUrl);
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = reject;
    });
    const profiler = new Profiler(socket);
    await profiler.#call("Profiler.enable");
    return profiler;
  }

  async start(): Promise<void> {
    await this.#call("Profiler.start");
  }

  /** Ends it. @returns the functions that took most by themselves, one to a line */
  async stop(most = 25): Promise<string> {
    const { profile } = await this.#call("Profiler.stop") as unknown as { profile: Profile };
    const names = new Map(profile.nodes.map(({ id, callFrame }) => {
      const { functionName, url, lineNumber } = callFrame;
      const place = url === "" ? "" : ` ${url.split("/").slice(-2).join("/")}:${lineNumber + 1}`;
      return [id, `${functionName || "(anonymous)"}${place}`];
    }));
    const took = new Map<string, number>();
    for (const [at, id] of profile.samples.entries()) {
      const name = names.get(id) ?? "?";
      took.set(name, (took.get(name) ?? 0) + (profile.timeDeltas[at] ?? 0) / 1000);
    }
    return [...took].filter(([name]) => name !== "(idle)").sort(([, a], [, b]) => b - a)
      .slice(0, most).map(([name, ms]) => `${ms.toFixed(1).padStart(9)} ms  ${name}`).join("\n");
  }

  [Symbol.dispose](): void {
    this.socket.close();
  }

  #call(method: string): Promise<Record<string, unknown>> {
    const id = this.#next++;
    this.socket.send(JSON.stringify({ id, method }));
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }
}
