import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Diagnostic,
  type Document,
  format,
  KEYWORDS,
  parse,
  type Rule,
  Source,
  type Statement,
  tokenize,
  walk,
} from "../../language/index.ts";
import { arbitraryDocument, arbitraryStatement, runs, withoutSpans } from "./arbitrary.ts";

function read(text: string) {
  return parse(new Source("test.mcpp", text));
}

function codes(diagnostics: readonly Diagnostic[]): string[] {
  return diagnostics.map(({ code }) => code);
}

function only(text: string): Statement {
  const { document, diagnostics } = read(text);
  expect(diagnostics, text).toEqual([]);
  expect(document.statements, text).toHaveLength(1);
  return document.statements[0] as Statement;
}

/** A document of some statements, printed. */
function print(...statements: Statement[]): string {
  const span = { start: 0, end: 0 };
  const source = new Source("", "");
  return format({ kind: "document", source, statements, comments: [], span });
}

describe("any text", () => {
  const words = [...KEYWORDS.keys()];
  const soup = fc
    .array(
      fc.oneof(
        fc.constantFrom(...words),
        fc.constantFrom(..."{}()[],.:/-=<>|;@#!&*?".split("")),
        fc.constantFrom(
          "=>",
          "==",
          "!=",
          "10",
          "10m",
          '"text"',
          "/re/",
          "2026-12-31",
          "09:00",
          "@read",
          "list_*",
        ),
        fc.constantFrom(
          "\n",
          "\n\n",
          " // comment\n",
          "\n/// doc\n",
          '"open',
          "'single'",
          "/* block */",
          "\t",
        ),
        fc.string({ unit: "binary", maxLength: 3 }),
      ),
      { maxLength: 60 },
    )
    .map((parts) => parts.join(" "));

  it("gives a tree whose statements and comments cover every token", () => {
    fc.assert(
      fc.property(fc.oneof(soup, fc.string({ unit: "binary" })), (text) => {
        const { document } = read(text);
        const { tokens } = tokenize(document.source);
        let at = 0;
        for (const { span } of document.statements) {
          expect(span.start, text).toBeGreaterThanOrEqual(at);
          expect(span.end, text).toBeGreaterThan(span.start);
          at = span.end;
        }
        for (const { startOffset, image } of tokens) {
          const inside = document.statements.filter(
            ({ span }) => span.start <= startOffset && startOffset + image.length <= span.end,
          );
          expect(inside.length, `${text}\n${image}`).toBe(1);
        }
      }),
      { numRuns: runs(400) },
    );
  });

  it("reports places that are in the text, in order, and something for everything broken", () => {
    fc.assert(
      fc.property(soup, (text) => {
        const { document, diagnostics } = read(text);
        let last = 0;
        for (const { span, message } of diagnostics) {
          expect(span.start).toBeGreaterThanOrEqual(last);
          expect(span.end).toBeLessThanOrEqual(text.length);
          expect(message).toMatch(/[.?]$/);
          last = span.start;
        }
        let isBroken = false;
        walk(document, (node) => {
          if ("kind" in node && node.kind === "broken") isBroken = true;
        });
        if (isBroken) expect(diagnostics.length).toBeGreaterThan(0);
      }),
      { numRuns: runs(400) },
    );
  });

  it("mends nothing silently: each fix that is offered gives a text with fewer or other faults", () => {
    fc.assert(
      fc.property(soup, (text) => {
        const { diagnostics } = read(text);
        for (const { fixes = [], code, span } of diagnostics) {
          for (const { edits } of fixes) {
            let mended = text;
            for (const edit of [...edits].sort((a, b) => b.span.start - a.span.start)) {
              mended = mended.slice(0, edit.span.start) + edit.text + mended.slice(edit.span.end);
            }
            expect(mended, `${code} at ${span.start}`).not.toBe(text);
          }
        }
      }),
      { numRuns: runs(200) },
    );
  });

  it.each([
    ["parentheses", "deny x if ", "(", ""],
    ["negations", "deny x if ", "not ", "a"],
    ["lists", "let a = ", "[", ""],
    ["objects", 'test "t" {\n x ', "{ a: ", ""],
    ["blocks", "", "when a {\n", ""],
    ["braces", "", "{", ""],
    ["closing braces", "", "}\n", ""],
    ["quantifiers", "deny x if ", "any i in args.a (", ""],
    ["steps", 'test "t" {', ' as "a" {', ""],
    ["quotes", "", '"', ""],
    ["escapes", 'import "', "\\", ""],
    ["classes", "deny x if args.a matches /", "[", ""],
  ])("nests %s 50 000 deep without a stack overflow", (_what, before, unit, after) => {
    const { document, diagnostics } = read(before + unit.repeat(50_000) + after);
    expect(document.statements.length).toBeGreaterThan(0);
    expect(diagnostics.length).toBeGreaterThan(0);
  });

  it("takes long tokens", () => {
    const long = "x".repeat(1_000_000);
    expect(only(`allow ${long}`)).toMatchObject({ kind: "allow" });
    expect(only(`import "${"\\n".repeat(500_000)}"`)).toMatchObject({ kind: "import" });
    expect(codes(read(`import "${long}`).diagnostics)).toEqual(["MCPP102"]);
    expect(codes(read("é".repeat(100_000)).diagnostics)).toEqual(["MCPP101"]);
  });

  it("nests conditions and blocks to the limit", () => {
    expect(only(`deny x if ${"(".repeat(64)}a${")".repeat(64)}`).kind).toBe("deny");
    expect(codes(read(`deny x if ${"(".repeat(65)}a${")".repeat(65)}`).diagnostics)).toEqual([
      "MCPP125",
    ]);
    expect(only("when a {\n".repeat(64) + "}\n".repeat(64)).kind).toBe("when");
    expect(codes(read("when a {\n".repeat(65) + "}\n".repeat(65)).diagnostics)).toEqual([
      "MCPP125",
    ]);
  });

  it("skips a leading byte order mark, and only that", () => {
    expect(only("\ufeffallow x").kind).toBe("allow");
    expect(codes(read("allow \ufeffx").diagnostics)).toEqual(["MCPP101"]);
  });

  it("says of a time only that it is none", () => {
    const { diagnostics } = read("allow x if during 25:00-26:00");
    expect(codes(diagnostics)).toEqual(["MCPP111", "MCPP111"]);
    expect(codes(read("allow x if during 00:00-24:00").diagnostics)).toEqual(["MCPP173"]);
  });

  it("says how every tool is written, also where the statement goes wrong after it", () => {
    for (const text of ["allow all", "allow all\napprove x", "deny x, all y"]) {
      expect(codes(read(text).diagnostics)).toEqual(["MCPP143"]);
    }
  });

  it("reads all three kinds of line break", () => {
    for (const newline of ["\n", "\r\n", "\r"]) {
      const { document, diagnostics } = read(["// one", "allow x", "deny y"].join(newline));
      expect(diagnostics).toEqual([]);
      expect(document.statements.map(({ kind }) => kind)).toEqual(["allow", "deny"]);
    }
  });
});

