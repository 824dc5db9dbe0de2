import type { LimitClause, Rule, WindowUnit } from "../../language/index.ts";
import { pathText } from "../check/typing/paths.ts";

const PER_HOUR: Readonly<Record<WindowUnit, number>> = {
  second: 3600,
  minute: 60,
  hour: 1,
  day: 1 / 24,
  week: 1 / 168,
  month: 1 / 720,
};

/** A limit of a rule as a sentence: "At most 10 calls in a calendar minute, for each grant." */
export function limitInWords(rule: Rule | undefined, clause: LimitClause): string {
  const { amount, each, scope, as } = clause;
  const { max, window, sliding, path } = amount;
  const what =
    amount.kind === "concurrent"
      ? `At most ${count(max.value, "call")} at a time`
      : amount.kind === "sum"
        ? `\`${path === undefined ? "" : pathText(path)}\` may add up to at most ${number(max.value)}`
        : `At most ${count(max.value, "call")}`;
  const every = window?.every?.value ?? 1;
  const unit = window?.unit ?? "minute";
  const when =
    amount.kind === "concurrent"
      ? ""
      : sliding
        ? ` in any span of ${every === 1 ? `one ${unit}` : `${every} ${unit}s`}`
        : ` in a calendar ${unit} (UTC)`;
  const keys = (scope?.keys ?? []).map((key) =>
    key.kind === "scope" ? key.value : `\`${pathText(key)}\``,
  );
  const words = keys.some((key) => !key.startsWith("`")) ? keys : ["grant", ...keys];
  const whose =
    words.length === 1 && words[0] === "server"
      ? ", all clients together"
      : `, for each ${words.join(" and each ")}`;
  const counted =
    rule?.kind === "limit"
      ? rule.all !== undefined
        ? "; every tool call counts"
        : each
          ? "; each tool has a count of its own"
          : ""
      : each
        ? "; each tool has a count of its own"
        : "";
  const named = as === undefined ? "" : `; shared by every limit named \`${as.value}\``;
  return `${what}${when}${whose}${counted}${named}.`;
}

/** What a rate comes to in an hour, or in a day where it is less: `600/hour`; undefined where it says so itself. */
export function rateInWords({ amount }: LimitClause): string | undefined {
  const { window, max } = amount;
  if (amount.kind !== "count" || window === undefined) return undefined;
  const every = window.every?.value ?? 1;
  if (every === 1 && (window.unit === "hour" || window.unit === "day")) return undefined;
  const hourly = (max.value * PER_HOUR[window.unit]) / every;
  if (hourly >= 1) return `${rounded(hourly)}/hour`;
  const daily = hourly * 24;
  return daily > 0 ? `${rounded(daily)}/day` : undefined;
}

function rounded(value: number): string {
  return Number.isInteger(value) ? String(value) : `about ${Number(value.toPrecision(2))}`;
}

function count(value: number, what: string): string {
  return `${number(value)} ${what}${value === 1 ? "" : "s"}`;
}

function number(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 6 });
}
