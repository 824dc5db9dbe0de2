import type { Freezes, Freezing, Frozen } from "../wire.ts";
import { get, post } from "./api.ts";
import { announce, button, foreign, h, icon, setText } from "./dom.ts";
import { at, proxyNow, proxySays, span } from "./time.ts";
import type { MakeView } from "./view.ts";

const SPANS = [
  [15, "15 minutes"],
  [60, "1 hour"],
  [240, "4 hours"],
  [1_440, "1 day"],
  [10_080, "1 week"],
] as const;

/** What is stopped by hand: shown, lifted, and stopped. */
export const freezeView: MakeView = ({ me, look, alert }) => {
  const heading = h("h1", { tabindex: -1 }, "Freeze");
  const list = h("ul", { class: "rows freezes" });
  const empty = h(
    "div",
    { class: "empty", hidden: true },
    icon("check"),
    h("p", { class: "empty-first" }, "Nothing is frozen."),
    h("p", {}, "Calls are decided on by the policies alone."),
  );
  let layout = "";
  let lefts: { readonly element: HTMLElement; readonly until: number }[] = [];
  const tick = (): void => {
    for (const { element, until } of lefts) setText(element, `${span(until - proxyNow())} left`);
  };
  const act = async (path: string, body: object, said: string): Promise<boolean> => {
    try {
      await post(path, body);
      alert("");
      announce(said);
      look();
      return true;
    } catch (error) {
      alert(error instanceof Error ? error.message : String(error));
      look();
      return false;
    }
  };
  const element = h("section", {}, heading, empty, list);
  if (me.name === undefined) {
    element.append(
      h(
        "p",
        { class: "hint" },
        icon("eye"),
        "You may look, and stop nothing: sign in as an approver.",
      ),
    );
  } else element.append(freezeForm(me, act));
  return {
    element,
    heading,
    tick,
    async refresh() {
      const { now, freezes } = await get<Freezes>("/api/freezes");
      proxySays(now);
      empty.hidden = freezes.length > 0;
      list.hidden = freezes.length === 0;
      const next = JSON.stringify(freezes);
      if (next !== layout) {
        layout = next;
        lefts = [];
        list.replaceChildren(
          ...freezes.map((freeze) => {
            const left = h("span", { class: "left" });
            lefts.push({ element: left, until: freeze.until });
            const lift = me.name === undefined ? undefined : liftButton(freeze, act, heading);
            return frozenRow(freeze, left, lift);
          }),
        );
      }
      tick();
    },
  };
};

type Act = (path: string, body: object, said: string) => Promise<boolean>;

/** What a freeze is about, a few words. */
export function scopeOf({ server, grant, grantName, tool }: Frozen): string {
  const parts = [
    tool === undefined ? "all calls" : `calls of ${tool}`,
    ...(server === undefined ? [] : [`to ${server}`]),
    ...(grant === undefined ? [] : [`of ${grantName ?? grant}`]),
  ];
  return parts.join(" ");
}

function frozenRow(freeze: Frozen, left: HTMLElement, lift: HTMLElement | undefined): HTMLElement {
  const first = h("strong", {}, foreign(scopeOf(freeze)));
  return h(
    "li",
    { class: "row" },
    h("span", { class: "row-first" }, first, left),
    h("span", { class: "row-second" }, foreign(freeze.because)),
    h("span", { class: "row-second" }, "by ", foreign(freeze.by), `, until ${at(freeze.until)}`),
    lift,
  );
}

/** Lifting opens what somebody has closed: it is asked once more. */
function liftButton(
  { server, grant, tool, ...freeze }: Frozen,
  act: Act,
  heading: HTMLElement,
): HTMLElement {
  const named = scopeOf({ server, grant, tool, ...freeze } as Frozen);
  const scope = { server, grant, tool };
  const box = h("span", { class: "buttons" });
  const ask = button(
    { class: "quiet" },
    () => {
      const yes = button(
        { class: "deny" },
        () =>
          void act("/api/unfreeze", scope, `No longer frozen: ${named}.`).then((done) => {
            if (done) heading.focus();
          }),
        "Lift it",
      );
      const no = button(
        { class: "quiet" },
        () => {
          box.replaceChildren(ask);
          ask.focus();
        },
        "Keep it",
      );
      box.replaceChildren(h("span", {}, "Let these calls through again?"), yes, no);
      yes.focus();
    },
    "Lift",
  );
  ask.setAttribute("aria-label", `Lift: ${named}`);
  box.append(ask);
  return box;
}

function freezeForm(me: Parameters<MakeView>[0]["me"], act: Act): HTMLElement {
  const select = (options: readonly (readonly [string | number, string])[]): HTMLSelectElement => {
    const made = h("select");
    for (const [value, text] of options) made.append(h("option", { value }, text));
    return made;
  };
  const server = select([["", "All servers"], ...me.servers.map((name) => [name, name] as const)]);
  const grant = select([
    ["", "All grants"],
    ...me.grants.map(({ id, name }) => [id, name] as const),
  ]);
  const tool = h("input", {
    type: "text",
    autocomplete: "off",
    spellcheck: "false",
    placeholder: "all tools",
  });
  const minutes = select(SPANS);
  minutes.value = "60";
  const because = h("input", {
    type: "text",
    required: true,
    maxlength: 2_000,
    autocomplete: "off",
  });
  const form = h(
    "form",
    { class: "panel freeze-form" },
    h("h2", {}, "Stop calls"),
    h(
      "p",
      { class: "note" },
      "Within a second every proxy on this state denies these tool calls, held ones too.",
    ),
    h(
      "div",
      { class: "filters" },
      h("label", {}, h("span", {}, "Server"), server),
      h("label", {}, h("span", {}, "Grant"), grant),
      h("label", {}, h("span", {}, "Tool"), tool),
      h("label", {}, h("span", {}, "For"), minutes),
    ),
    h("label", { class: "wide" }, h("span", {}, "Why; it is told to whoever calls"), because),
    h(
      "div",
      { class: "buttons" },
      h("button", { type: "submit", class: "deny" }, icon("stop"), "Freeze"),
    ),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const freezing: Freezing = {
      ...(server.value === "" ? {} : { server: server.value }),
      ...(grant.value === "" ? {} : { grant: grant.value }),
      ...(tool.value.trim() === "" ? {} : { tool: tool.value.trim() }),
      minutes: Number(minutes.value),
      because: because.value,
    };
    void act("/api/freeze", freezing, "Frozen.").then((done) => {
      if (done) form.reset();
      if (done) minutes.value = "60";
    });
  });
  return form;
}

/** Above every view, while anything is frozen. */
export function freezeBanner(freezes: readonly Frozen[]): HTMLElement {
  const [first] = freezes;
  if (first === undefined) return h("span");
  const more = freezes.length === 1 ? "" : ` and ${freezes.length - 1} more`;
  return h(
    "p",
    { class: "banner" },
    icon("stop"),
    h(
      "span",
      {},
      "Frozen: ",
      foreign(scopeOf(first)),
      `${more}. `,
      h("a", { href: "#freeze" }, "See why"),
    ),
  );
}
