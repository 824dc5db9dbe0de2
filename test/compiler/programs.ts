import fc from "fast-check";
import type { Json } from "../../policy/index.ts";
import { payments } from "./compiling.ts";

/**
 * Random programs over the tools of `payments`. A program is a list of statements, and a condition a tree,
 * so that both can be printed in any order.
 */

export type Tree =
  | { readonly kind: "leaf"; readonly text: string }
  | { readonly kind: "not"; readonly part: Tree }
  | { readonly kind: "and" | "or"; readonly parts: readonly Tree[] };

export interface Statement {
  /** With `%` in place of its condition. */
  readonly text: string;
  readonly condition?: Tree;
}

export type Program = readonly Statement[];

const leaf = (text: string): Tree => ({ kind: "leaf", text });

const number = fc.constantFrom("0", "5", "50_00", "-1.25", "99.99");
const text = fc.constantFrom("a", "Git push", "x.y*", "", "ß", "a/b", "\\");
const quoted = text.map((value) => JSON.stringify(value));

const leaves: fc.Arbitrary<Tree> = fc
  .oneof(
    fc
      .tuple(
        fc.constantFrom("args.amount", "args.order.total", "args.lines[0].price"),
        fc.constantFrom("==", "!=", "<", "<=", ">", ">="),
        number,
      )
      .map((parts) => parts.join(" ")),
    fc
      .tuple(
        fc.constantFrom("args.reason", "args.note", 'args.note else "n"', "grant.role"),
        fc.constantFrom("==", "!=", "contains", "starts with", "ends with", "like"),
        quoted,
        fc.constantFrom("", " ignoring case"),
      )
      .map(([path, operator, value, folded]) => `${path} ${operator} ${value}${folded}`),
    fc
      .tuple(
        fc.constantFrom("in", "not in"),
        fc.uniqueArray(quoted, { minLength: 1, maxLength: 3 }),
      )
      .map(([operator, values]) => `args.reason ${operator} [${values.join(", ")}]`),
    fc.constantFrom(
      "args.force == true",
      "has args.note",
      "args.note == null",
      "args.note != null",
      "args.amount > args.order.total",
      "args.order.total >= args.amount",
      "args.reason == args.note",
      "args.amount < args.order.total else 10",
      "args.reason matches /a+|b\\/c/",
      "args.reason matches /x/i",
      "args.reason contains /^a/",
      'args.path under "/srv/out"',
      'args.url under ["https://*.example.com/docs", "https://b.example"]',
      'host(args.url) == "a.example"',
      "length(args.tags) <= 3",
      'any t in args.tags (t == "a" or t == "b")',
      "every l in args.lines (l.price > 1 and l.price < 9)",
      '"a" in args.tags',
      'args.tags contains "a"',
      "during mon-fri 08:00-18:00",
      'during sat, sun in "Europe/Berlin"',
      "before 2026-12-31",
      "after 2026-01-01",
      'grant.name == "ci"',
    ),
  )
  .map(leaf);

export const trees: fc.Arbitrary<Tree> = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3, depthIdentifier: "tree" },
    { weight: 3, arbitrary: leaves },
    { weight: 1, arbitrary: tie("tree").map((part): Tree => ({ kind: "not", part })) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(
          fc.constantFrom("and" as const, "or" as const),
          fc.array(tie("tree"), { minLength: 2, maxLength: 3 }),
        )
        .map(([kind, parts]): Tree => ({ kind, parts })),
    },
  ),
})).tree;

const names = payments.tools.map(({ name }) => name);
/** Conditions read the arguments of `create_refund`. */
const judged = fc.constant("create_refund");
const plain = fc
  .uniqueArray(fc.constantFrom(...names), { minLength: 1, maxLength: 3 })
  .map((found) => found.join(", "));
const because = fc.constantFrom("", ' because "One."', ' because "Two."');
const shadow = fc.constantFrom("", "", "", "shadow ");

