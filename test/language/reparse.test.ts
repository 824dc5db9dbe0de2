import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { edited, format, parse, parsed, Source } from "../../language/index.ts";
import { arbitraryDocument, runs } from "./arbitrary.ts";
import { applied, textEdit } from "./edits.ts";

const START = `// A policy.
server payments tools "./payments.tools.json"
default deny
/// Not too much.
let cap = 100_00
group @looks = get_*, list_charges except get_secret
allow @looks limit each 60/minute per grant
on create_refund {
  /// Who may.
  allow
  deny unless args.amount <= cap because "Too much."
  // Leads.
  ask if args.amount > 50 by "leads" within 10m
}
when grant.role == "finance" {
  allow create_payout if during mon-fri 08:00-18:00 and args.note matches
    /a[/]b/i
  on create_refund { limit sum(args.amount) to 500/day as budget }
}
/* A note. */
test "refunds" { create_refund { amount: 5 } => allow }
never allow delete_customer; deny x
`;

/** All that was read, sources left out. */
function shown(source: Source, read: typeof parse): string {
  const { document, diagnostics } = read(source);
  return JSON.stringify([document, diagnostics], (key, value) =>
    key === "source" ? undefined : value,
  );
}

describe("reading a text after an edit", () => {
  it("gives what reading it afresh gives, whatever the edits", () => {
    const texts = fc.oneof(
      fc.constant(START),
      arbitraryDocument.map((document) => format(document)),
    );
    fc.assert(
      fc.property(texts, fc.array(textEdit, { minLength: 1, maxLength: 12 }), (text, edits) => {
        let source = new Source("test.mcpp", text);
        parsed(source);
        for (const [index, edit] of edits.entries()) {
          source = edited(source, applied(source.text, edit));
          // Not every version is looked at.
          if (index % 3 === 1) continue;
          const fresh = new Source("test.mcpp", source.text);
          expect(shown(source, parsed)).toBe(shown(fresh, parse));
        }
      }),
      { numRuns: runs(100) },
    );
  });

  it("keeps the statements that are not concerned, where they moved too", () => {
    const before = new Source("test.mcpp", START);
    const nodes = [...parsed(before).document.statements];
    const after = edited(before, START.replace("100_00", "100_000"));
    const { statements } = parsed(after).document;
    const isKept = statements.map((node, index) => node === nodes[index]);
    // The last line has something to report.
    expect(isKept).toEqual([true, true, false, ...Array(5).fill(true), false, false]);
    expect(after.slice(statements.at(-3)?.span ?? { start: 0, end: 0 })).toMatch(/^test "refunds"/);
  });

  it("reads an old text again that was looked at after its edit", () => {
    const before = new Source("test.mcpp", START);
    parsed(before);
    parsed(edited(before, `\n\n${START}`));
    expect(shown(before, parsed)).toBe(shown(new Source("test.mcpp", START), parse));
  });
});
