import { open, RefusedError } from "./api.ts";
import { h, icon } from "./dom.ts";

/** For whoever has no session. `why`: a sentence, where there is something to say. */
export function signInView(why: string, entered: () => void): HTMLElement {
  const problem = h("p", { class: "problem", role: "alert", id: "problem" }, why);
  problem.hidden = why === "";
  const token = h("input", {
    type: "password",
    id: "token",
    autocomplete: "current-password",
    required: true,
    spellcheck: "false",
    "aria-describedby": "problem",
  });
  const send = h("button", { type: "submit", class: "primary" }, "Sign in");
  const form = h(
    "form",
    { class: "panel sign-in" },
    h("h1", { tabindex: -1 }, "Sign in"),
    problem,
    h("label", { for: "token" }, "Your approver’s token"),
    token,
    h("div", { class: "buttons" }, send),
    h(
      "p",
      { class: "note" },
      icon("eye"),
      "Or open the link that the proxy prints when it starts. It opens this page once, within an hour.",
    ),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send.disabled = true;
    open("/api/sign-in", { token: token.value })
      .then(entered)
      .catch((error: unknown) => {
        problem.hidden = false;
        problem.textContent = error instanceof Error ? error.message : String(error);
        if (error instanceof RefusedError) token.value = "";
        token.focus();
      })
      .finally(() => {
        send.disabled = false;
      });
  });
  return form;
}
