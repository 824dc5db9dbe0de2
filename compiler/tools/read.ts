import type { Diagnostic, Source, Span } from "../../language/index.ts";
import { report } from "../../language/index.ts";
import type { Json } from "../../policy/index.ts";
import {
  toolListNotJson,
  toolListPage,
  toolListShape,
  toolShape,
  toolTwice,
} from "../messages/tools.ts";
import { isJsonObject, jsonEqual } from "./algebra.ts";
import { byteOrderMark, elements, jsonProblem, members, valueStart } from "./json-text.ts";
import type { RiskClass, Tool, ToolList } from "./list.ts";

/** The classes, the least severe first. */
export const RISK_CLASSES: readonly RiskClass[] = [
  "read",
  "write",
  "execute",
  "financial",
  "destructive",
];

type JsonObject = { readonly [key: string]: Json };

/**
 * Reads a tool list file: what `mcpp pull` writes, or a plain `tools/list` result, with or without its
 * JSON-RPC envelope. Never throws. `list` is absent where nothing can be known of the tools; with errors in
 * single tools, it holds the others. Fields that are not known are kept.
 */
export function readToolList(source: Source): {
  readonly list?: ToolList;
  readonly diagnostics: readonly Diagnostic[];
} {
  const { text } = source;
  let value: Json;
  try {
    value = JSON.parse(text.slice(byteOrderMark(text))) as Json;
  } catch {
    const { message, span } = jsonProblem(text) ?? {
      message: "The file is not JSON.",
      span: { start: 0, end: text.length },
    };
    return { diagnostics: [report(toolListNotJson, { problem: message }, source, span)] };
  }
  const tooDeep = jsonProblem(text);
  if (tooDeep !== undefined) {
    const { message, span } = tooDeep;
    return { diagnostics: [report(toolListNotJson, { problem: message }, source, span)] };
  }
  return readValue(source, value);
}

function readValue(source: Source, value: Json): ReturnType<typeof readToolList> {
  const start = valueStart(source.text);
  const first: Span = { start, end: Math.min(start + 1, source.text.length) };
  const shape = (problem: string, span = first) => ({
    diagnostics: [report(toolListShape, { problem }, source, span)],
  });
  if (Array.isArray(value)) {
    return shape("A bare list stands here, where an object with a field `tools` is needed.");
  }
  if (!isJsonObject(value)) return shape("This is JSON, but no tool list.");
  const enveloped = value.tools === undefined && isJsonObject(value.result ?? null);
  const list = enveloped ? (value.result as JsonObject) : value;
  if (isJsonObject(value.error ?? null) && list.tools === undefined) {
    return shape("This is the error that a server answered, not a tool list.");
  }
  if (list.tools === undefined) return shape("The file has no field `tools`.");
  const places = toolPlaces(source);
  if (!Array.isArray(list.tools)) {
    return shape("The field `tools` is not a list.", places.tools ?? first);
  }
  const diagnostics: Diagnostic[] = [];
  if (typeof list.nextCursor === "string" && list.nextCursor !== "") {
    diagnostics.push(report(toolListPage, {}, source, places.tools ?? first));
  }
  const tools = readTools(source, list.tools, places.entries, diagnostics);
  const { server, ...others } = list;
  const fields = { ...others, ...readKinds(source, list, diagnostics) };
  if (fields.capabilities !== undefined && !isJsonObject(fields.capabilities)) {
    diagnostics.push(wrongField(source, "capabilities", "an object"));
    fields.capabilities = {};
  }
  const named = typeof server === "string" ? { name: server } : server;
  const complete = list.nextCursor === undefined ? list.complete : false;
  return {
    list: {
      ...fields,
      ...(isJsonObject(named ?? null) && typeof (named as JsonObject).name === "string"
        ? { server: named }
        : {}),
      ...(typeof complete === "boolean" ? { complete } : {}),
      tools,
    } as unknown as ToolList,
    diagnostics,
  };
}

/** The other lists of a server, and what each of their entries must have. */
const KINDS = [
  ["resources", "uri", "resource"],
  ["resourceTemplates", "uriTemplate", "resource template"],
  ["prompts", "name", "prompt"],
] as const;

/** Those other lists, without the entries that are not what they should be, each of which is reported. */
function readKinds(
  source: Source,
  list: JsonObject,
  diagnostics: Diagnostic[],
): { [field: string]: Json } {
  const read: { [field: string]: Json } = {};
  for (const [field, key, word] of KINDS) {
    const value = list[field];
    if (value === undefined) continue;
    if (!Array.isArray(value)) {
      diagnostics.push(wrongField(source, field, "a list"));
      read[field] = [];
      continue;
    }
    const sound = value.filter(
      (entry: Json) => isJsonObject(entry) && typeof entry[key] === "string",
    );
    read[field] = sound;
    const first = value.findIndex((entry: Json) => !sound.includes(entry));
    if (first < 0) continue;
    const span = elements(source.text, fieldSpan(source, field).start)[first];
    const problem = `A ${word} is an object with a string \`${key}\`, and this is none.`;
    diagnostics.push(report(toolShape, { problem }, source, span ?? fieldSpan(source, field)));
  }
  return read;
}

