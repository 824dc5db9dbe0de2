import type { Bar, Limits } from "../wire.ts";
import { get } from "./api.ts";
import { code, foreign, h, icon, setText, sourcePlace } from "./dom.ts";
import { proxyNow, proxySays, span } from "./time.ts";
import type { MakeView } from "./view.ts";

interface ShownBar {
  readonly element: HTMLElement;
  readonly meter: HTMLElement;
  readonly fill: HTMLProgressElement;
  readonly numbers: HTMLElement;
  readonly resets: HTMLElement;
  bar: Bar;
}

/** From this part on a limit is nearly full. */
const NEARLY = 0.8;

/** Counters against their limits, by server and grant. */
export const limitsView: MakeView = () => {
  const heading = h("h1", { tabindex: -1 }, "Limits");
  const content = h("div", { class: "groups" });
  const note = h("p", { class: "note" });
  const empty = h(
    "div",
    { class: "empty", hidden: true },
    h("p", { class: "empty-first" }, "No policy in force has a limit."),
    h(
      "p",
      {},
      "A rule such as ",
      code("limit all 100/hour"),
      " would be shown here with what is used of it.",
    ),
  );
  let shown = new Map<string, ShownBar>();
  let layout = "";
  const tick = (): void => {
    for (const { bar, resets } of shown.values()) {
      const text =
        bar.resetsAt === undefined || bar.used === 0
          ? ""
          : `resets in ${span(bar.resetsAt - proxyNow())}`;
      setText(resets, text);
    }
  };
  return {
    element: h("section", {}, heading, empty, content, note),
    heading,
    tick,
    async refresh() {
      const limits = await get<Limits>("/api/limits");
      proxySays(limits.now);
      empty.hidden = limits.bars.length + limits.idle.length > 0;
      // What is there is filled in place: only another set of limits is laid out anew.
      const next = JSON.stringify([limits.bars.map(keyOf), limits.idle]);
      if (next !== layout) {
        layout = next;
        shown = new Map();
        content.replaceChildren(...groupsOf(limits, shown));
      }
      for (const bar of limits.bars) fill(shown.get(keyOf(bar)), bar);
      const more = limits.more === 0 ? "" : `${limits.more} more counters are not shown.`;
      setText(note, more);
      tick();
    },
  };
};

function keyOf({ server, grant, counter, tools, allows, shadow, values, source }: Bar): string {
  return JSON.stringify([server, grant, counter, tools, allows, shadow, values, source]);
}

function groupsOf({ bars, idle }: Limits, shown: Map<string, ShownBar>): readonly HTMLElement[] {
  const groups = new Map<string, HTMLElement>();
  const groupOf = ({ server, grant }: Omit<Bar, "used" | "max">): HTMLElement => {
    const key = JSON.stringify([server, grant]);
    const known = groups.get(key);
    if (known !== undefined) return known;
    const list = h("ul", { class: "bars" });
    const whose = grant === undefined ? "all grants together" : grant;
    const title = h("h2", {}, foreign(whose), h("span", { class: "on" }, " on ", foreign(server)));
    groups.set(key, list);
    list.dataset.title = key;
    titles.set(list, title);
    return list;
  };
  const titles = new Map<HTMLElement, HTMLElement>();
  // What grants share stands below what each has.
  const inOrder = [...bars].sort(
    (a, b) => Number(a.grant === undefined) - Number(b.grant === undefined),
  );
  for (const bar of inOrder) {
    const made = makeBar(bar);
    shown.set(keyOf(bar), made);
    groupOf(bar).append(made.element);
  }
  for (const one of idle) {
    groupOf(one).append(
      h(
        "li",
        { class: "bar idle" },
        aboutLimit(one),
        h("p", { class: "note" }, "Nothing was counted here yet."),
      ),
    );
  }
  return [...groups.values()].map((list) =>
    h("section", { class: "group" }, titles.get(list), list),
  );
}

function aboutLimit({
  allows,
  tools,
  shadow,
  source,
  values,
}: Omit<Bar, "used" | "max">): HTMLElement {
  const what = tools.length === 0 ? "all tools" : tools.join(", ");
  return h(
    "div",
    { class: "bar-about" },
    h(
      "span",
      { class: "bar-what" },
      foreign(what),
      ...(shadow ? [" ", h("span", { class: "chip is-shadow" }, "only looks on")] : []),
    ),
    h("span", { class: "bar-allows" }, foreign(allows.replaceAll("`", ""))),
    ...(values === undefined
      ? []
      : [
          h(
            "span",
            { class: "bar-values" },
            code(values.map((one) => JSON.stringify(one)).join(", ")),
          ),
        ]),
    ...(source === undefined ? [] : [h("span", { class: "bar-source" }, sourcePlace(source))]),
  );
}

function makeBar(bar: Bar): ShownBar {
  const numbers = h("span", { class: "bar-numbers" });
  const resets = h("span", { class: "bar-resets" });
  const progress = h("progress", { "aria-hidden": "true", max: 1, value: 0 });
  const meter = h("div", { role: "meter", class: "meter" }, progress);
  const element = h(
    "li",
    { class: "bar" },
    aboutLimit(bar),
    meter,
    h("div", { class: "bar-foot" }, numbers, resets),
  );
  return { element, meter, fill: progress, numbers, resets, bar };
}

function fill(shown: ShownBar | undefined, bar: Bar): void {
  if (shown === undefined) return;
  shown.bar = bar;
  const { used, max, allows, tools } = bar;
  const part = max === 0 ? 1 : Math.min(1, used / max);
  const level = part >= 1 ? "full" : part >= NEARLY ? "nearly full" : "";
  const text = `${used.toLocaleString("en")} of ${max.toLocaleString("en")}`;
  shown.fill.value = part;
  shown.element.classList.toggle("is-full", level === "full");
  shown.element.classList.toggle("is-nearly", level === "nearly full");
  const said = `${text} used${level === "" ? "" : `, ${level}`}`;
  if (shown.numbers.textContent !== said) {
    shown.numbers.replaceChildren(...(level === "" ? [] : [icon("warning")]), said);
  }
  const { meter } = shown;
  const name = `${tools.length === 0 ? "All tools" : tools.join(", ")}: ${allows}`;
  for (const [attribute, value] of [
    ["aria-label", name],
    ["aria-valuemin", "0"],
    ["aria-valuemax", String(max)],
    ["aria-valuenow", String(Math.min(used, max))],
    ["aria-valuetext", text],
  ] as const) {
    if (meter.getAttribute(attribute) !== value) meter.setAttribute(attribute, value);
  }
}
