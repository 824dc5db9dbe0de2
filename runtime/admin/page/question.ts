import type { Decide, Question, WholeQuestion } from "../wire.ts";
import { get, post, RefusedError } from "./api.ts";
import { type ShownArguments, showArguments } from "./arguments.ts";
import { announce, button, code, foreign, h, icon, setText, sourcePlace } from "./dom.ts";
import { proxyNow, span, timeElement } from "./time.ts";
import type { Page } from "./view.ts";

/** What the model reads, and a store keeps (characters). */
const MAX_REASON = 2_000;

/**
 * One question in full, and the answer to it. It stays the same question while it is shown: nothing that comes in moves
 * another one under somebody's hand.
 */
export class QuestionPanel {
  readonly element: HTMLElement;
  readonly id: string;
  readonly #page: Page;
  readonly #next: () => string | undefined;
  readonly #heading: HTMLElement;
  readonly #body = h("div");
  readonly #left = h("span");
  readonly #gauge = h("progress", { "aria-hidden": "true" });
  #question: Question | undefined;
  #form: HTMLElement | undefined;
  #sending = false;

  /** `next`: the id of another question that waits. */
  constructor(id: string, page: Page, next: () => string | undefined) {
    this.id = id;
    this.#page = page;
    this.#next = next;
    this.#heading = h("h2", { id: "question", tabindex: -1 }, id);
    this.element = h("article", { "aria-labelledby": "question", class: "panel" });
    const back = h("a", { href: "#waiting", class: "back" }, icon("back"), "All that wait");
    this.element.append(back, this.#heading, this.#body);
    this.#body.append(h("p", { class: "note" }, "…"));
  }

  async load(): Promise<void> {
    try {
      this.#show(await get<WholeQuestion>(`/api/question?id=${encodeURIComponent(this.id)}`));
    } catch (error) {
      if (!(error instanceof RefusedError) || error.status === 401) throw error;
      this.#body.replaceChildren(h("p", { class: "empty" }, error.message));
    }
  }

  focus(): void {
    this.#heading.focus();
  }

  /** How it stands now, from the list. */
  update(question: Question | undefined): void {
    const known = this.#question;
    if (question === undefined || known === undefined || this.#sending) return;
    if (question.state !== known.state) {
      this.#question = question;
      this.#showOutcome(question, question.state === "pending" ? "" : "It was decided meanwhile.");
    } else if (question.whyNot !== known.whyNot) void this.load().catch(() => {});
  }

  tick(): void {
    const question = this.#question;
    if (question?.state !== "pending") return;
    const ms = question.expiresAt - proxyNow();
    setText(this.#left, ms > 0 ? `${span(ms)} left to decide` : "The time is over");
    this.#gauge.max = question.expiresAt - question.askedAt;
    this.#gauge.value = Math.max(0, ms);
    this.element.classList.toggle("soon", ms < 60_000);
  }

  #show(question: WholeQuestion): void {
    this.#question = question;
    const { tool, server, grant, rule, source, message, approvers, askedAt, digest } = question;
    this.#heading.replaceChildren(code(tool), " ", h("span", { class: "id" }, this.id));
    const fact = (name: string, ...value: readonly (Node | string)[]): HTMLElement =>
      h("div", {}, h("dt", {}, name), h("dd", {}, ...value));
    const facts = h(
      "dl",
      { class: "facts" },
      fact("Called by", foreign(grant)),
      fact("Server", foreign(server)),
      fact("Asked", timeElement(askedAt)),
      fact("Decided by", foreign(approvers === undefined ? "any approver" : approvers.join(", "))),
    );
    if (rule !== undefined) {
      facts.append(fact("Rule", source === undefined ? code(rule) : sourcePlace(source)));
    }
    const shown = showArguments(question.arguments, "arguments");
    this.#body.replaceChildren(
      h("p", { class: "time-left" }, icon("clock"), this.#left, this.#gauge),
      ...(message === undefined || message === ""
        ? []
        : [h("p", { class: "says" }, foreign(message))]),
      facts,
      h("h3", { id: "arguments" }, "Arguments"),
      shown.element,
      h("p", { class: "note digest" }, "Digest of the call ", code(digest.slice(0, 16)), "…"),
    );
    this.#form = h("div", { class: "answer" });
    this.#body.append(this.#form);
    if (question.state === "pending") this.#showForm(question, shown);
    else this.#showOutcome(question, "");
    this.tick();
  }

  #showForm(question: WholeQuestion, shown: ShownArguments): void {
    const form = this.#form;
    if (form === undefined) return;
    if (question.whyNot !== undefined) {
      form.replaceChildren(h("p", { class: "hint" }, icon("eye"), foreign(question.whyNot)));
      return;
    }
    const reason = h("textarea", { id: "reason", rows: 1, maxlength: MAX_REASON });
    reason.setAttribute("aria-describedby", "reason-note");
    const decide = (approve: boolean, { detail }: MouseEvent): void => {
      // The second of two quick clicks was not meant for what the first has brought.
      if (detail > 1) return;
      if (approve && !shown.isWhole()) {
        shown.showAll();
        announce("There was more to read. It is shown now; approve when you have read it.");
        setText(note, "There was more to read. It is shown now; approve when you have read it.");
        return;
      }
      const { id, digest } = question;
      void this.#decide({ id, digest, approve, reason: reason.value });
    };
    const note = h(
      "p",
      { class: "note", id: "reason-note" },
      "If you deny it, the model reads it.",
    );
    form.replaceChildren(
      h("label", { for: "reason" }, "Reason"),
      reason,
      note,
      h(
        "div",
        { class: "buttons" },
        button({ class: "approve" }, (event) => decide(true, event), icon("check"), "Approve"),
        button({ class: "deny" }, (event) => decide(false, event), icon("cross"), "Deny"),
      ),
    );
  }

  async #decide(decision: Decide): Promise<void> {
    if (this.#sending) return;
    this.#sending = true;
    this.#setDisabled(true);
    try {
      const question = await post<Question>("/api/decide", decision);
      this.#question = question;
      this.#showOutcome(question, "");
      this.#focusOutcome();
      announce(`${question.id} is ${question.state}.`);
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#sending = false;
      this.#page.look();
    }
  }

  #failed(error: unknown): void {
    this.#setDisabled(false);
    const text = error instanceof Error ? error.message : String(error);
    if (error instanceof RefusedError && error.refused.question !== undefined) {
      this.#question = error.refused.question;
      this.#showOutcome(error.refused.question, text);
      this.#focusOutcome();
      announce(text);
    } else if (error instanceof RefusedError && (error.status === 410 || error.status === 404)) {
      this.#form?.replaceChildren(h("p", { class: "hint", tabindex: -1 }, icon("clock"), text));
      this.#focusOutcome();
      announce(text);
    } else this.#page.alert(text);
  }

