import type { Json } from "../../policy/index.ts";
import { isJsonObject } from "./algebra.ts";
import type { Tool, ToolList } from "./list.ts";
import { classify } from "./risk.ts";

/**
 * The list with `risk` and `why` on each tool. What the server itself wrote there is not believed: classes
 * come from the evidence, or, with `risk_by: "hand"`, from the list that was saved before.
 */
export function annotate(list: ToolList, previous?: ToolList): ToolList {
  const byHand = new Map(
    (previous?.tools ?? [])
      .filter((tool) => tool.risk_by === "hand" && tool.risk !== undefined)
      .map((tool) => [tool.name, tool]),
  );
  const tools = list.tools.map((tool): Tool => {
    const { risk: _risk, why: _why, risk_by: _by, ...served } = tool;
    const chosen = byHand.get(tool.name);
    if (chosen?.risk !== undefined) {
      const why = chosen.why === undefined ? {} : { why: chosen.why };
      return { ...served, risk: chosen.risk, ...why, risk_by: "hand" };
    }
    const { risk, why } = classify(served);
    return { ...served, risk, why };
  });
  return { ...list, tools };
}

/**
 * The list without prose: no descriptions, titles, examples or comments, of tools, their schemas, resources
 * and prompts. Names, types and hints stay. Digests of such a list differ from those of the live server.
 */
export function stripDocs(list: ToolList): ToolList {
  const tools = list.tools.map((tool): Tool => {
    const { description: _description, title: _title, ...kept } = tool;
    const { title: _hint, ...hints } = kept.annotations ?? {};
    return {
      ...kept,
      ...(kept.annotations === undefined ? {} : { annotations: hints }),
      ...(kept.inputSchema === undefined ? {} : { inputSchema: stripSchema(kept.inputSchema) }),
      ...(kept.outputSchema === undefined ? {} : { outputSchema: stripSchema(kept.outputSchema) }),
    };
  });
  const { resources, resourceTemplates, prompts } = list;
  const server = list.server && withoutProse(list.server);
  return {
    ...list,
    ...(server === undefined ? {} : { server }),
    tools,
    ...(resources === undefined ? {} : { resources: resources.map(withoutProse) }),
    ...(resourceTemplates === undefined
      ? {}
      : { resourceTemplates: resourceTemplates.map(withoutProse) }),
    ...(prompts === undefined
      ? {}
      : {
          prompts: prompts.map((prompt) => {
            const { arguments: parameters } = prompt as { readonly arguments?: Json };
            return Array.isArray(parameters)
              ? { ...withoutProse(prompt), arguments: parameters.map(withoutProse) }
              : withoutProse(prompt);
          }),
        }),
  };
}

function withoutProse<T>(entry: T): T {
  if (typeof entry !== "object" || entry === null) return entry;
  const kept = Object.entries(entry).filter(([key]) => key !== "description" && key !== "title");
  return Object.fromEntries(kept) as T;
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
