import { describe, expect, it } from "vitest";
import { raisePolicy } from "../../../compiler/index.ts";
import { format, parse, Source } from "../../../language/index.ts";
import { type Policy, serializePolicy, validatePolicy } from "../../../policy/index.ts";
import { compileText, payments, policyOf, shown } from "../compiling.ts";

/** What `mcpp import` prints. */
function raised(policy: unknown): string {
  const validated = validatePolicy(policy);
  expect(validated).toHaveProperty("policy");
  const { text } = raisePolicy(policy as Policy);
  const { document, diagnostics } = parse(new Source("raised.mcpp", text));
  expect(diagnostics.map(shown)).toEqual([]);
  return format(document);
}

/** The text, which must compile to the given policy again. */
function identity(policy: object): string {
  const text = raised(policy);
  expect(serializePolicy(policyOf(text))).toBe(serializePolicy(policy as Policy));
  return text;
}

const core = (tool: object, rest: object = {}): object => ({
  version: "1",
  default: "deny",
  ...rest,
  tools: { t: tool },
});
const compare = (op: string, value: unknown, path = "args.x") => ({ path, op, value });

describe("core documents come back as they were", () => {
  it.each<[string, object, string]>([
    ["allowed", core({}), "default deny\n\nallow t\n"],
    [
      "limited",
      core({
        limits: [{ counter: "t_rate", window: "minute", max: 10, scope: "grant" }],
      }),
      "default deny\n\nallow t limit 10/minute per grant\n",
    ],
    [
      "with a counter of its own name",
      core({
        limits: [
          { counter: "cross-platform_per_minute", window: "minute", max: 60, scope: "grant" },
        ],
      }),
      "default deny\n\nallow t limit 60/minute per grant as cross-platform_per_minute\n",
    ],
    [
      "required",
      core({
        require: [
          { conditions: [compare("lte", 10), compare("in", ["a", "b"], "args.y")], on_deny: "No." },
        ],
      }),
      'default deny\n\nallow t if args.x <= 10 and args.y in ["a", "b"] because "No."\n',
    ],
    [
      "required twice",
      core({
        require: [{ conditions: [compare("gt", 1)] }, { conditions: [compare("exists", true)] }],
      }),
      "default deny\n\non t {\n  allow\n  deny unless args.x > 1\n  deny unless has args.x\n}\n",
    ],
    [
      "denied",
      core({ deny_if: [{ conditions: [compare("not_in", ["usd"])], on_deny: "usd only." }] }),
      'default deny\n\non t {\n  allow\n  deny if args.x not in ["usd"] because "usd only."\n}\n',
    ],
    [
      "denied outright, for a reason",
      core({ deny_if: [{ conditions: [], on_deny: "Never." }] }),
      'default deny\n\ndeny t because "Never."\n',
    ],
    [
      "under default allow",
      core(
        {
          require: [{ conditions: [compare("regex", "^(ls|pwd)$")] }],
          deny_if: [{ conditions: [compare("regex", "[;&|`/]")] }],
        },
        { default: "allow", hide: ["delete_repo"] },
      ),
      "default allow\n\non t {\n  deny unless args.x contains /^(ls|pwd)$/\n  deny if args.x contains /[;&|`/]/\n}\n\nhide delete_repo\n",
    ],
    [
      "for every tool",
      {
        version: "1",
        default: "allow",
        hide: ["*"],
        all_tools: {
          limits: [{ counter: "calls-per-minute", window: "minute", max: 9, scope: "grant" }],
        },
      },
      "default allow\n\nhide *\n\nlimit all 9/minute per grant as calls-per-minute\n",
    ],
  ])("%s", (_, policy, text) => {
    expect(identity(policy)).toBe(text);
  });

  it.each([
    ["args.x", "eq", 9007199254740991],
    ["args.x", "eq", 1.5e-9],
    ["args.x", "eq", -0.25],
    ["args.x", "eq", true],
    ["args.x", "eq", null],
    ["args.x", "neq", null],
    ["args.x", "eq", 'quote " and \\ and \u2028'],
    ["args.if.any.true", "eq", 1],
    ["args.x-y", "contains", [["a"], ["b"]]],
    ["args.x y", "exists", false],
    ["args.x", "regex", "^a\\.b"],
    ["args.x", "regex", "a/b$"],
    ["args.x", "regex", "(?i)a.c"],
    ["args.x", "regex", "(?i)^(?s:a|b\\|c)$"],
    ["args.x", "regex", "^(?s:.*\\.md)$"],
    ["args.x", "regex", "^(?s:a)|(?s:b)$"],
    ["args.x", "regex", "[/]\\\\"],
  ])("%s %s %j", (path, op, value) => {
    identity(core({ deny_if: [{ conditions: [compare(op, value, path)] }] }));
  });
});

