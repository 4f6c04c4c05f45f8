/** A cell as elements. */
import type { Cell, GpuMark } from "./cell.ts";
import { h, set, setText } from "./dom.ts";

/**
 * Fills `place` with the cell. A link that is there stays the same element, so that focus stays on it.
 */
export function showCell(place: HTMLElement, cell: Cell): void {
  const { text, sub, tone = "plain", mono, title, href, bar, gpus, dot } = cell;
  set(place, "title", title);
  const former = place.querySelector("a");
  const words = href === undefined ? h("span") : former ?? h("a", { tabindex: "-1" });
  if (href !== undefined) set(words, "href", href);
  set(
    words,
    "class",
    ["text", `tone-${tone}`, mono && "mono", dot && "dot"].filter(Boolean).join(" "),
  );
  setText(words, text);
  const parts: Node[] = [];
  if (gpus) parts.push(gpuStrip(gpus));
  parts.push(words);
  if (bar !== undefined) parts.push(barOf(bar, tone));
  if (sub !== undefined && sub !== "") parts.push(h("span", { class: "sub" }, sub));
  if (former && former === words) {
    // Taken out and put in again, a link would lose the focus.
    for (const child of [...place.childNodes]) if (child !== former) child.remove();
    const at = parts.indexOf(words);
    former.before(...parts.slice(0, at));
    former.after(...parts.slice(at + 1));
  } else place.replaceChildren(...parts);
}

/** A bar; what it says stands in words beside it. */
export function barOf(share: number, tone: string): HTMLElement {
  const fill = h("span", { class: "fill" });
  fill.style.setProperty("width", `${Math.round(share * 1000) / 10}%`);
  return h("span", { class: `bar tone-${tone}`, "aria-hidden": "true" }, fill);
}

/** GPUs as marks; what they say stands in words beside them. */
export function gpuStrip(gpus: readonly GpuMark[]): HTMLElement {
  return h("span", { class: "gpus", "aria-hidden": "true" }, ...gpus.map(gpuMark));
}

/** Shows other marks in a strip of as many. */
export function updateStrip(strip: Element, gpus: readonly GpuMark[]): void {
  for (const [at, gpu] of gpus.entries()) showMark(strip.children[at] as HTMLElement, gpu);
}

function gpuMark(gpu: GpuMark): HTMLElement {
  const mark = h("span", {}, h("span", { class: "level" }));
  showMark(mark, gpu);
  return mark;
}

function showMark(mark: HTMLElement, { held, busy, foreign, title }: GpuMark): void {
  const state = foreign ? "foreign" : held >= 1 ? "held" : held > 0 ? "part" : "free";
  set(mark, "class", `gpu ${state}`);
  set(mark, "title", title);
  const level = mark.firstElementChild as HTMLElement;
  level.style.setProperty("height", `${Math.round((busy ?? 0) * 100)}%`);
}
