/**
 * A table that follows its rows: sorted, filtered, in pages, moved through with arrow keys. What does not
 * change is not touched, so that focus, selected text and a screen reader's place stay.
 */
import { type Cell, type Column } from "./cell.ts";
import { showCell } from "./cell_view.ts";
import { h, set, setText } from "./dom.ts";
import { filterOf, type Searchable } from "./filter.ts";
import { countText } from "./format.ts";

/** As people count: machine-2 before machine-10. */
const ORDER = new Intl.Collator("en", { numeric: true });
/** Rows of a page. */
const PAGE = 100;

/** How long after the last key a search has settled, in milliseconds. */
const SETTLED_MS = 600;

/** How a table is made. */
export interface TableOptions<R> {
  /** What it lists, for screen readers and the search field, in the plural: "actors". */
  label: string;
  columns: readonly Column<R>[];
  key(row: R): string;
  search?(row: R): Searchable;
  /** Said where there is no row at all. */
  empty: string;
  /** The column it is ordered by at first; with a `-` in front the greatest first. */
  order?: string;
  /** What is in the search field at first. */
  query?: string;
  onQuery?(query: string): void;
  /** Without a search field and pages. */
  plain?: boolean;
  /** More controls beside the search field. */
  controls?: readonly Node[];
}

interface ShownRow {
  element: HTMLTableRowElement;
  cells: HTMLElement[];
  /** What each cell shows, as text to compare. */
  shown: string[];
}

/** See the top of this file. */
export class DataTable<R> {
  readonly element: HTMLElement;
  readonly search: HTMLInputElement | undefined;
  readonly #body = h("tbody");
  readonly #headers = new Map<string, HTMLTableCellElement>();
  readonly #count = h("p", { class: "count" });
  /** What a screen reader says of a search, once it has settled; not what the cluster does meanwhile. */
  readonly #said = h("p", { class: "visually-hidden", role: "status" });
  #saying: number | undefined;
  readonly #empty = h("p", { class: "empty" });
  readonly #scroll: HTMLElement;
  readonly #pager: HTMLElement;
  readonly #back: HTMLButtonElement;
  readonly #forth: HTMLButtonElement;
  readonly #rows = new Map<string, ShownRow>();
  #given: readonly R[] = [];
  #order: string;
  #down: boolean;
  #page = 0;
  /** The row that Tab comes to. */
  #current = "";

