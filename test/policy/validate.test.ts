import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type ConditionEntry,
  EXTENSIONS,
  type Policy,
  usedExtensions,
  validatePolicy,
} from "../../policy/index.ts";
import { copyOf, EVERYTHING, formatObjects } from "./samples.ts";

const schema = JSON.parse(
  readFileSync(new URL("../../policy/policy.schema.json", import.meta.url), "utf8"),
);
const bySchema = new Ajv2020({ strict: false, allErrors: true }).compile(schema);

function problems(value: unknown): readonly string[] {
  const result = validatePolicy(value);
  return "policy" in result ? [] : result.problems.map((one) => `${one.pointer}: ${one.message}`);
}

function withConditions(...conditions: unknown[]): object {
  return {
    version: "1",
    extensions: EXTENSIONS,
    default: "deny",
    tools: { t: { require: [{ conditions }] } },
  };
}

function withLimits(...limits: unknown[]): object {
  return { version: "1", extensions: EXTENSIONS, default: "deny", tools: { t: { limits } } };
}

const limit = { counter: "c", window: "minute", max: 1, scope: "grant" };

describe("a valid policy", () => {
  it("may use everything", () => {
    expect(problems(EVERYTHING)).toEqual([]);
    expect(bySchema(EVERYTHING)).toBe(true);
  });

  it("may be as small as this", () => {
    expect(problems({ version: "1", default: "allow" })).toEqual([]);
  });

  it("is handed back as it is", () => {
    expect(validatePolicy(EVERYTHING)).toEqual({ policy: EVERYTHING });
  });

  it("may list extensions that it does not use", () => {
    expect(problems({ version: "1", extensions: ["shadow"], default: "deny" })).toEqual([]);
  });

  it("may have tools of any name", () => {
    const tools = JSON.parse('{"__proto__":{},"constructor":{},"a/b~c":{"limits":[]}}');
    expect(problems({ version: "1", default: "deny", tools })).toEqual([]);
  });
});

describe("unknown keys", () => {
  const places = formatObjects(EVERYTHING).map(([at]) => at);

  it("are looked for in every kind of object", () => {
    expect(places).toHaveLength(38);
  });

  it.each(places)("are refused at `%s`", (at) => {
    const changed = copyOf(EVERYTHING) as unknown;
    const [, object] = formatObjects(changed).find(([place]) => place === at) ?? [];
    (object as Record<string, unknown>).surplus = true;
    expect(problems(changed).join()).toMatch(/`surplus` is not a key that can stand here/);
    expect(bySchema(changed)).toBe(false);
  });
});

