import type { Question, Questions } from "../wire.ts";
import { get } from "./api.ts";
import { announce, code, foreign, h, icon } from "./dom.ts";
import { QuestionPanel } from "./question.ts";
import { QuestionList } from "./questions-list.ts";
import { proxySays, timeElement } from "./time.ts";
import type { MakeView } from "./view.ts";

/** How many wait, for the tab and the title. */
export type Counted = (waiting: number) => void;

/** What waits for a person: a list, and one question in full. */
export function waitingView(counted: Counted): MakeView {
  return (page, rest) => {
    const heading = h("h1", { tabindex: -1 }, "Waiting");
    const list = new QuestionList();
    const empty = emptyState(page.me.nobody);
    const decided = h("ul", { class: "rows decided" });
    const decidedBox = h(
      "details",
      { class: "decided-box" },
      h("summary", {}, "Decided lately"),
      decided,
    );
    const pane = h("div", { class: "pane" });
    const lists = h("div", { class: "lists" }, heading, list.element, empty, decidedBox);
    const element = h("section", { class: "waiting" }, h("div", { class: "split" }, lists, pane));
    let panel: QuestionPanel | undefined;
    let waiting: readonly Question[] = [];
    let known: ReadonlySet<string> | undefined;

    const open = async (id: string, focus: boolean): Promise<void> => {
      const made = new QuestionPanel(id, page, () => waiting.find((one) => one.id !== id)?.id);
      panel = made;
      pane.replaceChildren(made.element);
      list.show(waiting, id);
      await made.load();
      if (focus && panel === made) made.focus();
    };
    const close = (): void => {
      panel = undefined;
      pane.replaceChildren();
    };
    const goTo = (id: string): void => {
      element.classList.toggle("has-question", id !== "");
      if (id === "") {
        if (!isWide()) close();
        list.show(waiting, panel?.id);
      } else if (panel?.id !== id) void open(id, true).catch(() => page.look());
      else panel.focus();
    };
    goTo(rest);

    return {
      element,
      heading,
      goTo,
      async refresh() {
        const questions = await get<Questions>("/api/questions");
        proxySays(questions.now);
        ({ waiting } = questions);
        counted(waiting.length);
        known = tellOfNew(waiting, known);
        empty.hidden = waiting.length > 0;
        list.element.hidden = waiting.length === 0;
        // There is room for one beside the list: the one whose time ends first.
        const [first] = waiting;
        if (panel === undefined && first !== undefined && isWide()) await open(first.id, false);
        list.show(waiting, panel?.id);
        panel?.update([...waiting, ...questions.decided].find(({ id }) => id === panel?.id));
        showDecided(decided, questions.decided);
        decidedBox.hidden = questions.decided.length === 0;
      },
      tick() {
        list.tick();
        panel?.tick();
      },
    };
  };
}

function isWide(): boolean {
  return matchMedia("(min-width: 62rem)").matches;
}

function emptyState(nobody: string | undefined): HTMLElement {
  return h(
    "div",
    { class: "empty", hidden: true },
    icon("check"),
    h("p", { class: "empty-first" }, "Nothing waits for an approval."),
    h("p", {}, nobody ?? "A call that needs one appears here, and its caller waits for you."),
  );
}

/** Says how many have come since the last time; the first time nothing is new. */
function tellOfNew(
  waiting: readonly Question[],
  known: ReadonlySet<string> | undefined,
): ReadonlySet<string> {
  const fresh = known === undefined ? [] : waiting.filter(({ id }) => !known.has(id));
  const [first] = fresh;
  if (first !== undefined) {
    const more = fresh.length === 1 ? "" : ` and ${fresh.length - 1} more`;
    announce(`A call of ${first.tool} waits for an approval${more}.`);
  }
  return new Set(waiting.map(({ id }) => id));
}

function showDecided(list: HTMLElement, decided: readonly Question[]): void {
  const shown = JSON.stringify(decided.map(({ id, state }) => [id, state]));
  if (list.dataset.shown === shown) return;
  list.dataset.shown = shown;
  list.replaceChildren(
    ...decided.map(({ id, tool, state, decidedBy, decidedAt, expiresAt }) =>
      h(
        "li",
        {},
        h(
          "a",
          { href: `#waiting/${id}`, class: "row" },
          h(
            "span",
            { class: "row-first" },
            code(tool, { class: "tool" }),
            h("span", { class: `chip is-${CHIPS[state]}` }, state === "spent" ? "approved" : state),
          ),
          h(
            "span",
            { class: "row-second" },
            ...(decidedBy === undefined ? [] : [foreign(decidedBy), ", "]),
            timeElement(decidedAt ?? expiresAt),
          ),
        ),
      ),
    ),
  );
}

const CHIPS: Readonly<Record<Question["state"], string>> = {
  pending: "pending",
  approved: "allow",
  spent: "allow",
  denied: "deny",
  expired: "hide",
};
