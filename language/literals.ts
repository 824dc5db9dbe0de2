import type { IToken } from "chevrotain";
import type {
  BooleanNode,
  DateNode,
  DurationNode,
  Name,
  NumberNode,
  RegexNode,
  StringNode,
  TimeNode,
} from "./ast.ts";
import type { Span } from "./source.ts";
import * as t from "./tokens.ts";

/**
 * From a token to its node. Total: a token that was reported as malformed gives the nearest value, so that
 * the statement around it can still be read.
 */

export function spanOf(token: IToken): Span {
  return { start: token.startOffset, end: t.endOf(token) };
}

/** The decoded text of a string token. */
export function stringValue(token: IToken): string {
  if (token.tokenType === t.PlainString) return JSON.parse(token.image) as string;
  return token.image.slice(1).replace(/["'`”“»‘’]$/, "");
}

export function stringNode(token: IToken): StringNode {
  return { kind: "string", value: stringValue(token), span: spanOf(token) };
}

export function wordName(token: IToken): Name {
  return { value: token.image, quoted: false, span: spanOf(token) };
}

export function quotedName(token: IToken): Name {
  return { value: stringValue(token), quoted: true, span: spanOf(token) };
}

export function numberNode(token: IToken): NumberNode {
  const text = token.image;
  const value = Number.parseFloat(text.replaceAll("_", ""));
  return {
    kind: "number",
    text,
    // `-0` and `0` are one number.
    value: Number.isFinite(value) ? value + 0 : 0,
    span: spanOf(token),
  };
}

export function booleanNode(token: IToken): BooleanNode {
  return { kind: "boolean", value: token.image === "true", span: spanOf(token) };
}

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** The length of a duration's text in milliseconds; undefined for what is not one. */
export function durationMs(text: string): number | undefined {
  const match = /^(\d+)(ms|s|m|h|d)$/.exec(text);
  if (match === null) return undefined;
  return Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS];
}

export function durationNode(token: IToken): DurationNode {
  const ms = durationMs(token.image) ?? 0;
  return { kind: "duration", text: token.image, ms, span: spanOf(token) };
}

export function dateNode(token: IToken): DateNode {
  return { kind: "date", text: token.image, span: spanOf(token) };
}

/** Minutes since midnight, 0 to 1440; undefined for what is no time of a day. */
export function timeMinutes(text: string): number | undefined {
  const match = /^([01]\d|2[0-4]):([0-5]\d)$/.exec(text);
  if (match === null) return undefined;
  const minutes = Number(match[1]) * 60 + Number(match[2]);
  return minutes <= 1440 ? minutes : undefined;
}

export function timeNode(token: IToken): TimeNode {
  const minutes = timeMinutes(token.image) ?? 0;
  return { kind: "time", text: token.image, minutes, span: spanOf(token) };
}

/** True for a day of the Gregorian calendar written `YYYY-MM-DD`. */
export function isDate(text: string): boolean {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (match === null) return false;
  const [year, month, day] = match.slice(1).map(Number) as [number, number, number];
  if (month < 1 || month > 12 || day < 1) return false;
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const lengths = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  return day <= (lengths[month - 1] as number);
}

export function regexNode(token: IToken): RegexNode {
  const close = token.image.lastIndexOf("/");
  const end = token.tokenType === t.PlainRegex ? close : token.image.length;
  return {
    kind: "regex",
    pattern: unescapeSlash(token.image.slice(1, end)),
    ignoreCase: token.image.slice(close + 1).includes("i") && token.tokenType === t.PlainRegex,
    span: spanOf(token),
  };
}

function unescapeSlash(pattern: string): string {
  return pattern.replace(/\\([\s\S])/g, (whole, character: string) =>
    character === "/" ? "/" : whole,
  );
}
