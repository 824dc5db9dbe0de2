import type { IToken, TokenType } from "chevrotain";
import { expectedAt } from "./expected.ts";
import { parsed } from "./parsed.ts";
import type { Source } from "./source.ts";
import * as t from "./tokens.ts";

/** How a statement is written, part by part, and the part that an offset is in. */
export interface Signature {
  readonly label: string;
  readonly doc: string;
  readonly parts: readonly ShapePart[];
  /** Index into `parts`. */
  readonly active: number;
}

export interface ShapePart {
  /** As it stands in the label, once. */
  readonly label: string;
  readonly doc: string;
}

interface Part extends ShapePart {
  /** The words behind which an offset is in the part. */
  readonly after: readonly TokenType[];
}

interface Shape {
  readonly doc: string;
  readonly parts: readonly Part[];
}

const part = (label: string, doc: string, ...after: TokenType[]): Part => ({ label, doc, after });

const TARGETS = part(
  "targets",
  "Names, globs (`get_*`) and groups (`@read`), with commas; `except` takes some away.",
  t.Except,
);
const IF = part("[if condition]", "The calls that the rule is about.", t.If);
const GUARD = part(
  "[if | unless condition]",
  "The calls that the rule is about. `unless` also takes in the calls that leave out what the condition reads.",
  t.If,
  t.Unless,
);
const LIMIT = part(
  "[limit amount per scope]",
  "How many calls get through: `10/hour`, `sum(args.amount) to 500/day` or `3 concurrent`.",
  t.Limit,
);
const BECAUSE = part('[because "…"]', "What the model reads when the call is denied.", t.Because);
const UNTIL = part("[until date]", "The last day of the permission, UTC.", t.Until);

const SHAPES: ReadonlyMap<TokenType, Shape> = new Map<TokenType, Shape>([
  [
    t.Allow,
    {
      doc: "Permits calls.",
      parts: [{ ...TARGETS, after: [t.Allow, t.Except] }, IF, LIMIT, BECAUSE, UNTIL],
    },
  ],
  [
    t.Ask,
    {
      doc: "Permits calls once a person has agreed.",
      parts: [
        { ...TARGETS, after: [t.Ask, t.Except] },
        GUARD,
        part('[by "approvers"]', "The groups of people of whom one must agree.", t.By),
        part("[within duration]", "How long the question stands.", t.Within),
        LIMIT,
        BECAUSE,
        UNTIL,
      ],
    },
  ],
  [
    t.Deny,
    { doc: "Forbids calls.", parts: [{ ...TARGETS, after: [t.Deny, t.Except] }, GUARD, BECAUSE] },
  ],
  [
    t.Hide,
    { doc: "Takes tools out of the list.", parts: [{ ...TARGETS, after: [t.Hide, t.Except] }] },
  ],
  [
    t.Limit,
    {
      doc: "Bounds how many permitted calls get through.",
      parts: [
        part("targets | all", "What is counted; `all` is every tool call.", t.Limit, t.Except),
        part("[each]", "Every tool has a counter of its own.", t.Each),
        part(
          "amount",
          "`10/hour`, `sum(args.amount) to 500/day` or `3 concurrent`.",
          t.Slash,
          t.Sum,
          t.To,
          t.Concurrent,
        ),
        part("[per scope]", "`grant`, `session`, `server` or an argument.", t.Per),
        IF,
        part("[as name]", "The counter's name; limits of one name share it.", t.As),
        BECAUSE,
      ],
    },
  ],
  [
    t.Server,
    {
      doc: "Names the server.",
      parts: [
        part("name", "Any name; it is shown in messages.", t.Server),
        part('[tools "file"]', "The saved tool list, relative to this file.", t.Tools),
      ],
    },
  ],
  [
    t.Default,
    {
      doc: "What happens where no rule permits.",
      parts: [
        part("allow | deny | hide", "The outcome.", t.Default),
        part("[resources | prompts]", "Of which kind, if not of tools.", t.Allow, t.Deny, t.Hide),
      ],
    },
  ],
  [
    t.Let,
    {
      doc: "Names a constant or a condition.",
      parts: [
        part("name =", "The name.", t.Let),
        part("value or condition", "What the name stands for.", t.Assign),
      ],
    },
  ],
  [
    t.Group,
    {
      doc: "Names a set of tools.",
      parts: [
        part("@name =", "The name, with `@`.", t.Group),
        { ...TARGETS, after: [t.Assign, t.Except] },
      ],
    },
  ],
  [t.On, { doc: "Rules with the same targets.", parts: [{ ...TARGETS, after: [t.On, t.Except] }] }],
  [
    t.When,
    {
      doc: "Rules with a common condition.",
      parts: [part("condition", "It is added to every rule inside.", t.When)],
    },
  ],
  [
    t.Always,
    { doc: "A claim about every call.", parts: [{ ...TARGETS, after: [t.Deny, t.Except] }, IF] },
  ],
  [
    t.Never,
    { doc: "A claim about every call.", parts: [{ ...TARGETS, after: [t.Allow, t.Except] }, IF] },
  ],
]);

const LEAD: ReadonlyMap<TokenType, string> = new Map([
  [t.Always, "always deny"],
  [t.Never, "never allow"],
]);

/** How the statement at an offset is written; undefined where no statement has been begun. */
export function signatureAt(source: Source, offset: number): Signature | undefined {
  const { before, context } = expectedAt(source, offset, parsed(source).lexed);
  const tokens = before[0]?.tokenType === t.Shadow ? before.slice(1) : before;
  const word = tokens[0]?.tokenType;
  const shape = word === undefined ? undefined : SHAPES.get(word);
  if (word === undefined || shape === undefined) return undefined;
  // In a block the targets stand at its head.
  const parts =
    context === "on"
      ? shape.parts.filter(({ label }) => !label.startsWith("targets"))
      : shape.parts;
  if (parts.length === 0) return undefined;
  const lead = LEAD.get(word) ?? word.name;
  return {
    label: [lead, ...parts.map(({ label }) => label)].join(" "),
    doc: shape.doc,
    parts: parts.map(({ label, doc }) => ({ label, doc })),
    active: activePart(parts, tokens),
  };
}

function activePart(parts: readonly Part[], tokens: readonly IToken[]): number {
  let active = 0;
  for (const token of tokens) {
    const found = parts.findIndex(({ after }) => after.includes(token.tokenType));
    if (found >= 0) active = found;
  }
  return active;
}
