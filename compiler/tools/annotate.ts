import type { Json } from "../../policy/index.ts";
import { isJsonObject } from "./algebra.ts";
import type { RiskClass, Tool } from "./list.ts";
import { RISK_CLASSES } from "./read.ts";
import { classify } from "./risk.ts";

/** A list as a server sent it: fields that are no part of the protocol are kept. */
interface Served {
  readonly tools: readonly unknown[];
}

/**
 * The list with `risk` and `why` on each tool. What the server itself wrote there is not believed: classes
 * come from the evidence, or, with `risk_by: "hand"`, from the list that was saved before. Entries that are
 * no tools are left as they are.
 */
export function annotate<L extends Served>(list: L, previous?: unknown): L {
  const byHand = chosenByHand(previous);
  const tools = list.tools.map((entry) => {
    if (!isTool(entry)) return entry;
    const { risk: _risk, why: _why, risk_by: _by, ...served } = entry;
    const chosen = byHand.get(entry.name);
    if (chosen?.risk !== undefined) {
      const why = chosen.why === undefined ? {} : { why: chosen.why };
      return { ...served, risk: chosen.risk, ...why, risk_by: "hand" };
    }
    const { risk, why } = classify(served);
    return { ...served, risk, why };
  });
  return { ...list, tools };
}

function isTool(entry: unknown): entry is Tool {
  const value = entry as Json;
  return (
    isJsonObject(value) &&
    typeof value.name === "string" &&
    /^(?:undefined|string)$/.test(typeof value.description) &&
    (value.annotations === undefined || isJsonObject(value.annotations))
  );
}

function chosenByHand(previous: unknown): ReadonlyMap<string, Tool> {
  const tools = isJsonObject(previous as Json) ? (previous as { tools?: unknown }).tools : [];
  const chosen = (Array.isArray(tools) ? tools : [])
    .filter(isTool)
    .filter(({ risk, risk_by }) => risk_by === "hand" && RISK_CLASSES.includes(risk as RiskClass));
  return new Map(chosen.map((tool) => [tool.name, tool]));
}

/** Lists of a server whose entries have names, titles and descriptions. */
const LISTS = ["tools", "resources", "resourceTemplates", "prompts"];

/**
 * The list without prose: no descriptions, titles, examples or comments, of tools, their schemas, resources
 * and prompts. Names, types and hints stay. Digests of such a list differ from those of the live server.
 */
export function stripDocs<L extends Served>(list: L): L {
  const stripped = Object.entries(list).map(([field, value]): [string, unknown] => {
    if (field === "server") return [field, withoutProse(value as Json)];
    if (!LISTS.includes(field) || !Array.isArray(value)) return [field, value];
    return [field, value.map((entry: Json) => stripEntry(entry))];
  });
  return Object.fromEntries(stripped) as unknown as L;
}

function stripEntry(entry: Json): Json {
  const plain = withoutProse(entry);
  if (!isJsonObject(plain)) return plain;
  const stripped = Object.entries(plain).map(([field, value]): [string, Json] => {
    if (field === "annotations") return [field, withoutProse(value)];
    if (field === "inputSchema" || field === "outputSchema") return [field, stripSchema(value)];
    if (field === "arguments" && Array.isArray(value)) {
      return [field, value.map((argument: Json) => withoutProse(argument))];
    }
    return [field, value];
  });
  return Object.fromEntries(stripped);
}

function withoutProse(entry: Json): Json {
  if (!isJsonObject(entry)) return entry;
  const kept = Object.entries(entry).filter(
    ([field]) => !["description", "title", "instructions"].includes(field),
  );
  return Object.fromEntries(kept);
}

const PROSE = new Set(["description", "title", "examples", "$comment", "markdownDescription"]);
/** Keywords whose value maps names to schemas: a property may well be called `title`. */
const NAMED = new Set([
  "properties",
  "patternProperties",
  "$defs",
  "definitions",
  "dependentSchemas",
]);
/** Keywords whose value is data, not a schema. */
const DATA = new Set(["const", "enum", "default", "required", "dependentRequired"]);

function stripSchema(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map((part: Json) => stripSchema(part));
  if (!isJsonObject(schema)) return schema;
  const kept: [string, Json][] = [];
  for (const [keyword, value] of Object.entries(schema)) {
    if (PROSE.has(keyword)) continue;
    if (DATA.has(keyword)) kept.push([keyword, value]);
    else if (NAMED.has(keyword) && isJsonObject(value)) {
      const parts = Object.entries(value).map(([name, part]) => [name, stripSchema(part)]);
      kept.push([keyword, Object.fromEntries(parts) as Json]);
    } else kept.push([keyword, stripSchema(value)]);
  }
  return Object.fromEntries(kept);
}
