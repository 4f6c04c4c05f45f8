/** What a node says where a process cannot be made because a limit is reached. */
import { isProcessLimit, processLimit } from "../runtime/process_limit.ts";
import { RequestFailed } from "../wire/errors.ts";

/**
 * The refusal that names the limit; undefined where `error` is about something else.
 * @param what what cannot be done: "Cannot fork a worker on 10.0.0.1"
 */
export function noProcess(error: unknown, code: string, what: string): RequestFailed | undefined {
  if (!isProcessLimit(error)) return undefined;
  const { text, mend } = processLimit();
  return new RequestFailed(code, `${what}: ${text}.`, mend);
}
