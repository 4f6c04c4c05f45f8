/** The fuzzer's end of `python_side.py`. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { Readable } from "node:stream";

/** What Python made of a stream. */
export interface PythonAnswer {
  /** An exception that is no ProtocolError. */
  error: string;
  /** A line followed another for the first time. */
  fresh: boolean;
  steps: number;
  /** Most bytes of memory at once. */
  room: number;
  whole?: PythonOutcome;
  pieces?: PythonOutcome;
}

export interface PythonOutcome {
  frames: string[];
  refusal: string;
  idle: boolean;
}

/** Longer texts are told by their digest. */
export function short(frame: string): string {
  return frame.length < 4096 ? frame : createHash("sha256").update(frame).digest("hex");
}

/** See the top of this file. */
export class PythonSide {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: AsyncIterator<string>;
  readonly #reader: Interface;

  /** @param interpreter with what the package needs on its path */
  constructor(root: string, interpreter: string) {
    const path = [join(root, "shim_py"), ...(Deno.env.get("BEAM_VENDOR") ?? "").split(":")];
    this.#child = new Deno.Command(interpreter, {
      args: ["-B", join(root, "tests", "fuzz", "python_side.py")],
      env: { PYTHONPATH: path.filter((part) => part !== "").join(":") },
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#reader = createInterface({ input: Readable.fromWeb(this.#child.stdout as never) });
    this.#lines = this.#reader[Symbol.asyncIterator]();
  }

  /** Runs a stream. @param how 0: in one piece as well; else cut in some way */
  async run(stream: Uint8Array, header_limit: number, how: number): Promise<PythonAnswer> {
    const request = new Uint8Array(9 + stream.length);
    const view = new DataView(request.buffer);
    view.setUint32(0, stream.length);
    view.setUint32(4, header_limit);
    request[8] = how;
    request.set(stream, 9);
    await this.#writer.write(request);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`Python ended with ${(await this.#child.status).code}`);
    return JSON.parse(value) as PythonAnswer;
  }

  /** Ends it, at once. */
  close(): void {
    this.#reader.close();
    this.#child.kill("SIGKILL");
  }
}
