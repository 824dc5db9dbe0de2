import type { Amount, Path, PathStep, Span } from "../../language/index.ts";
import type { LimitEntry, PathJson } from "../../policy/index.ts";
import { parsePath } from "../../policy/index.ts";
import { counterName } from "../lower/counters.ts";
import { isName } from "../resolve/targets.ts";
import { conditionsText } from "./conditions.ts";
import { CannotSay, numberText, pathText } from "./text.ts";

/**
 * The part of a limit that begins with its amount: `10/minute per grant`.
 *
 * @param owner the tool, or `all`: without a name, the counter's name follows from it
 * @throws CannotSay
 */
export function limitText(limit: LimitEntry, owner: string): string {
  const parts = [amountText(limit), scopeText(limit)];
  if (limit.when !== undefined && limit.when.length > 0) {
    parts.push(`if ${conditionsText(limit.when)}`);
  }
  if (limit.counter !== derivedName(limit, owner)) {
    if (!isName(limit.counter)) {
      throw new CannotSay(`The counter \`${limit.counter}\` has no name that can be written.`);
    }
    parts.push(`as ${limit.counter}`);
  }
  if (limit.on_deny !== undefined) parts.push(`because ${JSON.stringify(limit.on_deny)}`);
  return parts.join(" ");
}

/** @throws CannotSay */
export function amountText({
  max,
  concurrent,
  increment_from,
  window,
  every,
  algorithm,
}: LimitEntry): string {
  if (concurrent) return `${numberText(max)} concurrent`;
  const unit = every === undefined ? window : `${every} ${window}s`;
  const sliding = algorithm === undefined ? "" : " sliding";
  const amount =
    increment_from === undefined
      ? numberText(max)
      : `sum(${pathText(increment_from)}) to ${numberText(max)}`;
  return `${amount}/${unit}${sliding}`;
}

/** @throws CannotSay */
export function scopeText({ scope, key }: LimitEntry): string {
  return `per ${[scope, ...(key ?? []).map(pathText)].join(", ")}`;
}

const NOWHERE: Span = { start: 0, end: 0 };

/** The name that the counter would have if the policy gave it none. */
function derivedName(limit: LimitEntry, owner: string): string {
  const amount: Amount = {
    kind:
      limit.concurrent !== undefined
        ? "concurrent"
        : limit.increment_from !== undefined
          ? "sum"
          : "count",
    span: NOWHERE,
    max: { kind: "number", text: "", value: limit.max, span: NOWHERE },
    sliding: limit.algorithm !== undefined,
    ...(limit.window === undefined ? {} : { window: { unit: limit.window, span: NOWHERE } }),
    ...(limit.increment_from === undefined ? {} : { path: pathNode(limit.increment_from) }),
  };
  const scope = { scope: limit.scope, keys: (limit.key ?? []).map(pathNode) };
  return counterName(owner, amount, scope, limit.every, limit.when ?? []);
}

function pathNode(path: PathJson): Path {
  const [root = "", ...rest] = parsePath(path);
  const steps = rest.map(
    (value): PathStep => ({
      kind: typeof value === "number" ? "index" : "key",
      value,
      quoted: false,
      span: NOWHERE,
    }),
  );
  return {
    kind: "path",
    root: { value: String(root), quoted: false, span: NOWHERE },
    steps,
    span: NOWHERE,
  };
}
