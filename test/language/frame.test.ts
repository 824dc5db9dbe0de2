import { describe, expect, it } from "vitest";
import { type Diagnostic, parse, renderDiagnostic, Source } from "../../language/index.ts";

function at(text: string, marked: string, extra: Partial<Diagnostic> = {}): Diagnostic {
  const start = text.indexOf(marked);
  return {
    code: "MCPP201",
    severity: "error",
    title: "unknown tool",
    message: "the server `stripe` has no tool of this name",
    source: new Source("stripe.mcpp", text),
    span: { start, end: start + marked.length },
    ...extra,
  };
}

function first(text: string): string {
  return renderDiagnostic(parse(new Source("policy.mcpp", text)).diagnostics[0] as Diagnostic);
}

describe("a rendered diagnostic", () => {
  it("has a title, a frame, a sentence and a hint", () => {
    const text = `${"\n".repeat(8)}allow create_refnd limit 10/hour per grant\n`;
    const hint = "Did you mean `create_refund`?";
    expect(renderDiagnostic(at(text, "create_refnd", { hint }))).toBe(
      [
        "error MCPP201 stripe.mcpp:9:7  unknown tool",
        "",
        "  9 │ allow create_refnd limit 10/hour per grant",
        "    │       ^^^^^^^^^^^^ the server `stripe` has no tool of this name",
        "",
        "Did you mean `create_refund`?",
      ].join("\n"),
    );
  });

  it("shows the same part of a very long line as of a long one", () => {
    const [long, veryLong] = [50, 5000].map((count) => {
      const text = `allow ${"before, ".repeat(count)}x y${", after".repeat(count)}`;
      return renderDiagnostic(at(text, "x y")).split("\n").slice(2);
    });
    expect(long?.[0]).toMatch(/│ ….*before, x y, after.*…$/);
    expect(veryLong).toEqual(long);
  });

  it("puts a long message below the frame", () => {
    const message = `A sentence that is ${"very ".repeat(20)}long.`;
    expect(renderDiagnostic(at("allow x", "x", { message }))).toMatchInlineSnapshot(`
      "error MCPP201 stripe.mcpp:1:7  unknown tool

        1 │ allow x
          │       ^

      A sentence that is very very very very very very very very very very very very very very very very very very very very long."
    `);
  });

  it("aligns behind tabs, wide characters and combining marks", () => {
    expect(
      renderDiagnostic(at('\tdeny\ta because "日本e\u0301" x', "x", { message: "Here." })),
    ).toMatchInlineSnapshot(`
      "error MCPP201 stripe.mcpp:1:24  unknown tool

        1 │     deny    a because "日本é" x
          │                               ^ Here."
    `);
  });

  it("shows what cannot be seen", () => {
    expect(
      renderDiagnostic(
        at("allow \u202eevil\u200b\u0007 x", "x", { message: "A \u202e name\u001b[31m." }),
      ),
    ).toMatchInlineSnapshot(`
      "error MCPP201 stripe.mcpp:1:15  unknown tool

        1 │ allow \\u202eevil\\u200b\\u0007 x
          │                              ^ A \\u202e name\\u001b[31m."
    `);
  });

  it("underlines every line of a short span, and the ends of a long one", () => {
    const text = "on x {\n  allow\n  deny if a\n  limit 1/hour\n}\n";
    expect(
      renderDiagnostic(at(text, "on x {\n  allow", { message: "Short." })),
    ).toMatchInlineSnapshot(`
      "error MCPP201 stripe.mcpp:1:1  unknown tool

        1 │ on x {
          │ ^^^^^^
        2 │   allow
          │   ^^^^^ Short."
    `);
    expect(renderDiagnostic(at(text, text.trim(), { message: "Long." }))).toMatchInlineSnapshot(`
      "error MCPP201 stripe.mcpp:1:1  unknown tool

        1 │ on x {
          │ ^^^^^^
        ⋮ │
        5 │ }
          │ ^ Long."
    `);
  });

  it("cuts a long line around the span", () => {
    const text = `allow ${"aaaa_bbbb, ".repeat(30)}here${", cccc_dddd".repeat(30)}`;
    const shown = renderDiagnostic(at(text, "here", { message: "It is here." }), { width: 80 });
    expect(shown).toMatchInlineSnapshot(`
      "error MCPP201 stripe.mcpp:1:337  unknown tool

        1 │ …bbb, aaaa_bbbb, aaaa_bbbb, aaaa_bbbb, aaaa_bbbb, aaaa_bbbb, here, cccc_d…
          │                                                              ^^^^

      It is here."
    `);
    for (const line of shown.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  });

  it("points behind the end of a file", () => {
    expect(first("allow x limit 10/minute per")).toMatchInlineSnapshot(`
      "error MCPP120 policy.mcpp:1:28  syntax error

        1 │ allow x limit 10/minute per
          │                            ^

      Expected \`grant\`, \`session\`, \`server\` or \`args\`, found the end of the statement."
    `);
  });

  it("shows related places", () => {
    expect(first('deny x because "One."\n  because "Two."')).toMatchInlineSnapshot(`
      "error MCPP160 policy.mcpp:2:3  clause given twice

        2 │   because "Two."
          │   ^^^^^^^^^^^^^^ This rule already has a \`because\`.

      policy.mcpp:1:8  The first \`because\` is here.

        1 │ deny x because "One."
          │        ^^^^^^^^^^^^^^"
    `);
  });

  it("paints its parts and nothing else", () => {
    const plain = renderDiagnostic(at("allow x", "x", { hint: "Hint." }));
    const styles = new Set<string>();
    const painted = renderDiagnostic(at("allow x", "x", { hint: "Hint." }), {
      paint: (style, text) => {
        styles.add(style);
        return `<${text}>`;
      },
    });
    expect(painted.replace(/<([^>]*)>/g, "$1")).toBe(plain);
    expect([...styles].sort()).toEqual(["code", "error", "gutter", "hint", "location", "title"]);
  });
});