const join = (...parts: fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
  fc.tuple(...parts).map((texts) => texts.join(""));
const one = (value: string): fc.Arbitrary<string> => fc.constant(value);

/** Statements that permit. */
export const permitting: fc.Arbitrary<Statement> = fc.oneof(
  join(one("allow "), plain, because).map((text) => ({ text })),
  join(one("allow "), plain, one(" limit each 60/minute")).map((text) => ({ text })),
  fc
    .tuple(join(one("allow "), judged, one(" if %"), because), trees)
    .map(([text, condition]) => ({ text, condition })),
  join(one("allow "), judged, one(" until 2026-12-31")).map((text) => ({ text })),
);

export const asking: fc.Arbitrary<Statement> = fc.oneof(
  fc
    .tuple(
      join(
        shadow,
        one("ask "),
        judged,
        fc.constantFrom(" if %", " unless %"),
        fc.constantFrom("", ' by "leads"', ' by "b", "a" within 90s'),
        because,
      ),
      trees,
    )
    .map(([text, condition]) => ({ text, condition })),
  join(one("ask "), plain, because).map((text) => ({ text })),
);

/** Statements that never permit anything. */
export const restricting: fc.Arbitrary<Statement> = fc.oneof(
  join(shadow, one("deny "), plain, because).map((text) => ({ text })),
  fc
    .tuple(
      join(shadow, one("deny "), judged, fc.constantFrom(" if %", " unless %"), because),
      trees,
    )
    .map(([text, condition]) => ({ text, condition })),
  fc
    .tuple(
      join(
        one("when % { deny "),
        judged,
        fc.constantFrom("", " unless args.amount < 5", " if args.amount > 50"),
        one(" }"),
      ),
      trees,
    )
    .map(([text, condition]) => ({ text, condition })),
  join(one("hide "), plain).map((text) => ({ text })),
  fc.constantFrom<Statement>(
    { text: "limit create_refund 10/hour" },
    { text: "limit create_refund sum(args.amount) to 500.25/day per session as budget" },
    { text: 'limit list_charges, get_charge 9/minute as lookups because "Wait."' },
    { text: "limit create_refund 2 concurrent per args.reason" },
    {
      text: "limit each *_charge, *_refund 100/15 minutes sliding".replace(
        "each *_charge, *_refund",
        "get_charge, create_refund each",
      ),
    },
    { text: "limit all 120/minute" },
    { text: "shadow limit create_refund 1/second" },
  ),
  fc
    .tuple(one("limit create_refund 3/week if %"), trees)
    .map(([text, condition]) => ({ text, condition })),
);

export const headings: fc.Arbitrary<readonly string[]> = fc
  .tuple(
    fc.constantFrom("", "default deny", "default hide", "default allow"),
    fc.constantFrom("", "", "validate arguments", "validate arguments strictly"),
    fc.constantFrom("", "", "pin tools"),
    fc.constantFrom(
      "",
      'allow resource "file:///docs/*"\nhide resource "file:///docs/secret"',
      "default allow prompts\ndeny prompt summarise",
    ),
  )
  .map((lines) => lines.filter((line) => line !== ""));

export const programs: fc.Arbitrary<{ headings: readonly string[]; program: Program }> = fc
  .tuple(
    headings,
    fc.array(fc.oneof(permitting, asking, restricting), { minLength: 1, maxLength: 8 }),
  )
  .map(([lines, program]) => ({ headings: lines, program }));

/** Prints a program; `shuffle` may change the order of statements and operands. */
export function print(
  lines: readonly string[],
  program: Program,
  shuffle: <T>(items: readonly T[]) => readonly T[] = (items) => items,
): string {
  const statements = program.map(({ text, condition }) =>
    condition === undefined ? text : text.replace("%", () => printTree(condition, 0, shuffle)),
  );
  return `labels role\n${shuffle([...lines, ...statements]).join("\n")}\n`;
}

function printTree(
  tree: Tree,
  level: 0 | 1 | 2,
  shuffle: <T>(items: readonly T[]) => readonly T[],
): string {
  switch (tree.kind) {
    case "leaf":
      return tree.text;
    case "not":
      return `not ${printTree(tree.part, 2, shuffle)}`;
    case "and":
    case "or": {
      const inner = tree.kind === "or" ? 1 : 2;
      const text = shuffle(tree.parts)
        .map((part) => printTree(part, inner, shuffle))
        .join(` ${tree.kind} `);
      return level > (tree.kind === "or" ? 0 : 1) ? `(${text})` : text;
    }
  }
}

const value = fc.constantFrom<Json>(
  null,
  true,
  0,
  5,
  6,
  50.5,
  5000,
  -1.25,
  "a",
  "Git push",
  "aab/c",
  "x.yz",
  "/srv/out/x",
  "/etc",
  "https://www.example.com/docs/a",
  "https://a.example/",
  ["a"],
  ["b", "c", "d", "e"],
  [{ price: 2 }, { price: 20 }],
  { total: 7 },
  {},
);
const missing = fc.constant(undefined);

/** Arguments of `create_refund`: mostly of the right type, some missing, some wrong. */
export const callArguments: fc.Arbitrary<{ readonly [key: string]: Json }> = fc
  .record({
    amount: fc.oneof(fc.constantFrom(0, 4, 5, 6, 50, 5000, 5001), missing, value),
    reason: fc.oneof(fc.constantFrom("a", "Git push", "aab/c", "X", ""), missing, value),
    note: fc.oneof(fc.constantFrom("a", "n", "Git push"), missing, value),
    url: fc.oneof(fc.constantFrom("https://www.example.com/docs/a", "https://a.example/"), value),
    path: fc.oneof(fc.constantFrom("/srv/out/x", "/srv/outer"), missing, value),
    force: fc.oneof(fc.boolean(), missing, value),
    tags: fc.oneof(fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 4 }), missing, value),
    order: fc.oneof(fc.constantFrom({ total: 3 }, { total: 7 }, {}), missing, value),
    lines: fc.oneof(fc.array(fc.constantFrom({ price: 2 }, { price: 8 }), { maxLength: 2 }), value),
  })
  .map(
    (record) =>
      Object.fromEntries(Object.entries(record).filter(([, v]) => v !== undefined)) as {
        readonly [key: string]: Json;
      },
  );
