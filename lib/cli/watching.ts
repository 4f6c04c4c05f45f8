/** Shows something again and again: on a terminal as a picture, else anew whenever it has changed. */
import { Trouble } from "../runtime/errors.ts";
import { RequestFailed, WireError } from "../wire/errors.ts";
import { endWithReader } from "./left_reader.ts";
import { print, say } from "./output.ts";
import { type Picture, Screen } from "./screen.ts";
import { painted } from "./terminal.ts";

/** What is watched. */
export interface Watched<T> {
  /** For the first line: `beam status`. */
  title: string;
  /** How often it is looked at, in milliseconds. */
  interval: number;
  look(): Promise<T>;
  /** As a picture; the first line is added. */
  picture(seen: T): Picture;
  /** Without a terminal: what is printed, and what is compared to tell whether it has changed. */
  text(seen: T): { text: string; same: string };
  /** Keys beside those of the screen; true: draw again now. */
  key?(key: string): boolean;
}

/** On a terminal until `q` or Ctrl-C; ends with an error only where there is nothing to look at any more. */
export async function watchOnScreen<T>(watched: Watched<T>): Promise<void> {
  let seen: { value: T } | undefined;
  let trouble = "";
  using screen = new Screen((key) => {
    if (watched.key?.(key)) draw();
  });
  const draw = () => {
    const { head, body } = seen ? watched.picture(seen.value) : { head: [], body: [] };
    screen.draw({ head: [titleLine(watched), ...troubleLines(trouble), ...head], body });
  };
  draw();
  const over = new Promise<undefined>((resolve) =>
    screen.ended.addEventListener("abort", () => resolve(undefined))
  );
  while (!screen.ended.aborted) {
    try {
      // Who has seen enough does not wait for a head that does not answer.
      const value = await Promise.race([watched.look(), over]);
      if (value !== undefined) seen = { value };
      trouble = "";
    } catch (error) {
      trouble = passing(error);
    }
    if (screen.ended.aborted) return;
    draw();
    await screen.pause(watched.interval);
  }
}

/** Where nobody looks at a screen: prints it now, and whenever it has changed. Never ends by itself. */
export async function watchInText<T>(watched: Watched<T>): Promise<never> {
  let last: string | undefined;
  let trouble = "";
  endWithReader();
  for (;;) {
    try {
      const { text, same } = watched.text(await watched.look());
      if (trouble !== "") say("It answers again.");
      trouble = "";
      if (same !== last) print(text);
      last = same;
    } catch (error) {
      const text = passing(error);
      if (trouble === "") say(text);
      trouble = text;
    }
    await new Promise((resolve) => setTimeout(resolve, watched.interval));
  }
}

function titleLine({ title, interval }: Pick<Watched<unknown>, "title" | "interval">): string {
  const now = new Date().toTimeString().slice(0, 8);
  return painted(`${title}  every ${interval / 1000} s  ${now}  (q ends)`, "dim");
}

function troubleLines(trouble: string): string[] {
  return trouble === "" ? [] : [painted(trouble, "red")];
}

/** What may pass while one looks on; anything else is thrown. */
function passing(error: unknown): string {
  if (error instanceof RequestFailed) throw error;
  if (error instanceof WireError) return error.message;
  if (error instanceof Trouble && error.code === "timeout") return error.message;
  throw error;
}