describe("white space", () => {
  it("carries no meaning: one token a line, or all on one, give the same tree", () => {
    fc.assert(
      fc.property(arbitraryDocument, (document) => {
        const text = format(document);
        const { tokens } = tokenize(new Source("x", text));
        const onOneLine = tokens.map(({ image }) => image).join(" ");
        const again = read(onOneLine);
        expect(codes(again.diagnostics), onOneLine).toEqual([]);
        expect(withoutSpans(again.document.statements)).toEqual(withoutSpans(document.statements));
        const manyLines = tokens.map(({ image }) => image).join("\n");
        const third = read(manyLines);
        expect(codes(third.diagnostics), manyLines).toEqual([]);
        expect(withoutSpans(third.document.statements)).toEqual(withoutSpans(document.statements));
      }),
      { numRuns: runs(150) },
    );
  });
});

describe("recovery", () => {
  const broken = [
    "allow",
    "allow x limit 10/minute per",
    "alow x",
    "deny x if",
    "deny x if args.a ==",
    "group @a =",
    "let a",
    "allow x allow",
    'deny x because "open',
    "hide x if args.a == 1",
    "on x {\n  allow x\n}",
    "on x {\n  allow limti\n}",
    'test "t" {\n  x { a: 1 => allow\n  y {} => allow\n}',
    "limit x 10/fortnight",
    "foo bar baz",
    "allow x }",
    "deny x if (args.a == 1",
    "deny x if args.a in [1, 2",
    "server",
    "default ask",
    "ask x within",
    "when args.force {\n  deny x\n}",
    "allow x { deny }",
  ];

  it.each(broken)("costs one diagnostic, and the neighbours survive: %s", (text) => {
    const { document, diagnostics } = read(`allow before\n${text}\nallow behind limit 1/hour\n`);
    expect(diagnostics.map(({ code, message }) => `${code} ${message}`)).toHaveLength(1);
    const allowed = document.statements
      .filter((statement) => statement.kind === "allow")
      .map(({ targets }) => targets?.items[0]?.value);
    expect(allowed[0]).toBe("before");
    expect(allowed.at(-1)).toBe("behind");
  });

  it.each(["server a", 'server "a b" tools "./t.json"'])(
    "reads %s behind an open scope",
    (text) => {
      const { document, diagnostics } = read(`allow x limit 10/minute per\n${text}\n`);
      expect(diagnostics).toHaveLength(1);
      expect(document.statements.map(({ kind }) => kind)).toEqual(["broken", "server"]);
    },
  );

  it("takes a server behind an open scope for its key", () => {
    expect(codes(read("allow x limit 10/minute per\nserver\nallow y\n").diagnostics)).toEqual([]);
  });

  it("keeps all other statements of a random document", () => {
    fc.assert(
      fc.property(
        fc.array(arbitraryStatement, { maxLength: 4 }),
        fc.array(arbitraryStatement, { maxLength: 4 }),
        fc.constantFrom(...broken),
        (before, after, text) => {
          const whole = `${print(...before)}\n${text}\n${print(...after)}`;
          const { document, diagnostics } = read(whole);
          expect(codes(diagnostics), whole).toHaveLength(1);
          const { statements } = document;
          const stripped = (nodes: readonly Statement[]) => withoutSpans(nodes);
          expect(stripped(statements.slice(0, before.length)), whole).toEqual(stripped(before));
          if (after.length > 0) {
            expect(stripped(statements.slice(-after.length)), whole).toEqual(stripped(after));
          }
        },
      ),
      { numRuns: runs(200) },
    );
  });

  it.each([
    ["on x {\n  allow\n\nlet a = 1\nallow y", ["on", "let", "allow"]],
    ["on x {\n  allow\non y {\n  deny\n}", ["on", "on"]],
    ["when a {\n  allow x\non y {\n  deny\n}", ["when", "on"]],
    ["when a {\n  when b {\n    allow x\n}\nlet c = 1", ["when", "let"]],
    ['test "t" {\n  x {} => allow\ndeny x', ["test", "deny"]],
    ["on x {\n  allow", ["on"]],
    ['test "t" {\n  as "a" {\n    x {} => allow\n\nallow y', ["test", "allow"]],
  ])("ends an unclosed block: %j", (text, kinds) => {
    const { document, diagnostics } = read(text);
    expect(document.statements.map(({ kind }) => kind)).toEqual(kinds);
    expect(new Set(codes(diagnostics))).toEqual(new Set(["MCPP122"]));
  });

  it("resumes on the same line", () => {
    const { document, diagnostics } = read("allow x foo deny y hide z");
    expect(codes(diagnostics)).toEqual(["MCPP127"]);
    expect(document.statements.map(({ kind }) => kind)).toEqual(["broken", "deny", "hide"]);
  });

  it("says what a broken declaration would have declared", () => {
    const { document } = read("let max = \ngroup @a = \n");
    expect(document.statements).toMatchObject([{ declares: "max" }, { declares: "@a" }]);
  });

  it("marks what is faulty, so that it is not compiled", () => {
    const { document } = read("deny x if args.a == 1 && args.b == 2\ndeny y");
    expect(document.statements).toMatchObject([{ kind: "deny", faulty: true }, { kind: "deny" }]);
    expect(document.statements[1]).not.toHaveProperty("faulty");
  });
});

