import { describe, expect, it } from "vitest";
import { expectedAt, Source } from "../../language/index.ts";

/** `|` marks the cursor. */
function expected(text: string) {
  const offset = text.indexOf("|");
  return expectedAt(new Source("x", text.replace("|", "")), offset);
}

function wanted(text: string): string[] {
  const { keywords, categories } = expected(text);
  return [...keywords, ...categories.map(({ type, rule }) => `${rule}:${type.name}`)].sort();
}

describe("what may be typed", () => {
  it("begins statements in an empty file", () => {
    const { context, keywords } = expected("|");
    expect(context).toBe("document");
    expect(keywords).toEqual(
      expect.arrayContaining(["allow", "deny", "server", "test", "on", "when", "never"]),
    );
    expect(keywords).not.toContain("args");
  });

  it.each([
    ["server |", ["name:Name", "name:String"]],
    ["default |", ["allow", "deny", "hide"]],
    ["validate |", ["arguments"]],
    ["always |", ["deny"]],
    ["allow x limit 10/|", ["day", "hour", "minute", "month", "second", "week", "window:Number"]],
    ["allow x limit 10/minute per |", ["args", "grant", "server", "session"]],
    ["allow x until |", ["date:Date"]],
    ["ask x within |", ["duration:Duration"]],
    ["ask x by |", ["by:String"]],
    ["deny x if args.|", ["steps:Word"]],
    ["let a = before |", ["date:Date"]],
    ["limit x 10/hour as |", ["counter:Name"]],
    ['test "t" {\n  x {} => |', ["allow", "ask", "deny", "hide"]],
  ])("offers at %j", (text, names) => {
    expect(wanted(text)).toEqual(expect.arrayContaining(names));
    if (!text.includes("before")) expect(wanted(text)).toEqual([...names].sort());
  });

  it("offers clauses and new statements behind a rule", () => {
    const { keywords } = expected("allow x limit 10/minute |");
    expect(keywords).toEqual(
      expect.arrayContaining(["per", "as", "because", "until", "sliding", "allow", "let"]),
    );
    expect(keywords).not.toContain("by");
    expect(expected("ask x |").keywords).toEqual(
      expect.arrayContaining(["if", "unless", "by", "within"]),
    );
    expect(expected("hide x |").keywords).not.toContain("if");
  });

  it("knows the block", () => {
    expect(expected("on x {\n  |")).toMatchObject({ context: "on" });
    expect([...expected("on x {\n  |").keywords].sort()).toEqual([
      "allow",
      "ask",
      "deny",
      "hide",
      "limit",
      "shadow",
      "}",
    ]);
    expect(expected("on x {\n  deny |").keywords).toEqual(
      expect.arrayContaining(["if", "unless", "because"]),
    );
    expect(expected('test "t" {\n  as "a" {\n |').context).toBe("as");
    expect(expected("when a {\n  allow x\n}\n|").context).toBe("document");
    expect(expected("on x |").keywords).toEqual(expect.arrayContaining(["{", "except", ","]));
  });

  it("replaces the word that has been begun", () => {
    const { replace, keywords } = expected("allow x beca|");
    expect(replace).toEqual({ start: 8, end: 12 });
    expect(keywords).toContain("because");
    expect(expected("allow @re|").replace).toEqual({ start: 6, end: 9 });
  });

  it("looks at the statement of the cursor alone", () => {
    expect(expected("deny x if (((\nallow |\nalow z").categories.map(({ rule }) => rule)).toContain(
      "item",
    );
  });

  it("answers in time where the words are ambiguous", () => {
    const many = Array.from({ length: 60 }, (_, i) => `a${i} == during and host`).join(" or ");
    expect(expected(`deny x if ${many} |`).keywords).toEqual(
      expect.arrayContaining(["and", "or", "because"]),
    );
  });
});
