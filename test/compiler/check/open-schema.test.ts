import { describe, expect, it } from "vitest";
import { accepts, mended, reports } from "./diagnose.ts";

const code = "MCPP405";
const schema = { type: "object", properties: { id: { type: "string" } }, required: ["id"] };
const open = {
  server: { name: "open" },
  tools: [
    { name: "get", risk: "read", inputSchema: schema },
    { name: "put", risk: "write", inputSchema: schema },
    { name: "wide", risk: "read", inputSchema: { ...schema, additionalProperties: true } },
    { name: "shut", risk: "read", inputSchema: { ...schema, additionalProperties: false } },
  ],
};
const start = "default deny\nallow get, put, wide, shut\n";

describe("arguments that no schema names", () => {
  it.each([
    'deny get «if args.id == "1"»',
    'deny get «if args.id == "1"»\ndeny put if args.id == "2"',
    'validate arguments\ndeny get «if args.id == "1"»',
  ])("%s", (rules) => {
    const [found] = reports(code, `${start}${rules}\n`, { tools: open });
    expect(found?.severity).toBe("info");
  });

  it.each([
    'validate arguments strictly\ndeny get if args.id == "1"',
    'deny get unless args.id == "1"',
    'deny shut if args.id == "1"',
    // Strict validation would not close it.
    'deny wide if args.id == "1"',
    'deny get if grant.name == "ci"',
  ])("%s is fine", (rules) => {
    accepts(code, `${start}${rules}\n`, { tools: open });
  });

  it("offers strict validation", () => {
    const rule = 'deny get if args.id == "1"\n';
    const world = { tools: open };
    expect(mended(code, `${start}${rule}`, world)).toEqual([
      start.replace("deny\n", `deny\nvalidate arguments strictly\n`) + rule,
    ]);
    expect(mended(code, `${start}validate arguments\n${rule}`, world)).toEqual([
      `${start}validate arguments strictly\n${rule}`,
    ]);
  });
});
