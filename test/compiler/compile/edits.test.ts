import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Compilation, catalogue, compile, type Host } from "../../../compiler/index.ts";
import { edited, Source } from "../../../language/index.ts";
import { serializePolicy } from "../../../policy/index.ts";
import { runs } from "../../language/arbitrary.ts";
import { applied, textEdit } from "../../language/edits.ts";
import { payments } from "../compiling.ts";
import { print, programs } from "../programs.ts";

const START = `server payments
import "./base.mcpp"
default deny
labels role: "support" | "finance"
let cap = 100_00
let small = args.amount < cap
let tiny = small and args.amount < 5
group @looks = get_*, list_charges
group @all_looks = @looks, create_customer
allow @looks limit each 60/minute per grant
allow create_refund if tiny or args.reason == "a"
deny create_refund unless small because "Too much."
on create_refund {
  /// Who may.
  allow
  deny unless args.amount <= cap because "Too much."
  ask if args.amount > 50 by "leads" within 10m
}
when grant.role == "finance" {
  allow create_customer
  limit create_refund sum(args.amount) to 500/day as budget
}
deny @all_looks if any l in args.lines (l.price < 5)
deny create_refund if args.path starts with "/srv/"
limit create_refund 10/hour per session
limit create_refund 5/hour
allow delete_customer
never allow delete_customer
`;

const BASE = 'group @shared = get_charge\nlet base_cap = 5\ndeny @shared if args.id == "x"\n';

/** Lines that change what other statements mean. */
const LINES = [
  "let cap = 5",
  'let cap = "5"',
  "let small = args.amount < 7",
  "let l = 5",
  "group @looks = list_charges",
  "group @read = get_charge",
  "labels role",
  "default allow",
  "pin tools",
  "validate arguments strictly",
  "allow create_refund",
  "deny create_refund",
  "deny *",
  "hide get_*",
  "limit all 120/minute",
  "limit create_refund 1/hour",
  "deny create_refund if args.amount < 3",
  "deny delete_customer if grant.role == base_cap",
  "}",
  "on create_refund {",
];

interface LineEdit {
  readonly kind: "remove" | "insert" | "double" | "swap" | "type";
  readonly at: number;
  readonly line: string;
}

const lineEdit: fc.Arbitrary<LineEdit> = fc.record({
  kind: fc.constantFrom("remove", "insert", "insert", "double", "swap"),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  line: fc.constantFrom(...LINES),
});

function withLine(text: string, { kind, at, line }: LineEdit): string {
  const lines = text.split("\n");
  const index = Math.min(Math.floor(at * lines.length), lines.length - 1);
  const here = lines[index] as string;
  if (kind === "remove") lines.splice(index, 1);
  if (kind === "insert") lines.splice(index, 0, line);
  if (kind === "double") lines.splice(index, 0, here);
  if (kind === "swap") lines.splice(index, 2, ...lines.slice(index, index + 2).reverse());
  return lines.join("\n");
}

const edits = fc.array(
  fc.oneof(
    lineEdit.map((edit) => (text: string) => withLine(text, edit)),
    textEdit.map((edit) => (text: string) => applied(text, edit)),
    // Undone at once, so that most texts are sound.
    fc.constant(undefined),
  ),
  { minLength: 1, maxLength: 12 },
);

const REMEMBER = { remember: true };

/** All that a compilation says. */
function shown({ policy, map, diagnostics, program }: Compilation): string {
  const places = JSON.stringify(diagnostics, (key, value) =>
    key === "source" ? (value as Source).name : value,
  );
  const uses = [...program.lets, ...program.groups].map(([name, bound]) => [name, bound.uses]);
  const bytes = policy === undefined ? "" : serializePolicy(policy);
  return [places, JSON.stringify(uses), JSON.stringify(map), bytes].join("\n");
}

function expectSame(
  text: string,
  steps: readonly (((text: string) => string) | undefined)[],
  hostOf: () => Host,
): void {
  const host = hostOf();
  let source = new Source("policy.mcpp", text);
  let before = text;
  compile(source, host, REMEMBER);
  for (const step of steps) {
    const next = step === undefined ? before : step(source.text);
    before = source.text;
    source = edited(source, next);
    const fresh = compile(new Source("policy.mcpp", next), hostOf());
    expect(shown(compile(source, host, REMEMBER)), next).toBe(shown(fresh));
  }
}

describe("compiling a text after an edit", () => {
  const list = new Source("tools.json", JSON.stringify(payments));
  const hostOf = (): Host => {
    const base = new Source("base.mcpp", BASE);
    return { read: (path) => (path === "./base.mcpp" ? base : undefined), toolList: list };
  };

  it("gives what compiling it afresh gives, whatever the edits", () => {
    const texts = fc.oneof(
      { weight: 2, arbitrary: fc.constant(START) },
      {
        weight: 1,
        arbitrary: programs.map(({ headings, program }) => print(headings, program)),
      },
    );
    fc.assert(
      fc.property(texts, edits, (text, steps) => expectSame(text, steps, hostOf)),
      { numRuns: runs(60) },
    );
  });

  it("gives it for everything that can be reported, coming and going", () => {
    for (const { example, code } of catalogue) {
      const { fails, passes, tools, files = {}, failsWithoutTools } = example;
      const around: Host = {
        read: (path) => {
          const text = files[path] ?? files[path.replace(/^\.\//, "")];
          return text === undefined ? undefined : new Source(path, text);
        },
        ...(tools === undefined || failsWithoutTools
          ? {}
          : { toolList: new Source("tools.json", JSON.stringify(tools)) }),
      };
      const to = (text: string) => () => text;
      const steps = [fails, passes, `\n${fails}`, `${passes}\n// x`, passes, fails].map(to);
      expect(() => expectSame(passes, steps, () => around), code).not.toThrow();
    }
  });
});
