import type { Reporter } from "./reporter.ts";

/** A question that is asked about a name: what a `let` or a group stands for, or whether there is such a `let`. */
export type Question = "let" | "is let" | "group";

/** What a piece of work came to, and the answers that it got. */
export interface Kept<R> {
  readonly answers: readonly (readonly [Question, name: string, answer: unknown])[];
  /** What else it depends on. */
  readonly around: readonly unknown[];
  readonly result: R;
}

/** Answers by the definitions of this policy. */
export interface Answers {
  readonly answer: (question: Question, name: string) => unknown;
  /** Counts a use of what a name stands for. */
  readonly use: (question: Question, name: string) => void;
}

/**
 * Keeps what names come to in one statement from one compilation to the next: as long as the statement is the same
 * node, and every name it mentions gets the same answer, it comes to the same. An editor compiles a policy at every
 * keystroke, and a keystroke changes one statement.
 *
 * Only what gave nothing to report is kept: diagnostics have places, and places move.
 */
export class Recall {
  readonly #reporter: Reporter;
  readonly #remember: boolean;
  #answers: (readonly [Question, string, unknown])[] | undefined;
  #by: Answers | undefined;

  constructor(reporter: Reporter, remember: boolean) {
    this.#reporter = reporter;
    this.#remember = remember;
  }

  answersBy(answers: Answers): void {
    this.#by = answers;
  }

  /** Notes an answer, which the work that is being done depends on. */
  heard<A>(question: Question, name: string, answer: A): A {
    this.#answers?.push([question, name, answer]);
    return answer;
  }

  /**
   * What the work on a node comes to.
   *
   * @param isKept whether a result says all there is to say
   */
  of<N extends object, R>(
    store: WeakMap<N, Kept<R>>,
    node: N,
    around: readonly unknown[],
    isKept: (result: R) => boolean,
    work: () => R,
  ): R {
    if (!this.#remember) return work();
    const kept = store.get(node);
    if (kept !== undefined && this.#stands(kept, around)) return kept.result;
    const outer = this.#answers;
    const reported = this.#reporter.diagnostics.length;
    this.#answers = [];
    const result = work();
    const isSilent = this.#reporter.diagnostics.length === reported;
    if (isSilent && isKept(result)) store.set(node, { answers: this.#answers, around, result });
    else store.delete(node);
    this.#answers = outer;
    return result;
  }

  #stands({ answers, around }: Kept<unknown>, now: readonly unknown[]): boolean {
    const by = this.#by;
    if (by === undefined || !around.every((part, index) => part === now[index])) return false;
    if (!answers.every(([question, name, answer]) => by.answer(question, name) === answer)) {
      return false;
    }
    for (const [question, name] of answers) by.use(question, name);
    return true;
  }
}
