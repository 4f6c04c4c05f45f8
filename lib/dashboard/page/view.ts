/** What a view is: one of the page's pictures, shown in its middle. */
import { h } from "./dom.ts";
import type { Tables } from "./tables.ts";

/** What a view is given. */
export interface Context {
  tables: Tables;
  /** The head's clock now, in milliseconds since the epoch. */
  now(): number;
  /** What stands behind the `?` in the address. */
  query: URLSearchParams;
  /** Puts the search field's text into the address. */
  keepQuery(text: string): void;
  /** Has a screen reader say it. */
  announce(text: string): void;
}

/** See the top of this file. */
export interface View {
  title: string;
  element: HTMLElement;
  /** Where `/` leads. */
  search?: HTMLElement | undefined;
  /** Something has changed, or a second has passed. */
  update(): void;
  close?(): void;
  /** The page has let go of the head, because nobody sees it; or is seen again. */
  hidden?(isHidden: boolean): void;
}

/** A view's heading, with what stands beside it. */
export function heading(title: string, ...beside: readonly Node[]): HTMLElement {
  return h("div", { class: "heading" }, h("h1", { tabindex: "-1" }, title), ...beside);
}

/** A titled part of a view. */
export function section(title: string, ...content: readonly Node[]): HTMLElement {
  return h("section", {}, h("h2", {}, title), ...content);
}

/** A link back to the list that a thing is in. */
export function backLink(href: string, text: string): HTMLElement {
  return h("a", { href, class: "back" }, `← ${text}`);
}

/** Names and values; changed only where they differ. */
export class Facts {
  readonly element = h("dl", { class: "facts" });
  #shown = "";

  show(facts: readonly (readonly [name: string, value: string, href?: string])[]): void {
    const text = JSON.stringify(facts);
    if (text === this.#shown) return;
    this.#shown = text;
    this.element.replaceChildren(...facts.map(([name, value, href]) =>
      h(
        "div",
        {},
        h("dt", {}, name),
        h("dd", {}, href === undefined ? value : h("a", { href }, value)),
      )
    ));
  }
}

/** A text in which what stands between backticks is a line to be copied. */
export function withCode(text: string): (Node | string)[] {
  return text.split("`").map((part, at) => at % 2 === 1 ? h("code", {}, part) : part);
}

/** A state with its dot, as in tables. */
export function stateMark(
  { text, tone = "plain", sub }: { text: string; tone?: string; sub?: string },
): HTMLElement {
  return h(
    "span",
    { class: "state" },
    h("span", { class: `text dot tone-${tone}` }, text),
    sub ? h("span", { class: "sub" }, sub) : undefined,
  );
}
