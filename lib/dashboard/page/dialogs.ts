/** Questions and help in front of the page. The browser keeps the focus inside them, and gives it back. */
import { h } from "./dom.ts";

/** What is asked. */
export interface Question {
  title: string;
  text: string;
  /** The button that does it. */
  yes: string;
}

/** Asks; true only where somebody pressed the button. */
export function confirmed({ title, text, yes }: Question): Promise<boolean> {
  const no = h("button", { type: "button", autofocus: true }, "Cancel");
  const sure = h("button", { type: "button", class: "danger" }, yes);
  const dialog = dialogOf(
    title,
    h("p", {}, text),
    h("div", { class: "buttons" }, no, sure),
  );
  no.addEventListener("click", () => dialog.close());
  sure.addEventListener("click", () => dialog.close("yes"));
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"));
    dialog.showModal();
  });
}

/** Shows something until it is closed. */
export function shown(title: string, ...content: readonly Node[]): void {
  const close = h("button", { type: "button", autofocus: true }, "Close");
  const dialog = dialogOf(title, ...content, h("div", { class: "buttons" }, close));
  close.addEventListener("click", () => dialog.close());
  dialog.showModal();
}

/** True while one is open: single keys are not for the page then. */
export function isDialogOpen(): boolean {
  return document.querySelector("dialog[open]") !== null;
}

function dialogOf(title: string, ...content: readonly Node[]): HTMLDialogElement {
  const heading = h("h2", { id: "dialog-title" }, title);
  const dialog = h("dialog", { "aria-labelledby": "dialog-title" }, heading, ...content);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  return dialog;
}