  #setDisabled(disabled: boolean): void {
    for (const one of this.#form?.querySelectorAll("button") ?? []) one.disabled = disabled;
  }

  #focusOutcome(): void {
    this.#form?.querySelector<HTMLElement>("[tabindex='-1']")?.focus();
  }

  #showOutcome({ state, decidedBy, decidedAt, reason }: Question, said: string): void {
    const form = this.#form;
    if (form === undefined) return;
    const denied = state === "denied";
    const text = OUTCOMES[state];
    const by = decidedBy === undefined ? "" : ` by ${decidedBy}`;
    const outcome = h(
      "div",
      {
        class: `outcome ${denied ? "is-denied" : state === "expired" ? "" : "is-approved"}`,
        tabindex: -1,
      },
      h(
        "p",
        { class: "outcome-first" },
        icon(denied ? "cross" : state === "expired" ? "clock" : "check"),
        h("strong", {}, text),
        foreign(by),
        ...(decidedAt === undefined ? [] : [", ", timeElement(decidedAt)]),
      ),
      ...(reason === undefined ? [] : [h("blockquote", {}, foreign(reason))]),
      ...(said === "" ? [] : [h("p", { class: "note" }, foreign(said))]),
    );
    const next = this.#next();
    if (next !== undefined) {
      outcome.append(h("a", { href: `#waiting/${next}`, class: "button" }, "Next", icon("next")));
    }
    form.replaceChildren(outcome);
    setText(this.#left, text);
    this.#gauge.hidden = true;
  }
}

const OUTCOMES: Readonly<Record<Question["state"], string>> = {
  pending: "Waits",
  approved: "Approved",
  denied: "Denied",
  expired: "Expired: nobody has decided in time",
  spent: "Approved, and the call was made",
};
