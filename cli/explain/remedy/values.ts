import type { CompareEntry, Json, Operator } from "../../../policy/index.ts";
import { isObject, oneOf } from "./edit.ts";
import { sampleOf } from "./regex-sample.ts";

/** A value with which a comparison would come out, and in words what would do. */
export interface Candidate {
  readonly value: Json;
  /** "": one of the options. */
  readonly wanted: string;
  readonly options?: readonly Json[];
}

/** What is known of the place that the value is for. */
export interface Room {
  /** What is there now. */
  readonly current: Json | undefined;
  /** The values that may stand there, where they are few. */
  readonly known: readonly Json[] | undefined;
}

/** Values, the likeliest first, with which a comparison (its negation aside) is `holds`; they are to be tried. */
export function candidatesFor(
  entry: CompareEntry,
  operand: Json,
  holds: boolean,
  room: Room,
): readonly Candidate[] {
  if (entry.of === "length") return lengths(entry.op, operand, holds, room);
  if (entry.of === "host") return hosts(entry.op, operand, holds, room);
  switch (entry.op) {
    case "eq":
    case "neq":
      return (entry.op === "eq") === holds ? [exactly([operand])] : others([operand], room);
    case "in":
    case "not_in": {
      const list = Array.isArray(operand) ? (operand as readonly Json[]) : [operand];
      const values = list.filter((one) => one !== null);
      return (entry.op === "in") === holds ? one(values) : others(values, room);
    }
    case "lt":
    case "lte":
    case "gt":
    case "gte":
      return typeof operand === "number" ? [bound(entry.op, operand, holds)] : [];
    case "contains":
      return containing(operand, holds, room);
    case "regex":
      return typeof operand === "string" ? matching(operand, holds, room) : [];
    case "under":
      return below(operand, holds, room);
    case "exists":
      return [];
  }
}

function exactly(values: readonly Json[]): Candidate {
  return { value: values[0] as Json, wanted: "", options: values };
}

function one(values: readonly Json[]): readonly Candidate[] {
  return values.length === 0 ? [] : [exactly(values)];
}

/** Something of the same type that is none of these. */
function others(values: readonly Json[], { known }: Room): readonly Candidate[] {
  const isOther = (value: Json): boolean => !values.some((one) => same(one, value));
  if (known !== undefined) return one(known.filter(isOther));
  if (typeof values[0] === "boolean") return one([true, false].filter(isOther));
  const wanted = `other than ${values.map((value) => JSON.stringify(value)).join(", ")}`;
  const [first] = values;
  const tries: readonly Json[] =
    typeof first === "number"
      ? [Math.max(...values.filter((value) => typeof value === "number")) + 1]
      : typeof first === "string"
        ? ["other", "another", "x"]
        : [];
  return tries
    .filter(isOther)
    .slice(0, 1)
    .map((value) => ({ value, wanted }));
}

function same(a: Json, b: Json): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

const INVERSE = { lt: "gte", lte: "gt", gt: "lte", gte: "lt" } as const;
const WORDS = { lt: "below", lte: "at most", gt: "above", gte: "at least" } as const;

function bound(op: keyof typeof WORDS, limit: number, holds: boolean): Candidate {
  const wanted = holds ? op : INVERSE[op];
  const value =
    wanted === "lt" ? limit - step(limit) : wanted === "gt" ? limit + step(limit) : limit;
  return { value, wanted: `${WORDS[wanted]} ${limit}` };
}

/** One of the last decimal place of a number. */
function step(limit: number): number {
  const places = /\.([0-9]+)$/.exec(String(limit))?.[1]?.length ?? 0;
  return Number(`1e-${places}`);
}

function containing(part: Json, holds: boolean, { current }: Room): readonly Candidate[] {
  const text = JSON.stringify(part);
  if (Array.isArray(current)) {
    return holds
      ? [{ value: [...current, part], wanted: `with the element ${text}` }]
      : [
          {
            value: current.filter((one) => !same(one as Json, part)),
            wanted: `without the element ${text}`,
          },
        ];
  }
  if (typeof part !== "string")
    return holds ? [{ value: [part], wanted: `with the element ${text}` }] : [];
  const now = typeof current === "string" ? current : "";
  return holds
    ? [{ value: `${now}${part}`, wanted: `with ${text} in it` }]
    : [{ value: now.replaceAll(part, ""), wanted: `without ${text} in it` }];
}

