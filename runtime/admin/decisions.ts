import type { Grant } from "../grants/grant.ts";
import type { DecisionRecord } from "../proxy/governance.ts";
import { type AdminRoute, jsonAnswer } from "./route.ts";
import type { Decisions, Seen } from "./wire.ts";

/** How many are remembered, and how many are given at once. */
const KEPT = 500;
const AT_ONCE = 200;
/** Characters; what a client sends may be as long as it likes. */
const MAX_NAME = 256;
const MAX_TEXT = 1_000;

/** The last decisions of this process. What calls carry is not among it. */
export class RecentDecisions {
  readonly #seen: Seen[] = [];
  #next = 1;

  decided(record: DecisionRecord, grant: Pick<Grant, "name">, server: string): void {
    const { id, at, outcome, enforced, method, name, rule, source, message, approval } = record;
    this.#seen.push({
      number: this.#next++,
      ...{ id, at, outcome, enforced, server, grant: grant.name, rule: cut(rule, MAX_NAME) },
      message: cut(message, MAX_TEXT),
      ...(method === undefined ? {} : { method: cut(method, MAX_NAME) }),
      ...(name === undefined ? {} : { name: cut(name, MAX_NAME) }),
      ...(source === undefined ? {} : { source }),
      ...(approval === undefined ? {} : { approval }),
    });
    // Not at each: taking one away moves all.
    if (this.#seen.length >= 2 * KEPT) this.#seen.splice(0, this.#seen.length - KEPT);
  }

  /** Those after a number, newest first. */
  after(number: number): readonly Seen[] {
    const newer = this.#seen.filter((one) => one.number > number);
    return newer.slice(-AT_ONCE).reverse();
  }
}

export function decisionRoutes(recent: RecentDecisions): readonly AdminRoute[] {
  return [
    {
      method: "GET",
      path: "/api/decisions",
      right: "session",
      answer({ query }) {
        const decisions: Decisions = { decisions: recent.after(Number(query.get("after") ?? 0)) };
        return jsonAnswer(200, decisions);
      },
    },
  ];
}

function cut(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max)}…`;
}
