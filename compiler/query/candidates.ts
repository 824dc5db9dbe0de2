import { wordDoc } from "../../language/index.ts";
import { membersOf } from "../tools/algebra.ts";
import { describe } from "../tools/describe.ts";
import type { Type } from "../tools/types.ts";
import { EMPTY_STRING } from "./snippets.ts";

export type CandidateKind =
  | "keyword"
  | "statement"
  | "operator"
  | "tool"
  | "resource"
  | "prompt"
  | "glob"
  | "group"
  | "let"
  | "variable"
  | "argument"
  | "label"
  | "value"
  | "unit"
  | "counter"
  | "zone"
  | "amount";

/** Something that may be typed at a place. */
export interface Candidate {
  readonly kind: CandidateKind;
  readonly label: string;
  readonly text: string;
  /** The same with places to fill in, `${1:tool}`, where it has some. */
  readonly snippet?: string;
  /** A few words beside the label. */
  readonly detail?: string;
  /** Markdown. */
  readonly doc?: string;
  /** Likelier than others of its kind. */
  readonly preferred?: true;
}

/** What a word means. */
export function docOf(word: string): Pick<Candidate, "detail" | "doc"> {
  const doc = wordDoc(word);
  return doc === undefined ? {} : { detail: doc.usage, doc: doc.text };
}

/** The values that a type has, where it has few; quotes where it is a text. */
export function literalsOf(type: Type): readonly Candidate[] {
  const members = membersOf(type);
  const literals = members.flatMap((member): Candidate[] => {
    if (member.kind !== "literal" || typeof member.value === "object") return [];
    const text = JSON.stringify(member.value);
    return [{ kind: "value", label: text, text, preferred: true }];
  });
  const booleans = members.some(({ kind }) => kind === "boolean")
    ? ["true", "false"].map(
        (text): Candidate => ({ kind: "value", label: text, text, preferred: true }),
      )
    : [];
  const strings = members.some(({ kind }) => kind === "string")
    ? [
        {
          kind: "value" as const,
          label: '"…"',
          text: '""',
          snippet: EMPTY_STRING,
          detail: describe(type),
        },
      ]
    : [];
  return [...literals, ...booleans, ...strings];
}

export function oneLine(text: string): string {
  const line = text.replace(/\s+/g, " ");
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}

export function countOf(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
