import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  arrangePolicy,
  canonicalJson,
  type Json,
  type Policy,
  serializePolicy,
  validatePolicy,
} from "../../policy/index.ts";
import { EVERYTHING } from "./samples.ts";

/** Lists whose order means something: paths, literals, schemas. */
const ORDERED = new Set([
  "path",
  "path2",
  "value",
  "some",
  "every",
  "input_schema",
  "increment_from",
]);

/** The same policy, its lists and keys in an order drawn by `draw` (0 … 1). */
function shuffled(value: Json, draw: () => number, key = "", inKey = false): Json {
  if (ORDERED.has(key)) return value;
  if (Array.isArray(value)) {
    const items = value.map((item) =>
      key === "key" && Array.isArray(item) ? item : shuffled(item, draw, "", inKey),
    );
    return items
      .map((item) => [draw(), item] as const)
      .sort(([a], [b]) => a - b)
      .map(([, item]) => item);
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, member]) => [draw(), name, shuffled(member as Json, draw, name)] as const)
      .sort(([a], [b]) => a - b)
      .map(([, name, member]) => [name, member]),
  );
}

describe("serializePolicy", () => {
  it("writes keys in the order of the format, and ends with a line break", () => {
    expect(serializePolicy(EVERYTHING)).toMatchSnapshot();
  });

  it("writes the smallest policies", () => {
    const policy: Policy = {
      tools: {
        session_start: {
          limits: [{ scope: "grant", max: 10, window: "minute", counter: "session_start_rate" }],
        },
      },
      default: "deny",
      version: "1",
    };
    expect(JSON.stringify(JSON.parse(serializePolicy(policy)))).toBe(
      '{"version":"1","default":"deny","tools":{"session_start":{"limits":[{"counter":"session_start_rate","window":"minute","max":10,"scope":"grant"}]}}}',
    );
  });

  it("gives the same bytes whatever the order of the parts", () => {
    const bytes = serializePolicy(EVERYTHING);
    fc.assert(
      fc.property(fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), (stream) => {
        const other = shuffled(EVERYTHING as unknown as Json, () => stream.next().value as number);
        expect(serializePolicy(other as unknown as Policy)).toBe(bytes);
      }),
      { numRuns: 30 },
    );
  });

  it("is idempotent, and reads back as the same valid policy", () => {
    const read = JSON.parse(serializePolicy(EVERYTHING));
    expect(serializePolicy(read)).toBe(serializePolicy(EVERYTHING));
    expect(validatePolicy(read)).toEqual({ policy: read });
  });

  it("lists exactly the extensions in use", () => {
    const policy = arrangePolicy({
      version: "1",
      extensions: ["shadow", "pins"],
      default: "allow",
      unlisted: "deny",
    });
    expect(policy.extensions).toEqual(["unlisted"]);
    expect(
      arrangePolicy({ version: "1", extensions: ["shadow"], default: "allow" }),
    ).not.toHaveProperty("extensions");
  });

  it("keeps one of equal entries and conditions", () => {
    const entry = { conditions: [{ path: "args.a", op: "eq", value: 1 } as const] };
    const twice = { conditions: [...entry.conditions, ...entry.conditions] };
    const policy = arrangePolicy({
      version: "1",
      default: "deny",
      tools: { t: { deny_if: [twice, entry] } },
    });
    expect(policy.tools?.t).toEqual({ deny_if: [entry] });
  });

  it("keeps a tool called `__proto__`", () => {
    const tools = JSON.parse('{"__proto__":{"limits":[]},"a":{}}');
    const text = serializePolicy({ version: "1", default: "deny", tools });
    expect(canonicalJson(JSON.parse(text).tools)).toBe('{"__proto__":{"limits":[]},"a":{}}');
  });
});

describe("arrangePolicy", () => {
  it("tells where each part has gone", () => {
    const b = { conditions: [{ path: "args.b", op: "exists", value: true } as const] };
    const a = { conditions: [{ path: "args.a", op: "exists", value: true } as const] };
    const alsoA = structuredClone(a);
    const limit = { counter: "c", window: "day", max: 1, scope: "grant" } as const;
    const glob = { on_deny: "No." };
    const tool = { require: [b, a, alsoA], limits: [limit] };
    const places = new Map<object, string>();
    arrangePolicy(
      { version: "1", default: "deny", deny_tools: { "x*": glob }, tools: { "a/b": tool } },
      (original, at) => places.set(original, at),
    );
    expect([tool, a, alsoA, b, limit, glob].map((one) => places.get(one))).toEqual([
      "/tools/a~1b",
      "/tools/a~1b/require/0",
      "/tools/a~1b/require/0",
      "/tools/a~1b/require/1",
      "/tools/a~1b/limits/0",
      "/deny_tools/x*",
    ]);
  });
});
