import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { engineJudge } from "../../../cli/judge.ts";
import { compile } from "../../../compiler/compile.ts";
import { Source } from "../../../language/index.ts";
import { shop } from "../check/shop.ts";

const judge = engineJudge();

/** What is said of the claims of a policy, with its other errors. */
function said(text: string, tools: object | string = shop): readonly string[] {
  const list = typeof tools === "string" ? tools : JSON.stringify(tools);
  const { diagnostics } = compile(new Source("policy.mcpp", text), {
    read: () => undefined,
    toolList: new Source("tools.json", list),
    judge,
  });
  return diagnostics
    .filter(({ code, severity }) => severity === "error" || code === "MCPP521")
    .map(({ code, message }) => `${code} ${message}`);
}

describe("the claims of the example", () => {
  const folder = "examples/refunds";
  const text = readFileSync(`${folder}/payments.mcpp`, "utf8");
  const tools = readFileSync(`${folder}/payments.tools.json`, "utf8");
  const without = (line: RegExp): string =>
    text
      .split("\n")
      .filter((one) => !line.test(one))
      .join("\n");

  it("are proved", () => {
    expect(said(text, tools)).toEqual([]);
  });

  it("fail without the rules that they rest on", () => {
    expect(said(without(/^ {2}ask if/), tools)).toMatchSnapshot();
    expect(said(without(/deny unless args\.amount/), tools)).toMatchSnapshot();
  });
});

const head = 'default deny\nlabels team: "build" | "support"\n';

describe("a claim is proved", () => {
  it.each([
    "allow list_orders if args.page < 5\nnever allow list_orders if args.page >= 5",
    "allow list_orders\ndeny list_orders unless args.page < 5\nnever allow list_orders if args.page >= 5",
    "ask create_refund\nnever allow create_refund",
    "allow create_refund\nask create_refund if args.amount > 10\nnever allow create_refund if args.amount > 10",
    // A text is no number: the comparison fails, and the call is denied.
    "allow create_refund\ndeny create_refund if args.amount > 10\nalways deny create_refund if args.amount > 10",
    'allow get_order if grant.team == "build"\nalways deny get_order if grant.team == "support"',
    'allow get_order\ndeny get_order unless args.id matches /[a-z]+/\nnever allow get_order if args.id contains "1"',
    "allow get_order if args.id == grant.team\nnever allow get_order if args.id != grant.team",
    "allow get_order if during mon-fri 08:00-18:00\nnever allow get_order if during sat, sun",
    "allow get_order until 2026-06-30\nnever allow get_order if after 2026-06-30",
    "always deny delete_order",
    "allow * except delete_order limit each 10/hour\nalways deny delete_*",
  ])("%s", (rules) => {
    expect(said(`${head}${rules}\n`)).toEqual([]);
  });
});

describe("a claim is refuted by a call", () => {
  it.each([
    "allow list_orders\nnever allow list_orders if args.page > 4",
    "ask create_refund if args.amount > 10\nalways deny create_refund if args.amount > 100",
    // A claim about what is not there, and one about a text in place of a number.
    "allow list_orders\ndeny list_orders if args.page > 4\nnever allow list_orders if not has args.page",
    'allow get_order unless args.id == "1"\nnever allow get_order'.replace("unless", "if not"),
    'allow get_order if grant.team == "build"\nnever allow get_order',
    'allow get_order\ndeny get_order if args.id matches /[a-z]+/\nnever allow get_order if args.id ends with "x"',
    'allow get_order if during mon-fri 08:00-18:00 in "Europe/Berlin"\nnever allow get_order if not during mon-fri 09:00-18:00 in "Europe/Berlin"',
    "allow get_order until 2026-06-30\nnever allow get_order if after 2026-06-29",
    'allow read_file if args.path under "/srv"\nnever allow read_file if args.path under "/srv/secret"',
  ])("%s", (rules) => {
    expect(said(`${head}${rules}\n`)).toMatchSnapshot();
  });

  it("which may be of a tool that comes later", () => {
    expect(said("default allow\ndeny delete_order\nalways deny delete_*\n")).toMatchSnapshot();
    expect(said("default allow\ndeny delete_*\nalways deny delete_*\n")).toEqual([]);
  });
});

describe("a claim", () => {
  it("counts as not decided where no engine is asked", () => {
    const text = "default deny\nallow get_order\nnever allow get_order\n";
    const { diagnostics, claims, policy } = compile(new Source("policy.mcpp", text), {
      read: () => undefined,
      toolList: new Source("tools.json", JSON.stringify(shop)),
    });
    expect(diagnostics.map(({ code }) => code)).toContain("MCPP521");
    expect(claims.map(({ verdict }) => verdict.kind)).toEqual(["undecided"]);
    expect(policy).toBeDefined();
  });

  it("that is refuted leaves no policy, unless it is asked about apart", () => {
    const source = new Source(
      "policy.mcpp",
      "default deny\nallow get_order\nnever allow get_order\n",
    );
    const host = {
      read: () => undefined,
      toolList: new Source("tools.json", JSON.stringify(shop)),
      judge,
    };
    expect(compile(source, host).policy).toBeUndefined();
    const apart = compile(source, host, { claimsApart: true });
    expect(apart.policy).toBeDefined();
    expect(apart.claims.map(({ verdict }) => verdict.kind)).toEqual(["refuted"]);
  });
});