function matching(pattern: string, holds: boolean, { known }: Room): readonly Candidate[] {
  const shown = `/${pattern.replace(/^\^\(\?s:(.*)\)\$$/s, "$1")}/`;
  if (known !== undefined) return known.map((value) => exactly([value])).slice(0, 8);
  if (!holds) {
    return ["x", "", "0"].map((value) => ({ value, wanted: `that does not match ${shown}` }));
  }
  const value = sampleOf(pattern);
  return value === undefined
    ? []
    : [{ value, wanted: `that matches ${shown}, such as ${JSON.stringify(value)}` }];
}

function below(bases: Json, holds: boolean, { current }: Room): readonly Candidate[] {
  const texts = (Array.isArray(bases) ? (bases as readonly Json[]) : [bases]).filter(
    (base) => typeof base === "string",
  );
  if (!holds) {
    const wanted = `not under ${texts.join(", ")}`;
    return ["/elsewhere", "https://elsewhere.example/"].map((value) => ({ value, wanted }));
  }
  const last = typeof current === "string" ? /([A-Za-z0-9._-]*)$/.exec(current)?.[1] : undefined;
  const name = last === undefined || last === "" || /^\.+$/.test(last) ? "file" : last;
  return texts.map((base) => {
    const value = `${base.replace("*", "www").replace(/\/$/, "")}/${name}`;
    return { value, wanted: `under ${JSON.stringify(base)}, such as ${JSON.stringify(value)}` };
  });
}

function lengths(op: Operator, operand: Json, holds: boolean, room: Room): readonly Candidate[] {
  const entry: CompareEntry = { path: "args", op, value: operand };
  return candidatesFor(entry, operand, holds, { current: undefined, known: undefined }).flatMap(
    ({ value: length, wanted, options }) => {
      if (typeof length !== "number" || length < 0 || length > 10_000) return [];
      const value = ofLength(room.current, length);
      return value === undefined
        ? []
        : [
            {
              value,
              wanted: `of a length ${options === undefined ? wanted : `of ${oneOf(options)}`}`,
            },
          ];
    },
  );
}

function ofLength(current: Json | undefined, length: number): Json | undefined {
  if (Array.isArray(current)) {
    return current.length < length ? undefined : (current as readonly Json[]).slice(0, length);
  }
  const characters = typeof current === "string" ? [...current] : [];
  return characters.slice(0, length).join("").padEnd(length, "x");
}

function hosts(
  op: Operator,
  operand: Json,
  holds: boolean,
  { current }: Room,
): readonly Candidate[] {
  const entry: CompareEntry = { path: "args", op, value: operand };
  return candidatesFor(entry, operand, holds, { current: undefined, known: undefined }).flatMap(
    ({ value: host, options = [] }) => {
      const names = options.length === 0 ? [host] : options;
      return names.flatMap((name): Candidate[] => {
        if (typeof name !== "string") return [];
        const value = withHost(current, holds || options.length > 0 ? name : "elsewhere.example");
        return value === undefined
          ? []
          : [{ value, wanted: `a URL such as ${JSON.stringify(value)}` }];
      });
    },
  );
}

function withHost(current: Json | undefined, host: string): string | undefined {
  try {
    const url = new URL(typeof current === "string" ? current : `https://${host}/`);
    url.host = host;
    return url.href;
  } catch {
    return `https://${host}/`;
  }
}

/** Values that a JSON Schema lets stand at a place: all of them where they are few, else one of its type. */
export function valuesOf(schema: Json | undefined): {
  readonly known: readonly Json[] | undefined;
  readonly sample: Json;
} {
  if (!isObject(schema)) return { known: undefined, sample: "x" };
  const { enum: listed, const: only, default: preset, type, minimum, minLength } = schema;
  const known = Array.isArray(listed)
    ? (listed as readonly Json[])
    : only === undefined
      ? undefined
      : [only];
  if (known?.[0] !== undefined) return { known, sample: known[0] };
  if (preset !== undefined && preset !== null) return { known: undefined, sample: preset };
  const [first] = Array.isArray(type) ? (type as readonly Json[]) : [type];
  switch (first) {
    case "number":
    case "integer":
      return { known, sample: typeof minimum === "number" ? minimum : 1 };
    case "boolean":
      return { known: [true, false], sample: true };
    case "array":
      return { known, sample: [] };
    case "object":
      return { known, sample: {} };
    default:
      return {
        known,
        sample: "x".repeat(typeof minLength === "number" ? Math.max(minLength, 1) : 1),
      };
  }
}
