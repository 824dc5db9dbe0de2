import { describe, expect, it } from "vitest";
import { operatorsFor, typeOf } from "../../../compiler/index.ts";
import type { Json } from "../../../policy/index.ts";
import { codesOf } from "../compiling.ts";

// The operators that are offered are those that the checker takes.

const SAMPLES: Readonly<
  Record<string, { readonly schema: Json; readonly values: readonly string[] }>
> = {
  boolean: { schema: { type: "boolean" }, values: ["true", "[true]"] },
  number: { schema: { type: "number" }, values: ["5", "[5]"] },
  string: { schema: { type: "string" }, values: ['"/a"', '["/a"]', "/a/"] },
  list: { schema: { type: "array", items: { type: "string" } }, values: ['"a"', '["a"]'] },
};

const OPERATORS = [
  "==",
  "!=",
  "<",
  "<=",
  ">",
  ">=",
  "in",
  "not in",
  "contains",
  "starts with",
  "ends with",
  "matches",
  "like",
  "under",
] as const;
/** The operator is not defined for the type. */
const UNDEFINED = "MCPP313";

describe("operators for a type", () => {
  for (const [name, { schema, values }] of Object.entries(SAMPLES)) {
    it.each(OPERATORS)(`of a ${name}: \`%s\``, (operator) => {
      const tools = {
        server: { name: "s" },
        tools: [
          {
            name: "t",
            inputSchema: { type: "object", properties: { a: schema }, required: ["a"] },
          },
        ],
      };
      const isTaken = values.some(
        (value) =>
          codesOf(`deny t if args.a ${operator} ${value}`, { tools }).filter(
            (code) => code < "MCPP4" && code !== UNDEFINED,
          ).length === 0 &&
          !codesOf(`deny t if args.a ${operator} ${value}`, { tools }).some((code) =>
            /^MCPP(1|3)/.test(code),
          ),
      );
      if (operatorsFor(typeOf(schema)).includes(operator)) expect(isTaken).toBe(true);
      else if (name !== "list") expect(isTaken).toBe(false);
    });
  }
});
