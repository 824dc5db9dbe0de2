import { describe, expect, it } from "vitest";
import { namedBySchema } from "../../../runtime/proxy/schema-names.ts";
import { Governed } from "./governed.ts";

const call = (name: string, args: object = {}) => ({
  jsonrpc: "2.0",
  id: 1,
  method: "tools/call",
  params: { name, arguments: args },
});

describe("arguments that a checked schema names", () => {
  const schema = {
    type: "object",
    properties: { amount: { maximum: 100 }, items: { items: { $ref: "#/$defs/item" } } },
    $defs: { item: { properties: { user_id: {}, part: { $ref: "#/$defs/item" } } } },
    anyOf: [{ properties: { note: {} } }, true],
  };

  it("are found below lists, references and alternatives, and not without end", () => {
    const named = namedBySchema(schema).map((steps) => steps.join("."));
    expect(named).toEqual(
      expect.arrayContaining([
        "amount",
        "items",
        "items.*.user_id",
        "items.*.part.user_id",
        "note",
      ]),
    );
    expect(named.length).toBeLessThan(200);
    const wide = {
      prefixItems: [{ $ref: "#" }, { $ref: "#" }, { $ref: "#" }],
      items: { $ref: "#" },
    };
    expect(namedBySchema(wide)).toEqual([]);
  });

  it.each([
    ["amount", { amount: 1, Amount: 1_000 }],
    ["user_id", { items: [{ user_id: 1, userId: 2 }] }],
    ["note", { NOTE: "x" }],
  ])("have no look-alike beside them: %s", async (name, args) => {
    const governed = await Governed.under({
      version: "1",
      default: "deny",
      extensions: ["validate"],
      validate: "declared",
      tools: { pay: { input_schema: schema } },
    });
    governed.client(call("pay", args));
    expect(governed.toServer).toEqual([]);
    expect(JSON.stringify(governed.toClient)).toContain(`could be taken for \`${name}\``);
    governed.client(call("pay", { amount: 1, other: 2, items: [{ user_id: 3 }] }));
    expect(governed.toServer).toHaveLength(1);
  });
});

describe("names that are longer than any are", () => {
  it("of tools are refused before any policy", async () => {
    const governed = await Governed.under({ version: "1", default: "allow" });
    governed.client(call("a".repeat(1_025)));
    expect(governed.toServer).toEqual([]);
    expect(governed.toClient).toMatchObject([{ id: 1, error: { code: -32602 } }]);
  });

  it("of resources are not compared, and denied", async () => {
    const governed = await Governed.under({
      version: "1",
      default: "deny",
      extensions: ["resources"],
      resources: { default: "allow", deny: ["file:///x*"] },
    });
    const uri = `file:///${"a".repeat(65_536)}`;
    governed.client({ jsonrpc: "2.0", id: 1, method: "resources/read", params: { uri } });
    expect(governed.toServer).toEqual([]);
    expect(governed.toClient).toMatchObject([{ id: 1, error: { code: 403 } }]);
  });
});

describe("numbers in what is compared as a whole", () => {
  const rule = (op: string, value: unknown) => ({
    conditions: [{ path: "args.to", op, value }],
  });
  it.each([
    ["eq", { account: 2 ** 53 }, '{"account":9007199254740993}'],
    ["in", [{ account: 2 ** 53 }], '{"account":9007199254740993}'],
    ["contains", { account: 2 ** 53 }, '[{"account":9007199254740993}]'],
    ["eq", [{ accounts: [2 ** 53] }], '[{"accounts":[9007199254740993]}]'],
    ["eq", { account: 1 }, '{"account":1.0000000000000000001}'],
  ])("are read by `%s`", async (op, value, given) => {
    const governed = await Governed.under({
      version: "1",
      default: "deny",
      tools: { pay: { require: [rule(op, value)] } },
    });
    const text = JSON.stringify(call("pay", { to: "?" })).replace('"?"', given);
    governed.session.fromClient(Buffer.from(text));
    expect(governed.toServer).toEqual([]);
    expect(JSON.stringify(governed.toClient)).toContain("more digits than every receiver keeps");
  });
});
