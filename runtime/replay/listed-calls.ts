import type { Json } from "../../policy/index.ts";
import { KnownArguments } from "../audit/known-arguments.ts";
import type { FileLine } from "../audit/lines.ts";
import { isObject, type JsonObject } from "../proxy/admit.ts";
import { scan } from "../proxy/scan.ts";
import { utf8Text } from "../proxy/utf8.ts";
import { write } from "../proxy/write.ts";
import type { PastRequest } from "./past.ts";

/** A line is no call; the message is a sentence that names the line. */
export class NoCall extends Error {
  override readonly name = "NoCall";
}

export interface ListOptions {
  /** What calls without a time are judged at before any call with one, in milliseconds since 1970. */
  readonly now: number;
  /** The time that a text says, in milliseconds; undefined when it is none. */
  readonly timeOf: (text: string) => number | undefined;
}

const MEMBERS = new Set([
  "tool",
  "arguments",
  "grant",
  "labels",
  "session",
  "client",
  "server",
  "at",
  "outcome",
]);
const OUTCOMES = ["allow", "ask", "deny", "hide"] as const;

/**
 * Calls of a list, one JSON object a line: `tool`, and where they matter `arguments`, `grant`, `labels`, `session`,
 * `client`, `server`, `at` (a time; without it, that of the call before) and `outcome` (what was done with it; allow).
 * Throws `NoCall`.
 */
export function* callsInList(
  lines: Iterable<FileLine>,
  { now, timeOf }: ListOptions,
): Generator<PastRequest, void> {
  let at = now;
  let number = 0;
  for (const { bytes } of lines) {
    number++;
    const text = utf8Text(bytes);
    if (text === undefined) throw new NoCall(`Line ${number} is not UTF-8 text.`);
    if (text.trim() === "") continue;
    const wrong = (what: string): NoCall => new NoCall(`Line ${number} is no call: ${what}`);
    const scanned = scan(text.replace(/^\uFEFF/, ""));
    if (!scanned.ok) throw wrong(`${scanned.message}.`);
    if (!isObject(scanned.value)) throw wrong("it is not a JSON object.");
    const line = readLine(scanned.value, wrong);
    if (line.at !== undefined) {
      const time = timeOf(line.at);
      if (time === undefined) {
        throw wrong(
          `\`at\` is not a time with its offset from UTC, such as 2026-11-23T10:00+01:00 or 2026-11-23T09:00Z.`,
        );
      }
      at = time;
    }
    const made = line.outcome === "allow" || line.outcome === "ask";
    const { args } = line;
    yield {
      kind: "call",
      time: new Date(at).toISOString(),
      now: at,
      place: `line ${number}`,
      grant: { id: line.grant, name: line.grant, labels: line.labels },
      ...(line.server !== undefined && { server: line.server }),
      ...(line.session !== undefined && { session: line.session }),
      ...(line.client !== undefined && { client: line.client }),
      tool: line.tool,
      known: new KnownArguments({ values: args }, "full"),
      text: write(args, scanned.numbers),
      made,
      continued: false,
      done: { outcome: line.outcome, rule: "", message: "" },
    };
  }
}

interface Line {
  readonly tool: string;
  readonly args: JsonObject;
  readonly grant: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly session: string | undefined;
  readonly client: PastRequest["client"];
  readonly server: string | undefined;
  readonly at: string | undefined;
  readonly outcome: (typeof OUTCOMES)[number];
}

function readLine(value: JsonObject, wrong: (what: string) => NoCall): Line {
  const unknown = Object.keys(value).find((key) => !MEMBERS.has(key));
  if (unknown !== undefined) {
    throw wrong(
      `it has a member ${JSON.stringify(unknown)}; those of a call are ${[...MEMBERS].join(", ")}.`,
    );
  }
  const text = (key: string, held: Json | undefined = value[key]): string | undefined => {
    if (held === undefined || typeof held === "string") return held;
    throw wrong(`\`${key}\` must be a string.`);
  };
  const object = (key: string): JsonObject | undefined => {
    const held = value[key];
    if (held === undefined || isObject(held)) return held;
    throw wrong(`\`${key}\` must be an object.`);
  };
  const tool = text("tool");
  if (tool === undefined || tool === "") throw wrong("`tool`, the name of a tool, is missing.");
  const labels: Record<string, string> = Object.create(null);
  for (const [name, held] of Object.entries(object("labels") ?? {})) {
    labels[name] = text(`labels.${name}`, held) ?? "";
  }
  const outcome = text("outcome") ?? "allow";
  const known = OUTCOMES.find((one) => one === outcome);
  if (known === undefined) throw wrong(`\`outcome\` must be one of ${OUTCOMES.join(", ")}.`);
  const client = object("client");
  const [name, version] = ["name", "version"].map((key) => text(`client.${key}`, client?.[key]));
  return {
    tool,
    args: object("arguments") ?? NO_ARGUMENTS,
    grant: text("grant") ?? "local",
    labels,
    session: text("session"),
    client:
      client === undefined
        ? undefined
        : { ...(name !== undefined && { name }), ...(version !== undefined && { version }) },
    server: text("server"),
    at: text("at"),
    outcome: known,
  };
}

const NO_ARGUMENTS: JsonObject = Object.create(null);
