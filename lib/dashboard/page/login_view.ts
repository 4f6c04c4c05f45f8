/** Where the token is asked for. It is sent once, and kept by nobody. */
import { faultText, request } from "./api.ts";
import { h, setText } from "./dom.ts";

/** @param onOpen hears when somebody has logged in */
export function loginView(onOpen: () => void): HTMLElement {
  const field = h("input", {
    id: "token",
    name: "token",
    type: "password",
    autocomplete: "current-password",
    required: true,
    spellcheck: "false",
    "aria-describedby": "token-help",
  });
  const fault = h("p", { class: "fault", role: "alert", hidden: true });
  const button = h("button", { type: "submit", class: "primary" }, "Log in");
  const form = h(
    "form",
    { class: "login" },
    h("h1", {}, "Log in to this cluster"),
    h("label", { for: "token" }, "Token"),
    field,
    fault,
    button,
    h(
      "p",
      { id: "token-help", class: "muted" },
      h("code", {}, "beam dashboard"),
      " on the head’s machine prints the token to use here. The cluster’s own token, of ",
      h("code", {}, "beam token"),
      ", opens it too.",
    ),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    fault.hidden = true;
    try {
      await request("POST", "/api/session", { token: field.value.trim() });
      field.value = "";
      onOpen();
    } catch (error) {
      setText(fault, faultText(error));
      fault.hidden = false;
      field.select();
    } finally {
      button.disabled = false;
    }
  });
  return h("div", { class: "view" }, form);
}
