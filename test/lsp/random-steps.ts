import fc from "fast-check";
import { PAYMENTS, PAYMENTS_TEXT } from "./payments.ts";

/** What is edited at random: a policy with every kind of statement, the part that it imports, and its tool list. */
export const START = `server payments tools "./payments.tools.json"
import "./base.mcpp"
default deny
labels role: "support" | "finance"
let cap = 100_00
group @looks = get_*, list_charges except get_secret
allow @looks limit each 60/minute per grant
on create_refund {
  allow
  deny unless args.amount <= cap because "Too much."
  ask if args.amount > 50 by "leads" within 10m
  limit sum(args.amount) to 500/day as budget
}
when grant.role == "finance" {
  allow create_payout if every l in args.lines (l.price < 5)
}
test "refunds" { create_refund { amount: 5 } => allow }
never allow delete_customer
`;

export const BASE =
  'group @shared = get_charge\nlet base_cap = 5\ndeny @shared if args.id == "x"\n';

/** A whole one, one without some of the tools, one that is being written, and one of another server. */
export const TOOL_LISTS = [
  PAYMENTS_TEXT,
  JSON.stringify({ ...PAYMENTS, tools: PAYMENTS.tools.slice(2) }),
  "{",
  JSON.stringify({ tools: [] }),
] as const;

const FRAGMENTS = [
  "\n",
  " ",
  ",",
  ".",
  "{",
  "}",
  "(",
  ")",
  "[",
  "]",
  '"',
  "/",
  "//",
  "/*",
  "@",
  "=",
  "<=",
  "é",
  "😀",
  "\r\n",
  "\r",
  "\t",
  "allow ",
  "deny ",
  "limit ",
  "if ",
  "unless ",
  "args.amount",
  "args.",
  "get_*",
  "create_refund",
  "cap",
  "@looks",
  "10/minute",
  "per ",
  "as budget",
  "on x {\n",
  "\n}\n",
  'import "./base.mcpp"\n',
  "matches /a[/]b/i",
  "&&",
  "1e5",
  "in [",
  "any l in args.lines (",
  'test "t" {\n',
  "=> deny",
];

/** Typed letter by letter, so that most of what the server sees is half a statement. */
const STATEMENTS = [
  "\nallow get_charge limit 5/minute\n",
  '\ndeny create_payout because "x"\n',
  "\nlet cap = 5\n",
  '\ndeny create_refund unless args.reason in ["duplicate"]\n',
  "\non delete_customer {\n  deny\n}\n",
];

export const METHODS = [
  "textDocument/codeAction",
  "textDocument/codeLens",
  "textDocument/completion",
  "textDocument/definition",
  "textDocument/documentHighlight",
  "textDocument/documentLink",
  "textDocument/documentSymbol",
  "textDocument/foldingRange",
  "textDocument/formatting",
  "textDocument/hover",
  "textDocument/inlayHint",
  "textDocument/onTypeFormatting",
  "textDocument/prepareRename",
  "textDocument/rangeFormatting",
  "textDocument/references",
  "textDocument/rename",
  "textDocument/selectionRange",
  "textDocument/semanticTokens/full",
  "textDocument/semanticTokens/full/delta",
  "textDocument/semanticTokens/range",
  "textDocument/signatureHelp",
  "mcpp/status",
  "workspace/symbol",
] as const;
export type Method = (typeof METHODS)[number];

export type Step =
  /** A part of a text is replaced: by all of the new text at once, or letter by letter. */
  | {
      readonly kind: "edit";
      readonly file: "policy" | "base";
      /** Where in the text, in thousandths of it. */
      readonly at: number;
      readonly remove: number;
      readonly text: string;
      readonly byLetter: boolean;
      /** What is asked before the edit, about the place of it, and answered when the text has changed already. */
      readonly method: Method | undefined;
    }
  /** The whole text is sent anew, as it was in the beginning. */
  | { readonly kind: "restart"; readonly file: "policy" | "base" }
  | { readonly kind: "list"; readonly list: number };

const file = fc.constantFrom(
  "policy" as const,
  "policy" as const,
  "policy" as const,
  "base" as const,
);

const edit = (
  weights: { readonly remove: fc.Arbitrary<number>; readonly text: fc.Arbitrary<string> },
  byLetter: boolean,
): fc.Arbitrary<Step> =>
  fc.record({
    kind: fc.constant("edit" as const),
    file,
    at: fc.noBias(fc.integer({ min: 0, max: 1_000 })),
    ...weights,
    byLetter: fc.constant(byLetter),
    method: fc.option(fc.constantFrom(...METHODS), { nil: undefined, freq: 3 }),
  });

/** Texts stay about as long as they are: what is put in and taken out, and the restarts, keep the balance. */
export const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 80,
    arbitrary: edit(
      {
        remove: fc.oneof(
          { weight: 6, arbitrary: fc.constant(0) },
          { weight: 4, arbitrary: fc.integer({ min: 1, max: 12 }) },
          { weight: 1, arbitrary: fc.integer({ min: 1, max: 60 }) },
        ),
        text: fc.oneof(
          { weight: 4, arbitrary: fc.constantFrom(...FRAGMENTS) },
          { weight: 1, arbitrary: fc.string({ maxLength: 6 }) },
          { weight: 2, arbitrary: fc.constant("") },
        ),
      },
      false,
    ),
  },
  {
    weight: 2,
    arbitrary: edit({ remove: fc.constant(0), text: fc.constantFrom(...STATEMENTS) }, true),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("restart" as const), file }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("list" as const),
      list: fc.integer({ min: 0, max: TOOL_LISTS.length - 1 }),
    }),
  },
);
