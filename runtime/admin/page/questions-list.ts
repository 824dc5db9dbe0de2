import type { Question } from "../wire.ts";
import { code, foreign, h, setText } from "./dom.ts";
import { proxyNow, span } from "./time.ts";

interface Row {
  readonly element: HTMLElement;
  readonly link: HTMLAnchorElement;
  readonly left: HTMLElement;
  question: Question;
}

/** Characters of the arguments in a row. */
const PREVIEW = 120;

/** The questions that wait, one below the other. Rows stay as they are while others come and go. */
export class QuestionList {
  readonly element = h("ul", { class: "rows" });
  readonly #rows = new Map<string, Row>();

  show(questions: readonly Question[], selected: string | undefined): void {
    const gone = new Set(this.#rows.keys());
    let before: Element | null = null;
    for (const question of questions) {
      gone.delete(question.id);
      const row = this.#rows.get(question.id) ?? this.#make(question);
      row.question = question;
      const place: Element | null =
        before === null ? this.element.firstElementChild : before.nextElementSibling;
      if (place !== row.element) this.element.insertBefore(row.element, place);
      before = row.element;
      if (question.id === selected) row.link.setAttribute("aria-current", "true");
      else row.link.removeAttribute("aria-current");
    }
    for (const id of gone) {
      this.#rows.get(id)?.element.remove();
      this.#rows.delete(id);
    }
    this.tick();
  }

  tick(): void {
    for (const { question, left, link } of this.#rows.values()) {
      const ms = question.expiresAt - proxyNow();
      setText(left, `${span(ms)} left`);
      link.classList.toggle("soon", ms < 60_000);
    }
  }

  #make(question: Question): Row {
    const { id, tool, server, grant, preview } = question;
    const left = h("span", { class: "left" });
    const link = h(
      "a",
      { href: `#waiting/${id}`, class: "row" },
      h("span", { class: "row-first" }, code(tool, { class: "tool" }), left),
      h("span", { class: "row-second" }, foreign(grant), " on ", foreign(server)),
      // The whole of it is read in the question; here it tells one from another.
      code(preview.slice(0, PREVIEW), { class: "preview", "aria-hidden": "true" }),
    );
    const element = h("li", {}, link);
    const row = { element, link, left, question };
    this.#rows.set(id, row);
    return row;
  }
}