function wrongField(source: Source, field: string, wanted: string): Diagnostic {
  const problem = `The field \`${field}\` is not ${wanted}.`;
  return report(toolListShape, { problem }, source, fieldSpan(source, field));
}

function readTools(
  source: Source,
  entries: readonly Json[],
  places: readonly Span[],
  diagnostics: Diagnostic[],
): Tool[] {
  const tools = new Map<string, JsonObject>();
  for (const [index, entry] of entries.entries()) {
    const span = places[index] ?? { start: 0, end: 0 };
    const head = { start: span.start, end: Math.min(span.start + 1, span.end) };
    const wrong = (problem: string, at = head) =>
      diagnostics.push(report(toolShape, { problem }, source, at));
    if (!isJsonObject(entry)) {
      wrong("A tool is an object with a `name`, and this is none.", span);
      continue;
    }
    const { name } = entry;
    if (typeof name !== "string" || name === "") {
      wrong("This tool has no `name`, or one that is not a string.");
      continue;
    }
    const before = tools.get(name);
    if (before !== undefined) {
      const same = jsonEqual(before, entry);
      const at = memberSpan(source, span, "name") ?? head;
      diagnostics.push(
        report(toolTwice, { name, same }, source, at, same ? { severity: "warning" } : {}),
      );
      continue;
    }
    tools.set(
      name,
      readTool(entry, name, (problem, field) =>
        wrong(problem, memberSpan(source, span, field) ?? head),
      ),
    );
  }
  return [...tools.values()] as unknown as Tool[];
}

/** The tool without the fields that are not what they should be, each of which is reported. */
function readTool(
  entry: JsonObject,
  name: string,
  wrong: (problem: string, field: string) => void,
): JsonObject {
  const { inputSchema, annotations, risk, description, title } = entry;
  const dropped: string[] = [];
  const drop = (field: string, problem: string) => {
    dropped.push(field);
    wrong(problem, field);
  };
  if (inputSchema !== undefined && !isJsonObject(inputSchema)) {
    drop("inputSchema", `The \`inputSchema\` of \`${name}\` is not an object.`);
  }
  if (annotations !== undefined && annotations !== null && !isJsonObject(annotations)) {
    drop("annotations", `The \`annotations\` of \`${name}\` are not an object.`);
  }
  if (risk !== undefined && !RISK_CLASSES.includes(risk as RiskClass)) {
    const classes = RISK_CLASSES.map((known) => `\`${known}\``).join(", ");
    drop("risk", `The \`risk\` of \`${name}\` is none of the classes ${classes}.`);
  }
  for (const [field, value] of Object.entries({ description, title })) {
    if (value !== undefined && typeof value !== "string") dropped.push(field);
  }
  if (annotations === null) dropped.push("annotations");
  if (dropped.length === 0) return entry;
  return Object.fromEntries(Object.entries(entry).filter(([field]) => !dropped.includes(field)));
}

/** Where each tool's entry stands in the text of a tool list file, by name; empty if it is none. */
export function toolSpans(source: Source): ReadonlyMap<string, Span> {
  const found = new Map<string, Span>();
  if (jsonProblem(source.text) !== undefined) return found;
  for (const span of toolPlaces(source).entries) {
    const at = memberSpan(source, span, "name");
    if (at === undefined) continue;
    const name = JSON.parse(source.slice(at)) as Json;
    if (typeof name === "string" && !found.has(name)) found.set(name, span);
  }
  return found;
}

/** The value of a tool list's `tools`, and its elements. The text must be JSON. */
function toolPlaces(source: Source): { readonly tools?: Span; readonly entries: readonly Span[] } {
  const tools = memberSpan(source, listSpan(source), "tools");
  if (tools === undefined) return { entries: [] };
  return { tools, entries: elements(source.text, tools.start) };
}

/** The object that holds the list: the whole text, or the `result` of an envelope. */
function listSpan(source: Source): Span {
  const whole = { start: valueStart(source.text), end: source.text.length };
  if (memberSpan(source, whole, "tools") !== undefined) return whole;
  return memberSpan(source, whole, "result") ?? whole;
}

function fieldSpan(source: Source, field: string): Span {
  const start = valueStart(source.text);
  return memberSpan(source, listSpan(source), field) ?? { start, end: start };
}

/** The span of a member's value; of several with the name the last, as `JSON.parse` takes it. */
function memberSpan(source: Source, object: Span, name: string): Span | undefined {
  return members(source.text, object.start).findLast(({ key }) => key === name)?.valueSpan;
}