describe("doc comments", () => {
  it("attach to the statement that follows, in blocks too", () => {
    const { document } = read(
      "/// One.\n///  Two.\nallow x\n// plain\nallow y\non z {\n  /// Three.\n  deny\n}\n/// lost\n",
    );
    const [first, second, on] = document.statements;
    expect(first).toMatchObject({ doc: ["One.", " Two."] });
    expect(second).not.toHaveProperty("doc");
    expect(on).toMatchObject({ body: [{ doc: ["Three."] }] });
    expect(on).not.toHaveProperty("doc");
  });

  it("do not attach from behind a statement", () => {
    const { document } = read("allow x /// about x\nallow y");
    expect(document.statements[1]).not.toHaveProperty("doc");
  });
});

describe("words", () => {
  it("are names wherever a name may stand, unless they are reserved", () => {
    for (const [word] of KEYWORDS) {
      const { diagnostics } = read(`allow ${word}`);
      const isReserved = !["minute", "x"].includes(word) && diagnostics.length > 0;
      const quoted = only(`allow "${word}"`) as Rule;
      expect(quoted.targets?.items[0]).toMatchObject({ kind: "name", value: word });
      const key = only(`deny x if args.${word} == 1`) as Rule;
      expect(key).toMatchObject({
        guard: { condition: { left: { path: { steps: [{ value: word }] } } } },
      });
      only(`test "t" {\n  x { ${word}: 1 } => allow\n}`);
      if (isReserved) continue;
      only(`let ${word} = 1`);
      only(`deny x if ${word}`);
      only(`deny x if ${word} == 1 and not ${word}`);
      only(`test "t" {\n  ${word} {} => allow\n  2 x approved ${word} {} => allow\n}`);
    }
  });

  it("reserve exactly what the language reference lists", () => {
    const reserved =
      "server default validate pin labels import let group allow deny hide ask limit on when test always never if unless because except per as each all sum by within until shadow tool resource prompt and or not in has any every length true false null args grant client";
    const found = [...KEYWORDS.keys()].filter(
      (word) => read(`let ${word} = 1`).diagnostics.length > 0,
    );
    expect(found.sort()).toEqual(reserved.split(" ").sort());
  });
});

