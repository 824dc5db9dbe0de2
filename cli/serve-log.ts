import { fstatSync } from "node:fs";
import type { Writable } from "node:stream";
import { type DecisionRecord, writeLog } from "../runtime/index.ts";
import { LimitedLines } from "./limited-lines.ts";

export interface ServeLog {
  /** `whose`: the grant and the server, where there are several. */
  readonly record: (record: DecisionRecord, whose?: string) => void;
  readonly notice: (text: string) => void;
  /** What an operator has done, and what came of it: it is always printed, and may have several lines. */
  readonly tell: (text: string) => void;
  /** Tells what was left out so far. */
  readonly end: () => void;
}

/** Lines about what was forbidden, for the person who runs the proxy. Allowed calls are not logged. */
export function serveLog(output: Writable): ServeLog {
  const line = (text: string): void => {
    writeLog(output, `mcpp: ${printable(text)}\n`);
  };
  const lines = new LimitedLines(line);
  return {
    tell: (text) => {
      for (const part of text.split("\n")) line(part);
    },
    notice: (text) => lines.line(kindOf(text), text),
    record: (record, whose = "") => {
      if (record.outcome === "allow") return;
      // Not by name, which clients choose.
      const { outcome, rule, enforced } = record;
      lines.line(
        `${outcome} ${rule} ${enforced} ${whose}`,
        `${whose === "" ? "" : `${whose}: `}${recordLine(record)}`,
      );
    },
    end: () => lines.end(),
  };
}

/**
 * Where a child's stderr goes. A pipe is not handed on: sharing it makes our own end of it block, so that a client that
 * never reads it would bring us to a stand.
 */
export function childLog(): { readonly log?: Writable } {
  const stats = fstatSync(process.stderr.fd);
  return stats.isFIFO() || stats.isSocket() ? { log: process.stderr } : {};
}

/** A notice without what differs from one time to the next. */
function kindOf(notice: string): string {
  return notice.slice(0, MAX_LINE).replace(/`[^`]*`|"[^"]*"|\d+/g, "");
}

const MAX_LINE = 2_000;

const WHAT: Readonly<Record<DecisionRecord["outcome"], string>> = {
  allow: "allowed",
  deny: "denied",
  hide: "unknown",
  refuse: "refused",
  pending: "not made yet",
};

function recordLine(record: DecisionRecord): string {
  const { detail, enforced, id, message, method, name, outcome, rule, source } = record;
  const what = WHAT[outcome];
  const verb = enforced ? what : `would be ${what}`;
  const subject = [method, name].filter((part) => part !== undefined).join(" ");
  const where = [rule, source, id].filter((part) => part !== undefined && part !== "").join(", ");
  return `${verb}${subject === "" ? "" : ` ${subject}`}: ${message} [${where}]${detail === undefined ? "" : ` ${detail}`}`;
}

/** Names come from clients: no line breaks and no terminal commands. */
function printable(text: string): string {
  const short = text.length > MAX_LINE ? `${text.slice(0, MAX_LINE)}…` : text;
  return short.replace(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`,
  );
}
