/** A log as it is written: the last lines, filtered, followed. */
import { h, setText } from "./dom.ts";
import { countOf } from "./format.ts";
import { type LogLine, LogLines, toneOf } from "./log_lines.ts";

/** How often to try again, in milliseconds. */
const RETRY_MS = 3000;

/** What can be read. */
export interface LogSource {
  label: string;
  url: string;
}

/** See the top of this file. */
export class LogPane {
  readonly element: HTMLElement;
  readonly search: HTMLInputElement;
  readonly #lines = new LogLines();
  readonly #text = h("div", { class: "lines" });
  readonly #frame = h("div", {
    class: "log",
    tabindex: "0",
    role: "region",
    "aria-label": "Log",
  }, this.#text);
  readonly #count = h("p", { class: "count" });
  readonly #said = h("p", { class: "count", role: "status" });
  readonly #choice = h("select", { "aria-label": "Log file" });
  readonly #follow = h("input", { type: "checkbox", checked: true });
  readonly #wrap = h("input", { type: "checkbox", checked: true });
  #sources: readonly LogSource[] = [];
  #stream: EventSource | undefined;

  constructor(controls: readonly Node[] = []) {
    this.search = h("input", {
      type: "search",
      class: "search",
      placeholder: "Show lines with…",
      "aria-label": "Show lines with",
      "aria-keyshortcuts": "/",
      spellcheck: "false",
      autocomplete: "off",
      oninput: () => this.#drawAll(),
    });
    this.#choice.addEventListener("change", () => this.#open());
    this.#wrap.addEventListener(
      "change",
      () => this.#frame.classList.toggle("nowrap", !this.#wrap.checked),
    );
    this.#follow.addEventListener("change", () => this.#toEnd());
    this.element = h(
      "div",
      { class: "logpane" },
      h(
        "div",
        { class: "tools" },
        ...controls,
        this.#choice,
        this.search,
        h("label", { class: "check" }, this.#follow, "Follow"),
        h("label", { class: "check" }, this.#wrap, "Wrap"),
        this.#count,
        this.#said,
      ),
      this.#frame,
    );
  }

  /** What there is to choose from; what is being read stays, where it is among them. */
  offer(sources: readonly LogSource[], wanted?: string): void {
    const text = JSON.stringify(sources);
    if (text === JSON.stringify(this.#sources)) return;
    const former = this.#choice.value;
    this.#sources = sources;
    this.#choice.replaceChildren(
      ...sources.map(({ label, url }) => h("option", { value: url }, label)),
    );
    this.#choice.hidden = sources.length < 2;
    const kept = [wanted, former].find((url) => sources.some((one) => one.url === url));
    if (kept !== undefined) this.#choice.value = kept;
    if (this.#choice.value !== former) this.#open();
  }

  /** A sentence in the place of a log. */
  say(text: string): void {
    setText(this.#said, text);
  }

  close(): void {
    this.#stream?.close();
    this.#stream = undefined;
  }

  /** Lets go while nobody looks, and reads anew afterwards. */
  hidden(isHidden: boolean): void {
    if (!isHidden) this.#open();
    else this.close();
  }

  #open(): void {
    this.close();
    this.#clear();
    const url = this.#choice.value;
    if (url === "") return;
    const stream = new EventSource(url);
    this.#stream = stream;
    this.say("reading …");
    const on = (name: string, run: (data: string) => void) =>
      stream.addEventListener(name, (event) => {
        if (this.#stream === stream) run(JSON.parse((event as MessageEvent<string>).data));
      });
    // The head begins again at the file's last lines.
    stream.onopen = () => {
      this.#clear();
      this.say("live");
    };
    stream.onerror = () => {
      if (this.#stream !== stream) return;
      this.say("connection lost, trying again …");
      // After an answer that is no stream the browser gives up: a head that has just begun may give one.
      if (stream.readyState !== EventSource.CLOSED) return;
      setTimeout(() => this.#stream === stream && this.#open(), RETRY_MS);
    };
    on("text", (text) => this.#add(text));
    on("fault", (why) => {
      this.close();
      this.say(why);
    });
    on("end", () => {
      this.close();
      this.say("ended");
    });
  }

  #clear(): void {
    this.#lines.clear();
    this.#text.replaceChildren();
    this.#showCount();
  }

  #add(text: string): void {
    const { added, dropped } = this.#lines.add(text);
    if (dropped > 0) return this.#drawAll();
    this.#append(added);
    this.#toEnd();
    this.#showCount();
  }

  #append(lines: readonly LogLine[]): void {
    const query = this.search.value.toLowerCase();
    for (const line of lines) {
      const known = this.#text.lastElementChild;
      // The last line may have gone on.
      if (line.goesOn && known) setText(known, line.text);
      else if (line.text.toLowerCase().includes(query)) {
        this.#text.append(h("div", { class: `tone-${toneOf(line.text)}` }, line.text));
      }
    }
  }

  #drawAll(): void {
    this.#text.replaceChildren();
    this.#append(this.#lines.all);
    this.#toEnd();
    this.#showCount();
  }

  #showCount(): void {
    const lines = this.#text.childElementCount;
    setText(this.#count, lines === 0 ? "" : countOf(lines, "line"));
  }

  #toEnd(): void {
    if (this.#follow.checked) this.#frame.scrollTop = this.#frame.scrollHeight;
  }
}
