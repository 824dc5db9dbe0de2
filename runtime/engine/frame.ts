import type { Json } from "../../policy/index.ts";
import type { ConditionSeen, Context } from "./types.ts";

/**
 * The value of a condition: false < error < true. The conditions of an entry and `all` give the least of
 * their parts, `any` the greatest, so that the order of parts never matters.
 */
export type Truth = 0 | 1 | 2;
export const FALSE = 0;
export const ERROR = 1;
export const TRUE = 2;

/** What the conditions of one decision read and leave behind. */
export interface Frame {
  readonly args: { readonly [key: string]: Json };
  readonly context: Context;
  /** The elements that enclosing list conditions are at, by depth; made by the first of them. */
  variables: Json[] | undefined;
  /** The first value of a wrong type in the entry that is being evaluated. */
  fault: Fault | undefined;
  /** Elements that list conditions may still visit. */
  budget: number;
  /** Only while explaining. */
  seen: ConditionSeen[] | undefined;
}

export interface Fault {
  /** As in a policy's text: `args.amount`. */
  readonly path: string;
  /** The rest of a sentence that begins with the path: `must be a number, and is a string`. */
  readonly needs: string;
}

/** Elements that the list conditions of one decision visit at most: nested ones multiply. */
export const MAX_ELEMENTS = 100_000;

/** Notes why a condition is an error, unless an earlier one did. */
export function fail(frame: Frame, path: string, needs: string): Truth {
  frame.fault ??= { path, needs };
  return ERROR;
}

export type Condition = (frame: Frame) => Truth;
export type Read = (frame: Frame) => Json | undefined;

/** The least of the conditions' values; true when there are none. */
export function allOf(conditions: readonly Condition[]): Condition {
  if (conditions.length === 0) return () => TRUE;
  if (conditions.length === 1) return conditions[0] as Condition;
  return (frame) => {
    const before = frame.fault;
    let least: Truth = TRUE;
    for (const condition of conditions) {
      const value = condition(frame);
      if (value < least) least = value;
      if (least === FALSE) break;
    }
    // A fault that did not decide the result is nobody's reason.
    if (least !== ERROR) frame.fault = before;
    return least;
  };
}

/** The greatest of the conditions' values; false when there are none. */
export function anyOf(conditions: readonly Condition[]): Condition {
  if (conditions.length === 0) return () => FALSE;
  if (conditions.length === 1) return conditions[0] as Condition;
  return (frame) => {
    const before = frame.fault;
    let greatest: Truth = FALSE;
    for (const condition of conditions) {
      const value = condition(frame);
      if (value > greatest) greatest = value;
      if (greatest === TRUE) break;
    }
    if (greatest !== ERROR) frame.fault = before;
    return greatest;
  };
}
