/** A count of GPUs that cannot be used. Two lines: what is wrong, and what to do. */
export class GpuCountError extends Error {
  override readonly name = "GpuCountError";
  constructor(readonly problem: string, readonly remedy: string) {
    super(`${problem}\n${remedy}`);
  }
}
