/** Elements, made and changed without markup texts. */

type Value = string | number | boolean | undefined | null | ((event: never) => void);
type Child = Node | string | number | undefined | null | false;

/** An element with attributes, listeners (`onclick`) and children. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, Value>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") {
      element.addEventListener(name.slice(2), value as (event: Event) => void);
    } else set(element, name, value);
  }
  element.append(...kept(children));
  return element;
}

/** Sets an attribute where it differs; false, null and undefined take it away. */
export function set(
  element: Element,
  name: string,
  value: string | number | boolean | undefined | null,
): void {
  if (value === undefined || value === null || value === false) {
    if (element.hasAttribute(name)) element.removeAttribute(name);
    return;
  }
  const text = value === true ? "" : String(value);
  if (element.getAttribute(name) !== text) element.setAttribute(name, text);
}

/** Sets the text where it differs: selections and screen readers are left alone. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Puts these in the place of all children, where they are not there already. */
export function setChildren(element: Element, ...children: readonly Child[]): void {
  const wanted = kept(children);
  const present = [...element.childNodes];
  const same = wanted.length === present.length &&
    wanted.every((child, at) => child === present[at]);
  if (!same) element.replaceChildren(...wanted);
}

function kept(children: readonly Child[]): (Node | string)[] {
  return children.filter((child) => child !== undefined && child !== null && child !== false)
    .map((child) => typeof child === "number" ? String(child) : child as Node | string);
}