describe("extensions", () => {
  it("are found in use, each and every one", () => {
    expect([...usedExtensions(EVERYTHING).keys()]).toEqual([...EXTENSIONS]);
  });

  it.each(EXTENSIONS)("`%s` in use but not listed is refused, by the schema too", (name) => {
    const extensions = EXTENSIONS.filter((one) => one !== name);
    const changed = { ...EVERYTHING, extensions };
    expect(problems(changed).join()).toContain(`This needs extension \`${name}\``);
    expect(bySchema(changed)).toBe(false);
  });

  it("that are unknown are refused in a clear sentence", () => {
    expect(problems({ version: "1", extensions: ["limits.magic"], default: "deny" })).toEqual([
      "/extensions/0: `limits.magic` is an extension that this version does not know; a policy that needs it cannot be enforced here.",
    ]);
  });

  const uses: readonly (readonly [string, Partial<Policy>])[] = [
    ["unlisted", { unlisted: "deny" }],
    ["patterns", { hide: ["a*"] }],
    ["patterns", { deny_tools: { "a?": {} } }],
    ["limits.windows", { all_tools: { limits: [{ ...limit, window: "second" } as never] } }],
    ["limits.scopes", { all_tools: { limits: [{ ...limit, scope: "server" } as never] } }],
    [
      "conditions.context",
      {
        tools: {
          t: { deny_if: [{ conditions: [{ path: "client.name", op: "eq", value: "x" }] }] },
        },
      },
    ],
  ];
  it.each(uses)("`%s` is needed by %j", (name, part) => {
    const policy = { version: "1", default: "deny", ...part };
    expect([...usedExtensions(policy as Policy).keys()]).toEqual([name]);
    expect(problems(policy).join()).toContain(`\`${name}\``);
    expect(problems({ ...policy, extensions: [name] })).toEqual([]);
  });

  it('`hide: ["*"]` needs none', () => {
    expect(problems({ version: "1", default: "deny", hide: ["*"] })).toEqual([]);
  });

  it("the schema and the validator agree on every subset", () => {
    fc.assert(
      fc.property(
        fc.subarray([...EXTENSIONS]),
        fc.subarray(formatObjects(EVERYTHING).map(([at]) => at)),
        (extensions, cut) => {
          const changed = copyOf(EVERYTHING) as unknown as Record<string, unknown>;
          changed.extensions = extensions;
          for (const at of cut) {
            const [, object] = formatObjects(changed).find(([place]) => place === at) ?? [];
            // Optional keys only, so that the shape stays right.
            for (const key of [
              "pin",
              "ask_if",
              "deny_if",
              "shadow",
              "on_deny",
              "when",
              "key",
              "negate",
            ]) {
              if (object !== undefined) delete object[key];
            }
          }
          expect(problems(changed).length === 0).toBe(bySchema(changed));
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe("problems", () => {
  const cases: readonly (readonly [string, unknown])[] = [
    ["no object", []],
    ["null", null],
    ["text", "policy"],
    ["no version", { default: "deny" }],
    ["another version", { version: "2", default: "deny" }],
    ["a numeric version", { version: 1, default: "deny" }],
    ["no default", { version: "1" }],
    ["another default", { version: "1", default: "hide" }],
    ["a duplicate name", { version: "1", default: "deny", hide: ["a", "a"] }],
    ["an empty name", { version: "1", default: "deny", hide: [""] }],
    ["an unknown operator", withConditions({ path: "args.a", op: "starts_with", value: "x" })],
    ["no value", withConditions({ path: "args.a", op: "eq" })],
    ["value and path2", withConditions({ path: "args.a", op: "eq", value: 1, path2: "args.b" })],
    ["text for lt", withConditions({ path: "args.a", op: "lt", value: "1" })],
    ["a single value for in", withConditions({ path: "args.a", op: "in", value: "x" })],
    ["text for exists", withConditions({ path: "args.a", op: "exists", value: "true" })],
    [
      "negate on exists",
      withConditions({ path: "args.a", op: "exists", value: true, negate: true }),
    ],
    ["negate: false", withConditions({ path: "args.a", op: "eq", value: 1, negate: false })],
    ["negate on null", withConditions({ path: "args.a", op: "eq", value: null, negate: true })],
    ["look-ahead", withConditions({ path: "args.a", op: "regex", value: "(?=x)" })],
    [
      "a huge repetition",
      withConditions({ path: "args.a", op: "regex", value: "((a{1,100}){1,100}){1,100}" }),
    ],
    ["any and a path", withConditions({ any: [], path: "args.a" })],
    ["an empty condition", withConditions({})],
    ["a path elsewhere", withConditions({ path: "env.home", op: "eq", value: 1 })],
    ["an empty step", withConditions({ path: "args..a", op: "eq", value: 1 })],
    ["a step of digits", withConditions({ path: "args.items.0", op: "eq", value: 1 })],
    ["a list that text can say", withConditions({ path: ["args", "a"], op: "eq", value: 1 })],
    ["a negative index", withConditions({ path: ["args", -1], op: "eq", value: 1 })],
    ["a fractional index", withConditions({ path: ["args", 0.5], op: "eq", value: 1 })],
    ["a variable outside", withConditions({ path: "item.a", op: "eq", value: 1 })],
    [
      "a variable twice",
      withConditions({
        some: "args.a",
        as: "x",
        where: { some: "x.b", as: "x", where: { path: "x", op: "eq", value: 1 } },
      }),
    ],
    [
      "a variable `args`",
      withConditions({ some: "args.a", as: "args", where: { path: "args", op: "eq", value: 1 } }),
    ],
    ["no such day", withConditions({ before: "2026-02-30" })],
    ["no such date form", withConditions({ after: "31.12.2026" })],
    ["no such time", withConditions({ during: { from: "24:00" } })],
    ["no such zone", withConditions({ during: { zone: "Europe/Atlantis" } })],
    ["an offset as zone", withConditions({ during: { zone: "+02:00" } })],
    ["a span of nothing", withConditions({ during: {} })],
    ["a relative base", withConditions({ path: "args.p", op: "under", value: "srv" })],
    ["a base that climbs", withConditions({ path: "args.p", op: "under", value: ["/srv/../etc"] })],
    ["a base with a user", withConditions({ path: "args.p", op: "under", value: "https://a@b.c" })],
    [
      "a base with a star inside",
      withConditions({ path: "args.p", op: "under", value: "https://a.*.c" }),
    ],
    [
      "a base with a query",
      withConditions({ path: "args.p", op: "under", value: "https://a.c/?x" }),
    ],
    ["every without sliding", withLimits({ ...limit, every: 15 })],
    ["no window", withLimits({ counter: "c", max: 1, scope: "grant" })],
    ["a window with slots", withLimits({ ...limit, concurrent: true })],
    [
      "a sum of slots",
      withLimits({
        counter: "c",
        concurrent: true,
        increment_from: "args.a",
        max: 1,
        scope: "grant",
      }),
    ],
    ["a negative maximum", withLimits({ ...limit, max: -1 })],
    ["half a call", withLimits({ ...limit, max: 0.5 })],
    ["a sum too fine", withLimits({ ...limit, increment_from: "args.a", max: 0.0000001 })],
    ["a sum too large", withLimits({ ...limit, increment_from: "args.a", max: 9007199255 })],
    ["a sum of a label", withLimits({ ...limit, increment_from: "grant.a" })],
    ["an empty key", withLimits({ ...limit, key: [] })],
    ["a duplicate counter", withLimits(limit, limit)],
    ["a counter of two windows", withLimits(limit, { ...limit, window: "hour" })],
    [
      "a pin that is none",
      { version: "1", extensions: ["pins"], default: "deny", tools: { t: { pin: "sha256:x" } } },
    ],
    [
      "a schema without validate",
      {
        version: "1",
        extensions: ["validate"],
        default: "deny",
        tools: { t: { input_schema: {} } },
      },
    ],
    [
      "a refused schema",
      {
        version: "1",
        extensions: ["validate"],
        default: "deny",
        validate: "declared",
        tools: { "a/b": { input_schema: { $ref: "https://example.com/x" } } },
      },
    ],
    [
      "a name for deny_tools",
      { version: "1", extensions: ["patterns"], default: "allow", deny_tools: { drop: {} } },
    ],
    ["text that is not Unicode", { version: "1", default: "deny", hide: ["\ud800"] }],
    ["a value that is not JSON", { version: "1", default: "deny", hide: undefined }],
    ["an object of a class", { version: "1", default: "deny", tools: new Map() }],
  ];

  it("are full sentences with their place", () => {
    const found = cases.map(([name, value]) => [name, problems(value)] as const);
    for (const [name, list] of found) {
      expect(list.length, name).toBeGreaterThan(0);
      for (const one of list) expect(one, name).toMatch(/^(\/[^:]*)?: .*\.$/);
    }
    expect(Object.fromEntries(found)).toMatchSnapshot();
  });

  it("agree limits that share a counter, if they count alike", () => {
    const when = (value: number) => [{ path: "args.a", op: "eq", value }];
    expect(problems(withLimits({ ...limit, when: when(1) }, { ...limit, when: when(2) }))).toEqual(
      [],
    );
    expect(problems(withLimits(limit, { ...limit, max: 5, shadow: true }))).toEqual([]);
  });

  it("compare a tool's counters with those of all tools", () => {
    const policy = {
      version: "1",
      default: "deny",
      all_tools: { limits: [limit] },
      tools: { t: { limits: [{ ...limit, max: 2 }] } },
    };
    expect(problems(policy)).toHaveLength(1);
  });
});

describe("nesting", () => {
  function nested(depth: number): ConditionEntry {
    let condition: ConditionEntry = { path: "args.a", op: "eq", value: 1 };
    for (let i = 1; i < depth; i++) condition = i % 2 ? { any: [condition] } : { all: [condition] };
    return condition;
  }

  it("of 64 conditions is allowed, of 65 refused", () => {
    expect(problems(withConditions(nested(64)))).toEqual([]);
    expect(problems(withConditions(nested(65))).join()).toMatch(/nested deeper than 64 levels/);
  });

  it("of a hundred thousand, and of a cycle, is refused before the stack ends", () => {
    expect(problems(withConditions(nested(100_000))).join()).toMatch(/nested deeper than 256/);
    const cycle: { any: unknown[] } = { any: [] };
    cycle.any.push(cycle);
    expect(problems(withConditions(cycle)).join()).toMatch(/nested deeper than 256/);
  });
});

it("never throws, whatever it is given", () => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      expect(validatePolicy(value)).toHaveProperty("problems");
    }),
  );
});
