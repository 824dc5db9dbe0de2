import fc from "fast-check";

/** A change of a text, as someone who types makes it. */
export interface TextEdit {
  /** Where, from 0 to 1. */
  readonly at: number;
  /** How many characters go. */
  readonly remove: number;
  readonly text: string;
}

const FRAGMENTS = [
  ...' \n,.{}()[]"/@=;#-:*é😀\ufeff',
  "//",
  "/*",
  "*/",
  "/// doc\n",
  "// note\n",
  "\r\n",
  "\t",
  "<=",
  "&&",
  "=>",
  "allow ",
  "deny ",
  "limit ",
  "if ",
  "unless ",
  "matches ",
  "08:00",
  "args.amount",
  "get_*",
  "10/minute",
  "\nallow get_charge\n",
  '\ndeny create_payout because "x"\n',
  "\nlet cap = 5\n",
  "\non create_refund {\n",
  '\ntest "t" {\n',
  "\n}\n",
  "matches /a[/]b/i",
  "1e5",
];

export const textEdit: fc.Arbitrary<TextEdit> = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  remove: fc.oneof(
    { weight: 3, arbitrary: fc.constant(0) },
    { weight: 2, arbitrary: fc.integer({ min: 1, max: 8 }) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 120 }) },
  ),
  text: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...FRAGMENTS) },
    { weight: 1, arbitrary: fc.string({ maxLength: 6 }) },
    { weight: 2, arbitrary: fc.constant("") },
  ),
});

export function applied(text: string, { at, remove, text: inserted }: TextEdit): string {
  const start = Math.floor(at * (text.length + 1));
  return text.slice(0, start) + inserted + text.slice(start + remove);
}
