import { describe, expect, it } from "vitest";
import { raisePolicy } from "../../../compiler/index.ts";
import { serializePolicy, validatePolicy } from "../../../policy/index.ts";
import { compileEngine } from "../../../runtime/index.ts";
import { compileText, shown } from "../compiling.ts";
import { realLists } from "../tools/lists.ts";

describe.skipIf(realLists.length === 0)("the tool lists of real servers", () => {
  it.each(realLists)("$name: everything validated and pinned", ({ list }) => {
    const text =
      "default hide\nvalidate arguments\npin tools\nallow * limit each 60/minute\nlimit all 200/minute\n";
    const { policy, diagnostics } = compileText(text, { tools: list });
    expect(diagnostics.filter(({ severity }) => severity === "error").map(shown)).toEqual([]);
    const bytes = serializePolicy(policy ?? { version: "1", default: "deny" });
    const validated = validatePolicy(JSON.parse(bytes));
    expect(validated).toHaveProperty("policy");
    expect(Object.keys(policy?.tools ?? {})).toHaveLength(list.tools.length);
    const again = compileText(raisePolicy(policy ?? { version: "1", default: "deny" }).text, {
      tools: list,
    });
    expect(serializePolicy(again.policy ?? { version: "1", default: "deny" })).toBe(bytes);
    const engine = compileEngine(policy);
    for (const tool of list.tools) {
      expect(engine.visible(tool.name, JSON.parse(JSON.stringify(tool))), tool.name).toBe(true);
    }
  });
});
