import type { Decisions, Seen } from "../wire.ts";
import { get } from "./api.ts";
import { button, h, setText } from "./dom.ts";
import { recordRow } from "./records.ts";
import type { MakeView } from "./view.ts";

/** How many are shown. */
const SHOWN = 200;

/** What is decided, as it happens. */
export const decisionsView: MakeView = () => {
  const heading = h("h1", { tabindex: -1 }, "Decisions");
  const list = h("ol", { class: "records", "aria-label": "Decisions, the newest first" });
  const empty = h(
    "div",
    { class: "empty" },
    h("p", { class: "empty-first" }, "Nothing was decided on yet."),
    h("p", {}, "Each decision of this process appears here as it is made, allowed calls too."),
  );
  let last = 0;
  let paused = false;
  let missed: readonly Seen[] = [];
  const show = (seen: readonly Seen[]): void => {
    list.prepend(...seen.map((one) => recordRow(one)));
    while (list.childElementCount > SHOWN) list.lastElementChild?.remove();
    empty.hidden = list.childElementCount > 0;
  };
  const pause = button({ class: "quiet", "aria-pressed": "false" }, () => {
    paused = !paused;
    pause.setAttribute("aria-pressed", String(paused));
    if (!paused) {
      show(missed);
      missed = [];
    }
    say();
  });
  const say = (): void => setText(pause, paused ? `Go on (${missed.length} new)` : "Pause");
  say();
  const only = h("label", { class: "check" });
  const box = h("input", { type: "checkbox" });
  only.append(box, "Hide what is allowed");
  box.addEventListener("change", () => list.classList.toggle("not-allowed", box.checked));
  return {
    element: h("section", {}, h("div", { class: "head" }, heading, only, pause), empty, list),
    heading,
    async refresh() {
      const { decisions } = await get<Decisions>(`/api/decisions?after=${last}`);
      last = decisions[0]?.number ?? last;
      if (paused) missed = [...decisions, ...missed].slice(0, SHOWN);
      else show(decisions);
      say();
    },
  };
};