  constructor(readonly options: TableOptions<R>) {
    const { columns, label, order = columns[0]!.id, query = "", plain } = options;
    this.#down = order.startsWith("-");
    this.#order = order.replace(/^-/, "");
    const head = h("tr", {}, ...columns.map((column) => this.#header(column)));
    const table = h(
      "table",
      { "aria-label": label, onkeydown: (event: KeyboardEvent) => this.#onKey(event) },
      h("thead", {}, head),
      this.#body,
    );
    this.#body.addEventListener("click", (event) => this.#onClick(event));
    this.#body.addEventListener("focusin", (event) => this.#onFocus(event));
    this.#scroll = h("div", { class: "scroll" }, table);
    this.#back = h("button", { type: "button", onclick: () => this.#turn(-1) }, "Previous");
    this.#forth = h("button", { type: "button", onclick: () => this.#turn(1) }, "Next");
    this.#pager = h(
      "nav",
      { class: "pager", "aria-label": `Pages of ${label}` },
      this.#back,
      this.#forth,
    );
    if (!plain) this.search = this.#searchField(query);
    const bar = plain ? undefined : h(
      "div",
      { class: "tools", role: "search" },
      this.search!,
      ...options.controls ?? [],
      this.#count,
      this.#said,
    );
    this.element = h("div", { class: "data" }, bar, this.#scroll, this.#empty, this.#pager);
  }

  /** Shows these rows, as far as they pass the search field. */
  show(rows: readonly R[]): void {
    this.#given = rows;
    this.#draw();
  }

  #draw(): void {
    const { columns, key, search, empty, plain } = this.options;
    const query = this.search?.value.trim() ?? "";
    const passes = filterOf(query);
    const kept = query === "" || !search
      ? [...this.#given]
      : this.#given.filter((row) => passes(search(row)));
    this.#sort(kept);
    const pages = plain ? 1 : Math.max(1, Math.ceil(kept.length / PAGE));
    this.#page = Math.min(this.#page, pages - 1);
    const from = plain ? 0 : this.#page * PAGE;
    const shown = plain ? kept : kept.slice(from, from + PAGE);
    const keys = shown.map(key);
    const focused = this.#focusedKey();
    const place = focused === undefined ? -1 : this.#keysShown().indexOf(focused);
    for (const [id, row] of this.#rows) {
      if (keys.includes(id)) continue;
      row.element.remove();
      this.#rows.delete(id);
    }
    let before: Element | null = null;
    for (const [at, row] of shown.entries()) {
      const { element } = this.#showRow(keys[at]!, row, columns);
      const next: Element | null = before
        ? before.nextElementSibling
        : this.#body.firstElementChild;
      // Rows that stand in their place are not moved: moving takes the focus away.
      if (next !== element) this.#body.insertBefore(element, next);
      before = element;
    }
    this.#mark(keys);
    if (focused !== undefined && document.activeElement === document.body) {
      this.#focus(keys.includes(focused) ? focused : keys[Math.min(place, keys.length - 1)]);
    }
    this.#scroll.hidden = shown.length === 0;
    this.#empty.hidden = shown.length > 0;
    setText(this.#empty, this.#given.length === 0 ? empty : "Nothing matches the search.");
    this.#pager.hidden = pages === 1;
    this.#back.disabled = this.#page === 0;
    this.#forth.disabled = this.#page === pages - 1;
    setText(this.#count, this.#countText(kept.length, from, shown.length));
  }

  #countText(kept: number, from: number, shown: number): string {
    const all = this.#given.length;
    const of = kept === all ? countText(all) : `${countText(kept)} of ${countText(all)}`;
    const part = shown === kept ? "" : `${countText(from + 1)}–${countText(from + shown)} of `;
    const { label } = this.options;
    return `${part}${of} ${of === "1" ? label.replace(/s$/, "") : label}`;
  }

  #showRow(id: string, row: R, columns: readonly Column<R>[]): ShownRow {
    let known = this.#rows.get(id);
    if (!known) {
      const cells = columns.map(({ number, rank, wide, wrap }, at) =>
        h(at === 0 ? "th" : "td", {
          ...(at === 0 && { scope: "row" }),
          class: classOf({ number, rank, wide, wrap }),
        })
      );
      const element = h("tr", { "data-key": id }, ...cells);
      known = { element, cells, shown: [] };
      this.#rows.set(id, known);
    }
    for (const [at, column] of columns.entries()) {
      const cell: Cell = column.cell(row);
      const text = JSON.stringify(cell);
      if (known.shown[at] === text) continue;
      known.shown[at] = text;
      showCell(known.cells[at]!, cell);
    }
    return known;
  }

  #sort(rows: R[]): void {
    const column = this.options.columns.find(({ id }) => id === this.#order);
    if (!column) return;
    const { order = (row: R) => column.cell(row).text } = column;
    const sign = this.#down ? -1 : 1;
    const keyed = rows.map((row) => ({ row, by: order(row), id: this.options.key(row) }));
    keyed.sort((a, b) => sign * compare(a.by, b.by) || (a.id < b.id ? -1 : 1));
    for (const [at, { row }] of keyed.entries()) rows[at] = row;
    for (const [id, header] of this.#headers) {
      set(header, "aria-sort", id !== this.#order ? null : this.#down ? "descending" : "ascending");
    }
  }

  #header({ id, title, hint, number, rank, wide }: Column<R>): HTMLTableCellElement {
    const button = h("button", {
      type: "button",
      title: hint,
      onclick: () => {
        this.#down = this.#order === id ? !this.#down : number === true;
        this.#order = id;
        this.#page = 0;
        this.#draw();
      },
    }, title);
    const header = h("th", { scope: "col", class: classOf({ number, rank, wide }) }, button);
    this.#headers.set(id, header);
    return header;
  }

  #searchField(query: string): HTMLInputElement {
    const { label, onQuery } = this.options;
    return h("input", {
      type: "search",
      class: "search",
      placeholder: `Search ${label}`,
      "aria-label": `Search ${label}`,
      "aria-keyshortcuts": "/",
      value: query,
      spellcheck: "false",
      autocomplete: "off",
      oninput: () => {
        this.#page = 0;
        this.#draw();
        onQuery?.(this.search!.value.trim());
        clearTimeout(this.#saying);
        this.#saying = setTimeout(
          () => setText(this.#said, this.#count.textContent ?? ""),
          SETTLED_MS,
        );
      },
      onkeydown: (event: KeyboardEvent) => {
        if (event.key !== "ArrowDown" && event.key !== "Enter") return;
        event.preventDefault();
        this.#focus(this.#keysShown()[0]);
      },
    });
  }

  #turn(by: number): void {
    this.#page += by;
    this.#draw();
    const button = by < 0 ? this.#back : this.#forth;
    if (button.disabled) (by < 0 ? this.#forth : this.#back).focus();
    this.element.scrollIntoView({ block: "start" });
  }

  #keysShown(): string[] {
    return [...this.#body.rows].map((row) => row.dataset["key"]!);
  }

  /** One row's link can be reached by Tab, the others from it by arrow keys. */
  #mark(keys: readonly string[]): void {
    if (!keys.includes(this.#current)) this.#current = keys[0] ?? "";
    for (const [id, { element }] of this.#rows) {
      const link = element.querySelector("a");
      if (link) set(link, "tabindex", id === this.#current ? "0" : "-1");
    }
  }

  #focusedKey(): string | undefined {
    const row = document.activeElement?.closest("tr");
    return row && this.#body.contains(row) ? row.dataset["key"] : undefined;
  }

  #focus(id: string | undefined): void {
    const row = id === undefined ? undefined : this.#rows.get(id);
    row?.element.querySelector("a")?.focus();
  }

  #onFocus(event: FocusEvent): void {
    const key = (event.target as Element).closest("tr")?.dataset["key"];
    if (key === undefined) return;
    this.#current = key;
    this.#mark(this.#keysShown());
  }

  #onKey(event: KeyboardEvent): void {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const focused = this.#focusedKey();
    if (focused === undefined) return;
    const keys = this.#keysShown();
    const at = keys.indexOf(focused);
    const steps: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + 20,
      PageUp: at - 20,
      Home: 0,
      End: keys.length - 1,
    };
    const to = steps[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.#focus(keys[Math.max(0, Math.min(keys.length - 1, to))]);
  }

  /** A click anywhere in a row follows its link, but not one that ends a selection of text. */
  #onClick(event: MouseEvent): void {
    if (event.target instanceof Element && event.target.closest("a, button")) return;
    if (getSelection()?.type === "Range") return;
    (event.target as Element).closest("tr")?.querySelector("a")?.click();
  }
}

function classOf({ number, rank, wide, wrap }: {
  number?: boolean | undefined;
  rank?: number | undefined;
  wide?: boolean | undefined;
  wrap?: boolean | undefined;
}): string | undefined {
  const names = [number && "number", rank && `rank-${rank}`, wide && "wide", wrap && "wrap"]
    .filter(Boolean);
  return names.length > 0 ? names.join(" ") : undefined;
}

function compare(a: number | string, b: number | string): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return ORDER.compare(String(a), String(b));
}
