/**
 * What may still be done, in steps: a step is about one literal, or one value of a set, looked at. Questions that
 * share an effort are bounded together; one that finds too little left stays undecided.
 */
export class Effort {
  #left: number;

  constructor(steps: number) {
    this.#left = steps;
  }

  /** False when there is not so much left; then nothing is left. */
  spend(steps: number): boolean {
    this.#left -= steps;
    return this.#left >= 0;
  }
}
