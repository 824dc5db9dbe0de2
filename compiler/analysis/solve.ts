import {
  anyValue,
  Branch,
  type Domains,
  indexesIn,
  isRefuted,
  isSettled,
  isThere,
} from "./branch.ts";
import { Effort } from "./effort.ts";
import { type Formula, literal, measureAt, type Quantity, type Steps, valueAt } from "./formula.ts";
import { compareLists, elementsOf } from "./lists.ts";
import { contradicts } from "./relate.ts";
import { type Scene, satisfied } from "./satisfied.ts";
import { type Built, buildScene } from "./scene.ts";
import { between, EVERYTHING, has, intersect, LISTS, sizeOf, type ValueSet } from "./values.ts";

/**
 * `no` is a proof that nothing satisfies the formula. `yes` comes with a call that does, as far as no fact is asked
 * for. `perhaps`: neither was found, because something is not taken apart or a budget stood in the way.
 */
export type Answer =
  | { readonly kind: "no" }
  | { readonly kind: "yes"; readonly scene: Scene }
  | { readonly kind: "perhaps"; readonly why: Undecided };

/** What stood in the way of an answer. */
export type Undecided = "effort" | "opaque";

/** The effort on one question where none is given: enough for some thousand alternatives. */
const STEPS = 50_000;

/** Choices one inside the other; each is a call on the stack. */
const DEPTH = 500;

/** Elements that a list is given only to be long enough. */
const MAX_ELEMENTS = 64;

/**
 * Whether some call satisfies the formula. Exact for numbers, texts and their patterns, booleans, absence, lists and
 * time, alone and compared with one another, as far as the effort goes.
 */
export function solve(
  formula: Formula,
  domains: Domains = anyValue,
  effort: Effort = new Effort(STEPS),
): Answer {
  return new Search(effort).run(formula, new Branch(domains));
}

/** True only where it is proved that nothing satisfies the formula. */
export function impossible(formula: Formula, domains?: Domains, effort?: Effort): boolean {
  return solve(formula, domains, effort).kind === "no";
}

/** A choice that is still to be made, of one formula, or of several together. */
type Choice = readonly (readonly Formula[])[];

class Search {
  readonly #effort: Effort;
  #whole: Formula = { kind: "true" };
  #undecided: Undecided | undefined;

  constructor(effort: Effort) {
    this.#effort = effort;
  }

  run(formula: Formula, branch: Branch): Answer {
    this.#whole = formula;
    const scene = this.#search([formula], branch, [], 0);
    if (scene !== undefined) return { kind: "yes", scene };
    return this.#undecided === undefined
      ? { kind: "no" }
      : { kind: "perhaps", why: this.#undecided };
  }

  /** Undefined where nothing was found; then, unless something stood in the way, there is nothing. */
  #search(
    pending: readonly Formula[],
    branch: Branch,
    given: readonly Choice[],
    depth: number,
  ): Scene | undefined {
    if (depth > DEPTH) return this.#giveUp("effort");
    const choices = [...given];
    if (!this.#settle(pending, branch, choices)) return undefined;
    const choice = this.#next(branch, choices);
    if (choice === undefined) return this.#finish(branch, depth);
    const others = choices.filter((one) => one !== choice);
    for (const alternative of choice) {
      const found = this.#search(alternative, branch.copy(), others, depth + 1);
      if (found !== undefined) return found;
      if (!this.#effort.spend(1)) return this.#giveUp("effort");
    }
    return undefined;
  }

  /** Takes formulas for granted with all that is forced by them; false when they exclude one another. */
  #settle(pending: readonly Formula[], branch: Branch, choices: Choice[]): boolean {
    let forced: readonly Formula[] | undefined = pending;
    while (forced !== undefined && this.#assume(forced, branch, choices)) {
      forced = this.#propagate(branch, choices);
      if (forced?.length === 0) return true;
    }
    return false;
  }

  #giveUp(why: Undecided): undefined {
    this.#undecided ??= why;
    return undefined;
  }

