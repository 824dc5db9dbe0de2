import { compileRegex } from "./regex.ts";
import type { Json } from "./types.ts";

/** A JSON Schema that says yes or no to arguments; `dialect` is by its `$schema`. */
export interface PreparedSchema {
  readonly dialect: Dialect;
  /** A copy with the keywords that are understood and no others, every target of a `$ref` marked. */
  readonly declared: SchemaCopy;
  /** The same with objects closed (`validate: "strict"`). */
  readonly strict: SchemaCopy;
}

export type Dialect = "2020-12" | "2019-09" | "draft-07";
export type SchemaCopy = boolean | { [keyword: string]: unknown };

/** The keyword that counts steps; put on targets of `$ref`, since only references multiply work. */
export const STEP = "mcppStep";

const MAX_BYTES = 64 * 1024;
const MAX_SUBSCHEMAS = 2_000;
const MAX_DEPTH = 32;
const MAX_EXPANDED = 1_000;
const MAX_PATTERNS = 200;

const DIALECTS: readonly (readonly [RegExp, Dialect])[] = [
  [/^https?:\/\/json-schema\.org\/draft\/2020-12\/schema#?$/, "2020-12"],
  [/^https?:\/\/json-schema\.org\/draft\/2019-09\/schema#?$/, "2019-09"],
  [/^https?:\/\/json-schema\.org\/draft-07\/schema#?$/, "draft-07"],
];

/** Keywords that hold one schema. True: for the same value as the schema that they stand in. */
const ONE: ReadonlyMap<string, boolean> = new Map([
  ["additionalItems", false],
  ["additionalProperties", false],
  ["contains", false],
  ["else", true],
  ["if", true],
  ["items", false],
  ["not", true],
  ["propertyNames", false],
  ["then", true],
  ["unevaluatedItems", false],
  ["unevaluatedProperties", false],
]);
const MANY: ReadonlyMap<string, boolean> = new Map([
  ["allOf", true],
  ["anyOf", true],
  ["items", false],
  ["oneOf", true],
  ["prefixItems", false],
]);
const NAMED: ReadonlyMap<string, boolean> = new Map([
  ["dependencies", true],
  ["dependentSchemas", true],
  ["patternProperties", false],
  ["properties", false],
]);
/** Schemas that apply only where a `$ref` says so. */
const DEFINITIONS = ["$defs", "definitions"] as const;
const ASSERTIONS = [
  "const",
  "dependentRequired",
  "enum",
  "exclusiveMaximum",
  "exclusiveMinimum",
  "format",
  "maxContains",
  "maximum",
  "maxItems",
  "maxLength",
  "maxProperties",
  "minContains",
  "minimum",
  "minItems",
  "minLength",
  "minProperties",
  "multipleOf",
  "pattern",
  "required",
  "type",
  "uniqueItems",
] as const;
/** Keywords whose target or effect cannot be told from the schema alone. */
const REFUSED: Readonly<Record<string, string>> = {
  $async: "`$async` would turn the result into a promise",
  $dynamicRef: "`$dynamicRef` is not supported",
  $recursiveRef: "`$recursiveRef` is not supported",
};

/**
 * Makes a tool's input schema safe to compile: it is written by the server, which may be hostile. A string
 * is why the schema is refused, as a full sentence.
 */
export function prepareSchema(schema: Json): PreparedSchema | string {
  try {
    return new Preparation(schema).run();
  } catch (error) {
    if (error instanceof Refused) return error.message;
    throw error;
  }
}

class Refused extends Error {}

interface Node {
  readonly at: string;
  readonly copy: { [keyword: string]: unknown };
  readonly ref?: string;
  /** Schemas for the same value, `$ref` not among them. */
  readonly inPlace: Node[];
  /** Whether it may be closed: it judges a value of its own, and is not turned round. */
  readonly closable: boolean;
  expanded?: number | "open";
}

class Preparation {
  readonly #schema: Json;
  readonly #nodes = new Map<string, Node>();
  readonly #anchors = new Map<string, Node>();
  #patterns = 0;

  constructor(schema: Json) {
    this.#schema = schema;
  }

  run(): PreparedSchema {
    const dialect = this.#dialect();
    const bytes = JSON.stringify(this.#schema).length;
    if (bytes > MAX_BYTES) refuse("", `it has ${bytes} bytes, more than ${MAX_BYTES}`);
    const root = this.#visit(this.#schema, "", 1, { inPlace: false, turned: false });
    if (typeof root === "boolean") return { dialect, declared: root, strict: false };
    for (const node of this.#nodes.values()) this.#expand(node);
    const declared = structuredClone(root.copy);
    for (const node of this.#nodes.values()) this.#close(node);
    return { dialect, declared, strict: root.copy };
  }

  #dialect(): Dialect {
    if (!isObject(this.#schema)) return "2020-12";
    const uri = this.#schema.$schema;
    if (uri === undefined) return "2020-12";
    const found = DIALECTS.find(([pattern]) => typeof uri === "string" && pattern.test(uri));
    if (found === undefined) {
      refuse("", `\`$schema\` is \`${String(uri)}\`; 2020-12, 2019-09 and draft-07 are supported`);
    }
    return found[1];
  }

  #visit(
    schema: Json,
    at: string,
    depth: number,
    place: { readonly inPlace: boolean; readonly turned: boolean },
  ): Node | boolean {
    if (typeof schema === "boolean") return schema;
    if (!isObject(schema)) refuse(at, "a schema must be an object or a boolean");
    if (depth > MAX_DEPTH) refuse(at, `it is nested deeper than ${MAX_DEPTH} levels`);
    if (this.#nodes.size >= MAX_SUBSCHEMAS)
      refuse(at, `it has more than ${MAX_SUBSCHEMAS} subschemas`);
    this.#checkKeywords(schema, at);

    const copy: { [keyword: string]: unknown } = {};
    const node: Node = {
      at,
      copy,
      inPlace: [],
      closable: !place.inPlace && !place.turned,
      ...(schema.$ref !== undefined && { ref: this.#refOf(schema.$ref, at) }),
    };
    this.#nodes.set(at, node);
    if (node.ref !== undefined) copy.$ref = node.ref;
    if (typeof schema.$anchor === "string") {
      if (this.#anchors.has(schema.$anchor))
        refuse(at, `the anchor \`${schema.$anchor}\` is not the only one of its name`);
      copy.$anchor = schema.$anchor;
      this.#anchors.set(schema.$anchor, node);
    }
    for (const keyword of ASSERTIONS) {
      if (Object.hasOwn(schema, keyword)) copy[keyword] = schema[keyword];
    }
    // OpenAPI's keyword, harmless where it has a type to widen.
    if (typeof schema.nullable === "boolean" && schema.type !== undefined)
      copy.nullable = schema.nullable;

    const child = (value: Json, path: string, inPlace: boolean, turned: boolean): unknown => {
      const below = this.#visit(value, at + path, depth + 1, { inPlace, turned });
      if (typeof below === "boolean") return below;
      if (inPlace) node.inPlace.push(below);
      return below.copy;
    };
    for (const [keyword, inPlace] of ONE) {
      if (!Object.hasOwn(schema, keyword) || Array.isArray(schema[keyword])) continue;
      const turned = place.turned || keyword === "not" || keyword === "if";
      copy[keyword] = child(schema[keyword] as Json, `/${keyword}`, inPlace, turned);
    }
    for (const [keyword, inPlace] of MANY) {
      const list = Object.hasOwn(schema, keyword) ? schema[keyword] : undefined;
      if (Array.isArray(list)) {
        copy[keyword] = list.map((one, i) => child(one, `/${keyword}/${i}`, inPlace, place.turned));
      } else if (list !== undefined && keyword !== "items") {
        refuse(`${at}/${keyword}`, "it must be a list of schemas");
      }
    }
    for (const [keyword, inPlace] of NAMED) {
      if (!Object.hasOwn(schema, keyword)) continue;
      copy[keyword] = this.#mapNamed(schema[keyword] as Json, `${at}/${keyword}`, (one, path) =>
        keyword === "dependencies" && Array.isArray(one)
          ? one
          : child(one, `/${keyword}${path}`, inPlace, place.turned),
      );
    }
    for (const keyword of DEFINITIONS) {
      if (!Object.hasOwn(schema, keyword)) continue;
      copy[keyword] = this.#mapNamed(schema[keyword] as Json, `${at}/${keyword}`, (one, path) => {
        const below = this.#visit(one, `${at}/${keyword}${path}`, depth + 1, {
          inPlace: true,
          turned: false,
        });
        return typeof below === "boolean" ? below : below.copy;
      });
    }
    return node;
  }

  #mapNamed(value: Json, at: string, visit: (one: Json, path: string) => unknown): object {
    if (!isObject(value)) refuse(at, "it must be an object of schemas");
    return Object.fromEntries(
      Object.entries(value).map(([name, one]) => [name, visit(one, `/${escapeStep(name)}`)]),
    );
  }

  #checkKeywords(schema: { readonly [keyword: string]: Json }, at: string): void {
    for (const [keyword, reason] of Object.entries(REFUSED)) {
      if (Object.hasOwn(schema, keyword)) refuse(at, reason);
    }
    if (at !== "") {
      for (const keyword of ["$id", "$schema"]) {
        if (Object.hasOwn(schema, keyword)) {
          refuse(
            at,
            `\`${keyword}\` may stand at the root only, where it cannot redirect references`,
          );
        }
      }
    }
    const patterns = isObject(schema.patternProperties)
      ? Object.keys(schema.patternProperties)
      : [];
    if (Object.hasOwn(schema, "pattern")) {
      if (typeof schema.pattern !== "string") refuse(at, "`pattern` must be a string");
      patterns.push(schema.pattern);
    }
    for (const pattern of patterns) {
      if (++this.#patterns > MAX_PATTERNS) refuse(at, `it has more than ${MAX_PATTERNS} patterns`);
      const regex = compileSchemaPattern(pattern);
      if (typeof regex === "string") refuse(at, `its pattern \`${pattern}\` is not RE2: ${regex}`);
    }
  }

  #refOf(ref: Json, at: string): string {
    if (typeof ref !== "string" || !ref.startsWith("#")) {
      refuse(at, `\`$ref\` must begin with \`#\`; nothing is loaded from elsewhere`);
    }
    return ref;
  }

  /** The node that a node's `$ref` means; undefined for a boolean schema. */
  #target(node: Node): Node | undefined {
    if (node.ref === undefined) return undefined;
    const fragment = decode(node.ref.slice(1), node.at);
    const found =
      fragment === "" || fragment.startsWith("/")
        ? this.#nodes.get(fragment)
        : this.#anchors.get(fragment);
    if (found !== undefined) return found;
    if (fragment.startsWith("/") && typeof valueAt(this.#schema, fragment) === "boolean") {
      return undefined;
    }
    refuse(node.at, `\`$ref\` to \`${node.ref}\` does not lead to a schema`);
  }

  /** Counts the schemas that apply to one value, references followed, and marks targets of references. */
  #expand(node: Node): number {
    if (typeof node.expanded === "number") return node.expanded;
    if (node.expanded === "open")
      refuse(node.at, "it refers to itself without going deeper into the value");
    node.expanded = "open";
    const target = this.#target(node);
    if (target !== undefined) target.copy[STEP] = true;
    let count = 1;
    for (const next of target === undefined ? node.inPlace : [...node.inPlace, target]) {
      count += this.#expand(next);
      if (count > MAX_EXPANDED) {
        refuse(
          node.at,
          `with its references expanded, more than ${MAX_EXPANDED} schemas apply to one value`,
        );
      }
    }
    node.expanded = count;
    return count;
  }

  #close(node: Node): void {
    const { copy } = node;
    if (!node.closable || "additionalProperties" in copy || "unevaluatedProperties" in copy) return;
    if (node.at === "" || this.#hasProperties(node)) copy.unevaluatedProperties = false;
  }

  #hasProperties(node: Node): boolean {
    if ("properties" in node.copy) return true;
    const target = this.#target(node);
    return (
      (target !== undefined && this.#hasProperties(target)) ||
      node.inPlace.some((next) => this.#hasProperties(next))
    );
  }
}

/**
 * Compiles a pattern of a schema. It is ECMA-262 there: `\uXXXX`, which RE2 does not have, is translated,
 * and what else it does not have is refused. A string is the reason.
 */
export function compileSchemaPattern(pattern: string): ReturnType<typeof compileRegex> {
  const escaped = /\\(?:u\{([0-9A-Fa-f]+)\}|u([0-9A-Fa-f]{4})(?:\\u([0-9A-Fa-f]{4}))?|.)/gs;
  const translated = pattern.replace(escaped, (all, braced, first, second) => {
    if (braced !== undefined) return `\\x{${braced}}`;
    if (first === undefined) return all;
    const units = [first, ...(second === undefined ? [] : [second])].map((hex) => `\\u${hex}`);
    const text: string = JSON.parse(`"${units.join("")}"`);
    return [...text].map((one) => `\\x{${one.codePointAt(0)?.toString(16)}}`).join("");
  });
  return compileRegex(translated);
}

function refuse(at: string, reason: string): never {
  const where = at === "" ? "The input schema" : `The input schema at \`${at}\``;
  throw new Refused(`${where} is refused: ${reason}.`);
}

function isObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function escapeStep(step: string): string {
  return step.replaceAll("~", "~0").replaceAll("/", "~1");
}

function decode(fragment: string, at: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch {
    refuse(at, `\`$ref\` to \`#${fragment}\` is not percent-encoded properly`);
  }
}

function valueAt(root: Json, at: string): Json | undefined {
  let value: Json | undefined = root;
  for (const step of at.split("/").slice(1)) {
    const key = step.replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as { readonly [key: string]: Json })[key];
  }
  return value;
}