function guardOf(text: string) {
  const rule = only(`deny t if ${text}`) as Extract<Rule, { kind: "deny" }>;
  return withoutSpans(rule.guard?.condition);
}

describe("conditions", () => {
  it("bind not, and, or in this order", () => {
    expect(guardOf("not a and b or c")).toMatchObject({
      kind: "or",
      operands: [
        { kind: "and", operands: [{ kind: "not" }, { kind: "reference" }] },
        { kind: "reference" },
      ],
    });
    expect(guardOf("a or b and c")).toMatchObject({ kind: "or", operands: [{}, { kind: "and" }] });
    expect(guardOf("(a or b) and c")).toMatchObject({
      kind: "and",
      operands: [{ kind: "or" }, {}],
    });
    expect(guardOf("not args.a == 1")).toMatchObject({
      kind: "not",
      operand: { kind: "comparison" },
    });
  });

  it.each([
    ["args.a not in [1]", "not in"],
    ['args.a starts with "x"', "starts with"],
    ['args.a ends with "x" ignoring case', "ends with"],
    ["args.a contains /x/i", "contains"],
    ["args.a under args.b", "under"],
    ["args.a like args.b", "like"],
  ])("read %s", (text, operator) => {
    expect(guardOf(text)).toMatchObject({ kind: "comparison", operator });
  });

  it("tell a quantifier's variable from a let", () => {
    expect(guardOf('any i in args.items (i == "x")')).toMatchObject({
      kind: "any",
      condition: { left: { kind: "path-operand", path: { root: { value: "i" }, steps: [] } } },
    });
    expect(guardOf('i == "x"')).toMatchObject({ left: { kind: "reference" } });
    expect(guardOf("any i in args.a (every j in i.b (j == i.c))")).toMatchObject({ kind: "any" });
  });

  it("end a regex at the first slash that is neither escaped nor in a class", () => {
    expect(guardOf("args.a matches /a[/]b\\/c/")).toMatchObject({
      right: { kind: "regex", pattern: "a[/]b/c", ignoreCase: false },
    });
    expect(guardOf("args.a contains // why\n /x/")).toMatchObject({ right: { pattern: "x" } });
  });

  it.each([
    [
      "during mon-fri 08:00-18:00",
      { days: [{ first: "mon", last: "fri" }], from: { minutes: 480 }, to: { minutes: 1080 } },
    ],
    [
      "during mon, wed - fri",
      {
        days: [
          { first: "mon", last: "mon" },
          { first: "wed", last: "fri" },
        ],
      },
    ],
    ['during 22:00 - 24:00 in "UTC"', { to: { minutes: 1440 }, zone: { value: "UTC" } }],
    ["before 2024-02-29", { kind: "before", date: { text: "2024-02-29" } }],
  ])("read %s", (text, expected) => {
    expect(guardOf(text)).toMatchObject(expected);
  });

  it("read brackets and quotes in paths", () => {
    expect(guardOf('args["a b"][0].c == 1')).toMatchObject({
      left: {
        path: {
          steps: [
            { kind: "key", value: "a b", quoted: true },
            { kind: "index", value: 0 },
            { kind: "key", value: "c", quoted: false },
          ],
        },
      },
    });
  });
});