  /** Takes formulas for granted; false when they exclude one another. */
  #assume(pending: readonly Formula[], branch: Branch, choices: Choice[]): boolean {
    const open: Formula[] = [];
    /** With what follows for elements of lists that a formula is the first to speak of. */
    const add = (formulas: readonly Formula[]): void => {
      for (const formula of formulas) {
        open.push(formula);
        for (const { list, index } of indexesIn(formula).values()) {
          add(branch.touch(valueAt(list), index));
        }
      }
    };
    add(pending);
    if (!this.#spend(1)) return false;
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      switch (next.kind) {
        case "true":
          break;
        case "false":
          return false;
        case "all":
          if (!this.#spend(next.operands.length)) return false;
          for (const operand of next.operands) open.push(operand);
          break;
        case "any":
          choices.push(next.operands.map((operand) => [operand]));
          break;
        case "literal": {
          const { values, predicates } = branch.of(next.operand);
          const steps = sizeOf(next.values) + sizeOf(values) + predicates.length;
          if (!this.#spend(steps) || !branch.narrow(next)) return false;
          break;
        }
        case "relation":
          branch.relations.push(next);
          break;
        case "some":
          add([literal(next.list, LISTS)]);
          branch.somes.push(next);
          break;
        case "each":
          add([literal(next.list, LISTS), ...branch.demandOfEach(next)]);
          break;
      }
    }
    return true;
  }

  #spend(steps: number): boolean {
    if (this.#effort.spend(steps)) return true;
    this.#giveUp("effort");
    return false;
  }

  /** Takes out what is settled; what is left of a choice alone is forced. Undefined where nothing is left of one. */
  #propagate(branch: Branch, choices: Choice[]): readonly Formula[] | undefined {
    if (!this.#spend(choices.length)) return undefined;
    const forced: Formula[] = [];
    let kept = 0;
    for (const choice of choices) {
      if (choice.some((one) => one.every((formula) => isSettled(branch, formula)))) continue;
      const open = choice.filter((one) => !one.some((formula) => isRefuted(branch, formula)));
      if (!this.#spend(choice.length - open.length)) return undefined;
      if (open.length === 0) return undefined;
      if (open.length === 1) forced.push(...(open[0] as readonly Formula[]));
      else choices[kept++] = open;
    }
    choices.length = kept;
    return forced;
  }

  /** The choice to make next; undefined when there is none left. */
  #next(branch: Branch, choices: readonly Choice[]): Choice | undefined {
    let least: Choice | undefined;
    for (const choice of choices) {
      if (least === undefined || choice.length < least.length) least = choice;
    }
    let sought: Quantity | undefined;
    for (const some of branch.somes) {
      // What else speaks of lists within elements is known only once nothing else is to be chosen.
      if (some.list.path.some((step) => typeof step === "number")) continue;
      const open = branch
        .choicesFor(some)
        .filter((one) => this.#settle(one, branch.copy(), [...choices]));
      if (least !== undefined && open.length >= least.length) continue;
      least = open;
      sought = some;
    }
    if (least === undefined) {
      [sought] = branch.somes.sort((a, b) => a.list.path.length - b.list.path.length);
      if (sought === undefined) return undefined;
      least = branch.choicesFor(sought);
    }
    if (sought !== undefined) branch.somes.splice(branch.somes.indexOf(sought), 1);
    return least;
  }

  #finish(branch: Branch, depth: number): Scene | undefined {
    if (contradicts(branch)) return undefined;
    for (const { list, count } of branch.judged) {
      const lengths = branch.of(measureAt("length", list.path)).values;
      const there = thereOf(branch, list.path, count);
      const least = leastOf(
        intersect(lengths, between(there, false, Number.POSITIVE_INFINITY, true)),
      );
      if (least <= count) continue;
      if (least > MAX_ELEMENTS) return this.#giveUp("effort");
      return this.#search(
        [isThere(list, count), valueOfElement(list.path, count)],
        branch.copy(),
        [],
        depth + 1,
      );
    }
    for (const relation of branch.relations) {
      const elements = elementsOf(branch, relation);
      if (elements === undefined || branch.apart.get(relation) === elements) continue;
      const next = branch.copy();
      next.apart.set(relation, elements);
      return this.#search([compareLists(relation, elements)], next, [], depth + 1);
    }
    const built: Built = buildScene(branch, this.#effort);
    if (built.kind === "yes") {
      // Values can only come together wrongly where something is not taken apart.
      if (satisfied(this.#whole, built.scene) !== false) return built.scene;
      return this.#giveUp("opaque");
    }
    if (built.kind === "perhaps") this.#giveUp(built.why);
    return undefined;
  }
}

/** Says nothing of an element but that it is spoken of. */
function valueOfElement(list: Steps, index: number): Formula {
  const operand = valueAt([...list, index]);
  return { kind: "literal", operand, values: EVERYTHING };
}

/** How many elements there must be for those that are spoken of and are not missing. */
function thereOf(branch: Branch, list: Steps, count: number): number {
  for (let index = count - 1; index >= 0; index--) {
    if (!branch.of(valueAt([...list, index])).values.missing) return index + 1;
  }
  return 0;
}

function leastOf(lengths: ValueSet): number {
  const [first] = lengths.numbers;
  if (first === undefined) return 0;
  const low = Math.ceil(first.low);
  return has(lengths, low) ? low : low + 1;
}