describe("what the language cannot say", () => {
  it("becomes a comment, a notice, and a denial", () => {
    const policy = core({ deny_if: [{ conditions: [compare("eq", { a: 1 })] }] });
    const { text, notices } = raisePolicy(policy as Policy);
    expect(notices).toEqual([
      { at: "/tools/t/deny_if/0", message: "A comparison with a whole object cannot be written." },
    ]);
    expect(text).toContain("  // A comparison with a whole object cannot be written.\n  deny\n");
    expect(policyOf(text).tools?.t?.deny_if).toEqual([{ conditions: [] }]);
  });

  it.each([[{ a: 1 }], [["a", 1]], [1e21], [0.1 + 0.2]])("such as %j", (value) => {
    const policy = core({ deny_if: [{ conditions: [compare("contains", value)] }] });
    const { text, notices } = raisePolicy(policy as Policy);
    expect(notices).toHaveLength(1);
    expect(policyOf(text).tools?.t?.deny_if).toEqual([{ conditions: [] }]);
  });

  it("is never let through instead: a requirement", () => {
    const policy = core({ require: [{ conditions: [compare("neq", { a: 1 })] }] });
    const again = policyOf(raisePolicy(policy as Policy).text).tools?.t;
    expect(again === undefined || again.deny_if?.[0]?.conditions.length === 0).toBe(true);
  });

  it("is said of a denial that may stand for an approval", () => {
    const policy = core({ deny_if: [{ conditions: [], on_deny: "Requires human approval." }] });
    expect(raised(policy)).toContain("may stand for an approval");
  });

  it.each([
    ["^a|b$", true],
    ["^(a|b)$", false],
    ["^a$|^b$", false],
    ["^a$|^b", true],
    ["a|b", false],
    ["^a[|(]b$", false],
    ["^a\\|b$", false],
    ["(?i)^a|b", true],
  ])("of %s, whose alternatives are anchored each by itself: %s", (pattern, half) => {
    const policy = core({ require: [{ conditions: [compare("regex", pattern)] }] });
    expect(raisePolicy(policy as Policy).notices).toHaveLength(half ? 1 : 0);
  });

  it("is said of patterns that are anchored at one end", () => {
    const policy = core({ require: [{ conditions: [compare("regex", "^(npm|git) ")] }] });
    const { notices } = raisePolicy(policy as Policy);
    expect(notices.map(({ message }) => message)).toEqual([
      "The pattern `^(npm|git) ` fixes one end of the text and leaves the other open.",
    ]);
  });
});

it("raises the example of every extension", () => {
  const text = `default deny
labels team
allow list_charges, get_charge limit each 60/minute per session
on create_refund {
  allow
  deny unless args.path under "/srv/out" or every t in args.tags (t in ["a", "b"])
  deny if host(args.url) != "a.example" and length(args.tags) > 2
  deny if not during mon-fri 08:00-18:00 in "Europe/Berlin"
  deny if grant.team == "x" and client.name == "y"
  deny if args.amount else 0 > args.order.total
  ask if args.lines[0].price > 5 by "b", "a" within 90s because "Ask."
  shadow ask
  limit sum(args.amount) to 0.25/15 minutes sliding per server, args.reason as money because "Slow."
  limit 2 concurrent
  shadow limit 1/second if args.force == true
}
deny create_customer because "No."
allow resource "file:///a/*"
deny resource "file:///a/b"
default allow prompts
`;
  const policy = policyOf(text, { tools: payments });
  const again = raisePolicy(policy);
  expect(again.notices).toEqual([]);
  expect(serializePolicy(policyOf(again.text, { tools: payments }))).toBe(serializePolicy(policy));
  expect(again.text).toMatchSnapshot();
  const warnings = compileText(again.text, { tools: payments }).diagnostics;
  expect(warnings.filter(({ severity }) => severity === "error")).toEqual([]);
});
