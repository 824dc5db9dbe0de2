import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { errorClass } from "../../../runtime/telemetry/attributes.ts";
import { Names } from "../../../runtime/telemetry/names.ts";

describe("names of metrics", () => {
  it("are few, whatever clients and servers call things", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ name: fc.string(), method: fc.string(), listed: fc.boolean() }), {
          maxLength: 50,
        }),
        (requests) => {
          const names = new Names();
          for (let index = 0; index < 2_000; index++) {
            names.tool({ method: "tools/call", name: `made ${index}`, listed: true });
            names.rule(`/tools/made ${index}`);
          }
          const seen = new Set<string>();
          for (const { name, method, listed } of requests) {
            seen.add(names.tool({ method: "tools/call", name, listed }));
            seen.add(names.method({ method }));
            seen.add(names.rule(name));
          }
          expect([...seen].every((name) => /^\((unknown|others)\)$/.test(name))).toBe(true);
        },
      ),
      { numRuns: 20 },
    );
  });

  it("are those of tools that are listed, of methods of MCP, and none where no tool is called", () => {
    const names = new Names();
    expect(names.tool({ method: "tools/call", name: "pay", listed: true })).toBe("pay");
    expect(names.tool({ method: "tools/call", name: "pay", listed: false })).toBe("(unknown)");
    expect(names.tool({ method: "tools/list", listed: false })).toBe("");
    expect(names.method({ method: "tools/list" })).toBe("tools/list");
    expect(names.method({})).toBe("(unknown)");
    const long = "x".repeat(300);
    expect(names.tool({ method: "tools/call", name: long, listed: true })).toBe("(others)");
  });
});

describe("error codes", () => {
  it("that nobody has reserved are one", () => {
    fc.assert(
      fc.property(fc.integer(), (code) => {
        const reserved = code >= -32_799 && code <= -32_000;
        expect(errorClass(String(code))).toBe(reserved ? String(code) : "server_error");
      }),
    );
    expect(errorClass("-32602")).toBe("-32602");
    expect(errorClass("policy_denied")).toBe("policy_denied");
  });
});