describe("limits", () => {
  it.each([
    [
      "limit all 5/minute",
      { all: {}, limit: { each: false, amount: { kind: "count", max: { value: 5 } } } },
    ],
    [
      "limit a, b each 10/15 minutes sliding",
      {
        limit: {
          each: true,
          amount: { sliding: true, window: { every: { value: 15 }, unit: "minute" } },
        },
      },
    ],
    ["limit a 10/1 minutes", { limit: { amount: { window: { unit: "minute" } } } }],
    [
      "limit a sum(args.amount) to 0.5/day per session, args.id as b",
      { limit: { amount: { kind: "sum", max: { value: 0.5 } }, as: { value: "b" } } },
    ],
    [
      "limit a 3 concurrent per server",
      { limit: { amount: { kind: "concurrent" }, scope: { keys: [{ value: "server" }] } } },
    ],
    [
      'limit a 1/hour because "No." as b if c per grant',
      { because: { value: "No." }, guard: { kind: "if" } },
    ],
  ])("read %s", (text, expected) => {
    expect(only(text)).toMatchObject(expected);
  });

  it("are clauses where rules name their tools, and rules in an on block", () => {
    expect(only("allow a\n  limit 10/hour\n  limit each 5/minute")).toMatchObject({
      limits: [{}, {}],
    });
    const { document, diagnostics } = read("on a { allow limit 10/hour }\nallow b limit c 5/hour");
    expect(diagnostics).toEqual([]);
    expect(document.statements).toMatchObject([
      { body: [{ kind: "allow", limits: [] }, { kind: "limit" }] },
      { kind: "allow" },
      { kind: "limit", targets: { items: [{ value: "c" }] } },
    ]);
  });
});

describe("tests", () => {
  it("take a string before a brace as the next step", () => {
    const test = only(
      'test "t" {\n  a {} => deny\n  "fs/read" {} => deny "x"\n  "b" {} => hide\n}',
    );
    expect(test).toMatchObject({
      steps: [
        { tool: { value: "a" } },
        { tool: { value: "fs/read" }, message: { value: "x" } },
        { tool: { value: "b" } },
      ],
    });
    expect((test as unknown as { steps: object[] }).steps[0]).not.toHaveProperty("message");
  });

  it("take labels after a grant, and no labels before the body", () => {
    expect(
      only('test "t" as "ci" { team: "a" } { as "x" {} { a {} => ask } as "y" { } }'),
    ).toMatchObject({
      as: { grant: { value: "ci" }, labels: { entries: [{}] } },
      steps: [
        { kind: "as", as: { labels: { entries: [] } }, steps: [{}] },
        { kind: "as", steps: [] },
      ],
    });
  });

  it("hold lists of objects as arguments", () => {
    expect(
      only('test "t" {\n  a { items: [{ id: 1 }, [null, true,],], } => allow\n}'),
    ).toMatchObject({
      steps: [
        { args: { entries: [{ value: { items: [{ kind: "object" }, { kind: "list" }] } }] } },
      ],
    });
  });

  it("keep the other steps when one is broken", () => {
    const { document, diagnostics } = read(
      'test "t" {\n  a {} => allow\n  b { x: } => allow\n  c {} => perhaps\n  d {} => ask\n}',
    );
    expect(diagnostics).toHaveLength(2);
    expect((document.statements[0] as unknown as { steps: object[] }).steps).toMatchObject([
      { kind: "call" },
      { kind: "broken" },
      { kind: "broken" },
      { kind: "call" },
    ]);
  });
});

describe("targets", () => {
  it("know kinds, globs, groups and exceptions", () => {
    expect(only('allow a, "b/c", list_*, "x*", @read except d, @e')).toMatchObject({
      targets: {
        of: "tool",
        items: [
          { kind: "name", quoted: false },
          { kind: "name", value: "b/c", quoted: true },
          { kind: "glob", value: "list_*" },
          { kind: "glob", value: "x*", quoted: true },
          { kind: "group", value: "read" },
        ],
        except: [{ value: "d" }, { kind: "group", value: "e" }],
      },
    });
  });

  it("read `?` in a URI as a part of it", () => {
    expect(only('allow resource "https://x.example/?q=1"')).toMatchObject({
      targets: { of: "resource", items: [{ kind: "name" }] },
    });
    expect(only('allow "get_?"')).toMatchObject({ targets: { items: [{ kind: "glob" }] } });
  });
});

it("is pure: two runs over one text, and another in between, give the same", () => {
  fc.assert(
    fc.property(arbitraryDocument, (document: Document) => {
      const text = format(document);
      const first = read(text);
      read("deny x if (((");
      expect(read(text)).toEqual(first);
    }),
    { numRuns: runs(30) },
  );
});
