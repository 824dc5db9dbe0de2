import type { Counter } from "./counter.ts";

/** The live key values of one limit and grant. */
export class Family {
  readonly name: string;
  readonly members = new Set<Counter>();
  /** No member ends before this, so that a full family is not searched at every call. */
  #nextEnd = 0;

  constructor(name: string) {
    this.name = name;
  }

  /** Members that count nothing any more. */
  ended(now: number): Counter[] {
    if (now < this.#nextEnd) return [];
    const ended: Counter[] = [];
    this.#nextEnd = Number.POSITIVE_INFINITY;
    for (const member of this.members) {
      if (member.ends <= now) ended.push(member);
      else this.#nextEnd = Math.min(this.#nextEnd, member.ends);
    }
    return ended;
  }

  /** To be told of every charge: a member may end earlier than those that were there. */
  charged(member: Counter): void {
    this.members.add(member);
    if (member.ends < this.#nextEnd) this.#nextEnd = member.ends;
  }
}
