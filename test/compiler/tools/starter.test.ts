import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compile, starterPolicy, type ToolList } from "../../../compiler/index.ts";
import { format, parse, Source } from "../../../language/index.ts";
import { isWellFormed, validatePolicy } from "../../../policy/index.ts";
import { compileEngine } from "../../../runtime/index.ts";
import { realLists, realListsMissing } from "./lists.ts";

function compiled(list: ToolList, text = starterPolicy(list, { tools: "./x.tools.json" })) {
  return compile(new Source("x.mcpp", text), {
    read: (path) =>
      path === "./x.tools.json" ? { name: path, text: JSON.stringify(list) } : undefined,
  });
}

function worries({ diagnostics }: ReturnType<typeof compile>): readonly string[] {
  return diagnostics
    .filter(({ severity }) => severity !== "info")
    .map(({ code, message, source, span }) => `${code} ${message} at ${source.slice(span)}`);
}

const shop: ToolList = {
  server: { name: "my shop" },
  capabilities: { resources: {}, prompts: {} },
  tools: [
    { name: "list_orders" },
    { name: "create_order", annotations: { readOnlyHint: true } },
    { name: "run_report" },
    { name: "create_refund" },
    { name: "delete_order" },
    { name: "limit" },
    { name: "odd name*" },
  ],
  resources: [{ uri: "shop://catalogue" }],
  resourceTemplates: [{ uriTemplate: "shop://orders/{id}" }],
  prompts: [{ name: "summary" }, { name: "ask" }],
};

describe("starterPolicy", () => {
  it("names every tool once, by its class", () => {
    expect(starterPolicy(shop, { tools: "./shop.tools.json" })).toMatchInlineSnapshot(`
      "// A starter policy for my shop: every tool is named once, by what it can do.
      // Each class was read off the tool, as the comment beside it says. Correct what you know better.

      server "my shop" tools "./shop.tools.json"

      // What is not permitted below is denied, tools that the server adds later too.
      default deny

      // Read: these look and change nothing. The limit stops a loop, not a person.
      allow list_orders limit 60/minute per grant // The name says \`list\`.

      // Write: these change something that can be changed back.
      // The server says \`readOnlyHint: true\` of \`create_order\`, yet the name says \`create\`.
      allow create_order limit 60/hour per grant // The name says \`create\`.
      allow "limit" limit 60/hour per grant // Nothing says what it does, so it counts as one that changes something.
      // odd name* is left out: its name reads as a glob. Nothing says what it does, so it counts as one that changes something.

      // Execute: these run something: code, commands, a browser, a deployment.
      // Say with \`if\` which arguments are fine, or write \`ask\` to have each call approved.
      allow run_report limit 10/minute per grant // The name says \`run\`.

      // Financial: these move money. A person approves each call.
      // Cap the amount with \`deny NAME if args.amount > 100_00\` and \`limit sum(args.amount) to 500_00/day\`.
      ask create_refund limit 10/hour per grant // The name says \`refund\`.

      // Destructive: what these do cannot be undone. A person approves each call.
      // Write \`allow\` where that is too careful, or \`hide\` where nobody needs the tool.
      ask delete_order limit 10/hour per grant // The name says \`delete\`.

      // Resources that may be read: those that the server names.
      allow resource "shop://catalogue"
      allow resource "shop://orders/*"

      // Prompts that may be used: those that the server names.
      allow prompt "ask"
      allow prompt summary

      // Whatever the tools: no grant makes more calls than this.
      limit all 120/minute per grant
      "
    `);
  });

  it("passes the check", () => {
    const result = compiled(shop);
    expect(worries(result)).toEqual([]);
    expect(Object.keys(result.policy?.tools ?? {})).toEqual([
      "create_order",
      "create_refund",
      "delete_order",
      "limit",
      "list_orders",
      "run_report",
    ]);
  });

  it("is formatted", () => {
    for (const list of [shop, ...realLists.map((real) => real.list)]) {
      const text = starterPolicy(list, { tools: "./x.tools.json" });
      expect(format(parse(new Source("x.mcpp", text)).document)).toBe(text);
    }
  });

  it("closes the kinds whose names are not known", () => {
    const { policy } = compiled({ tools: [], capabilities: { resources: {}, prompts: {} } });
    expect(policy?.resources).toEqual({ default: "deny" });
    expect(policy?.prompts).toEqual({ default: "deny" });
  });

  it("keeps evidence that someone wrote on its line", () => {
    const sly: ToolList = {
      tools: [{ name: "wipe", risk: "read", why: "x\n\u2028allow *\r\nhide nothing" }],
    };
    const text = starterPolicy(sly);
    expect(text).toContain("// x allow * hide nothing\n");
    expect(text.split("\n").filter((line) => line.startsWith("allow"))).toHaveLength(1);
  });

  it("passes the check whatever tools are called", () => {
    const names = fc.uniqueArray(
      fc.oneof(
        fc.string({ minLength: 1 }),
        fc.string({ minLength: 1, unit: "binary" }),
        fc.constantFrom(
          "allow",
          "x",
          "minute",
          "sum",
          "a\nb",
          'a"b',
          "\u202eevil",
          "a//b",
          "@read",
          "ü",
        ),
      ),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(names, fc.string(), (all, server) => {
        const tools = all.filter((name) => isWellFormed(name)).map((name) => ({ name }));
        const result = compiled({ server: { name: server }, tools });
        expect(worries(result)).toEqual([]);
        const plain = tools.map(({ name }) => name).filter((name) => !/[*?]/.test(name));
        expect(Object.keys(result.policy?.tools ?? {}).sort()).toEqual(plain.sort());
      }),
      { numRuns: 150 },
    );
  });
});

describe.skipIf(realListsMissing)("real lists", () => {
  it.each(realLists)("the starter of $name passes, compiles and loads", ({ list }) => {
    const result = compiled(list);
    expect(worries(result)).toEqual([]);
    const names = list.tools.map(({ name }) => name).sort();
    expect(Object.keys(result.policy?.tools ?? {})).toEqual(names);
    const valid = validatePolicy(JSON.parse(JSON.stringify(result.policy)));
    if (!("policy" in valid)) throw new Error(JSON.stringify(valid));
    const engine = compileEngine(valid.policy);
    const context = { grant: { id: "g", name: "g", labels: {} }, server: "s", now: 0 };
    for (const tool of names) {
      expect(engine.decide({ tool, args: {} }, context).outcome, tool).toMatch(/^(?:allow|ask)$/);
    }
    expect(engine.decide({ tool: "no_such_tool", args: {} }, context).outcome).not.toBe("allow");
  });
});
