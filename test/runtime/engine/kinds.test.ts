import { describe, expect, it } from "vitest";
import { compileEngine } from "../../../runtime/engine/decide.ts";
import { both } from "../../../runtime/engine/guard.ts";
import { uriProblem } from "../../../runtime/engine/uri.ts";
import { CONTEXT, engineOf, policyOf } from "./helpers.ts";

describe("resources and prompts", () => {
  const engine = engineOf({
    resources: {
      default: "deny",
      allow: ["file:///srv/*", "memo://insights", "https://example.com/read?id=1"],
      deny: ["file:///srv/private/*"],
      hide: ["file:///srv/secret*"],
    },
    prompts: { default: "allow", deny: ["evil*"] },
  });

  it.each([
    ["resources", "file:///srv/a", "allow", ""],
    ["resources", "memo://insights", "allow", ""],
    ["resources", "memo://other", "deny", "(default deny)"],
    ["resources", "https://example.com/read?id=1", "allow", ""],
    // A `?` in a URI is no wildcard.
    ["resources", "https://example.com/read/id=1", "deny", "(default deny)"],
    ["resources", "file:///srv/private/a", "deny", "/resources/deny/0"],
    ["resources", "file:///srv/secret.txt", "hide", "(hidden)"],
    ["resources", "file:///srv/../etc/passwd", "deny", "(unusual URI)"],
    ["resources", "file:///srv/%2e%2e/etc", "deny", "(unusual URI)"],
    ["resources", "FILE:///srv/a", "deny", "(unusual URI)"],
    ["prompts", "good", "allow", ""],
    ["prompts", "evil1", "deny", "/prompts/deny/0"],
    ["prompts", "any text, also %2e", "allow", ""],
  ] as const)("%s %s: %s %s", (kind, name, outcome, rule) => {
    expect(engine.decideKind(kind, name)).toMatchObject({ outcome, rule });
  });

  it("that no statement mentions are not governed", () => {
    const other = engineOf({ prompts: { default: "deny" } });
    expect([other.governs("prompts"), other.governs("resources")]).toEqual([true, false]);
    expect(other.decideKind("resources", "file:///srv/../x").outcome).toBe("allow");
    expect(other.decideKind("prompts", "x").outcome).toBe("deny");
  });

  it("leave lists when hidden", () => {
    expect(engine.visibleKind("resources", "file:///srv/secrets")).toBe(false);
    expect(engine.visibleKind("resources", "file:///srv/private/a")).toBe(true);
    expect(engine.visibleKind("prompts", "evil")).toBe(true);
  });
});

describe("URIs in normal form", () => {
  it.each([
    "file:///srv/a",
    "file:///",
    "memo://insights",
    "demo://resource/static/document/a.md",
    "https://example.com/",
    "https://example.com:8080/a?b=c#d",
    "https://u:p@example.com/",
    "urn:isbn:0451450523",
    "mailto:a@b.c",
    "file:///a%20b%2Fc",
    "file:///a/..b/...",
    "screen://[::1]/a",
    "https://x.y/a?q=../b",
  ])("%s", (uri) => {
    expect(uriProblem(uri)).toBeUndefined();
  });

  it.each([
    ["", /scheme/],
    ["/etc/passwd", /scheme/],
    ["a b", /percent-encode/],
    ["file:///ä", /percent-encode/],
    ["file:///a\\b", /percent-encode/],
    ["file:///a\nb", /percent-encode/],
    ["file:///\ud800", /percent-encode/],
    ["HTTP://x.y/", /scheme/],
    ["http://X.y/", /host/],
    ["http://x.y:/", /port/],
    ["file:///%2fa", /upper-case/],
    ["file:///%", /upper-case/],
    ["file:///%4", /upper-case/],
    ["file:///%zz", /upper-case/],
    ["file:///%41", /needs no encoding/],
    ["file:///%2E%2E/a", /needs no encoding/],
    ["file:///a/./b", /path segment/],
    ["file:///a/..", /path segment/],
    ["file:///..", /path segment/],
    ["a:..", /path segment/],
    ["file:///a%2F..%2Fb", /path segment/],
    ["file:///a%5C..%5Cb", /path segment/],
    ["file:///a/%252E%252E/b", /path segment/],
    ["file:///a/%25252e%25252e/b", /path segment/],
    ["file:///a/..;x/b", /path segment/],
    ["file:///a%00b", /NUL/],
    ["file:///a%2500b", /NUL/],
    ["http:/x.y/a", /URL parsers/],
    ["http:x.y/a", /URL parsers/],
    ["http:///x.y/a", /URL parsers/],
    ["http://x.y:80/a", /URL parsers/],
    ["https://x.y:443/a", /URL parsers/],
    ["http://x.y", /URL parsers/],
    ["http://0x7f.1/a", /URL parsers/],
    ["http://x.y:99999/a", /valid/],
    ["file:/srv/a", /URL parsers/],
    ["file://localhost/srv/a", /URL parsers/],
    ["file:////srv/a", /empty/],
    ["file:///srv//a", /empty/],
  ])("%j is not", (uri, problem) => {
    expect(uriProblem(uri)).toMatch(problem);
  });
});

describe("a guard", () => {
  const limit = { counter: "c", window: "minute", max: 5, scope: "grant" };
  const asking = (...approvers: string[]): object => ({
    tools: {
      t: {
        ask_if: [
          { conditions: [], ...(approvers.length > 0 && { approvers }), timeout_seconds: 30 },
        ],
      },
    },
  });
  const pair = (guard: object, grant: object): ReturnType<typeof both> =>
    both(compileEngine(policyOf(guard), { guard: true }), compileEngine(policyOf(grant)));
  const call = { tool: "t", args: {} };
  const open = { tools: { t: {} } };

  it.each<readonly [string, object, object, object]>([
    ["both allow", open, open, { outcome: "allow", rule: "" }],
    ["the guard denies", {}, open, { outcome: "deny", rule: "(guard) (default deny)" }],
    ["the grant denies", open, {}, { outcome: "deny", rule: "(default deny)" }],
    [
      "the guard hides",
      { hide: ["t"], ...open },
      open,
      { outcome: "hide", rule: "(guard) (hidden)" },
    ],
    ["the guard asks", asking(), open, { outcome: "ask", rule: "(guard) /tools/t/ask_if/0" }],
    ["the grant asks", open, asking(), { outcome: "ask", rule: "/tools/t/ask_if/0" }],
    ["the guard asks, the grant denies", asking(), {}, { outcome: "deny", rule: "(default deny)" }],
  ])("%s", (_, guard, grant, expected) => {
    expect(pair(guard, grant).decide(call, CONTEXT)).toMatchObject(expected);
    expect(pair(guard, grant).explain(call, CONTEXT)).toMatchObject(expected);
  });

  it("reserves the counters of both in one step", () => {
    const limited = { tools: { t: { limits: [limit] } } };
    const { charges } = pair(limited, limited).decide(call, CONTEXT);
    expect(charges.map(({ rule }) => rule)).toEqual([
      "(guard) /tools/t/limits/c",
      "/tools/t/limits/c",
    ]);
    expect(new Set(charges.map(({ key }) => key)).size).toBe(2);
  });

  it("shares a person's decision between equal approvers, and asks others in turn", () => {
    const same = pair(asking("a"), asking("a")).decide(call, CONTEXT);
    expect(same.ask?.entries).toEqual(["(guard) /tools/t/ask_if/0", "/tools/t/ask_if/0"]);
    const engine = pair(asking("a"), asking("b"));
    const first = engine.decide(call, CONTEXT);
    expect(first.ask?.entries).toEqual(["(guard) /tools/t/ask_if/0"]);
    const second = engine.decide(call, { ...CONTEXT, approved: first.ask?.names ?? [] });
    expect(second.ask?.entries).toEqual(["/tools/t/ask_if/0"]);
  });

  it("filters lists and kinds with both", () => {
    const engine = pair(
      { hide: ["a"], resources: { default: "deny", allow: ["x:a", "x:b"] } },
      { hide: ["b"], resources: { default: "allow", hide: ["x:b"] } },
    );
    expect(["a", "b", "c"].map((tool) => engine.visible(tool))).toEqual([false, false, true]);
    expect(["x:a", "x:b", "x:c"].map((uri) => engine.decideKind("resources", uri).outcome)).toEqual(
      ["allow", "hide", "deny"],
    );
    expect(engine.visibleKind("resources", "x:b")).toBe(false);
    expect([engine.governs("resources"), engine.governs("prompts")]).toEqual([true, false]);
  });

  it("gives the shadow findings of both", () => {
    const shadowed = { tools: { t: { deny_if: [{ conditions: [], shadow: true }] } } };
    const { outcome, shadow } = pair(shadowed, shadowed).decide(call, CONTEXT);
    expect(outcome).toBe("allow");
    expect(shadow.map(({ rule }) => rule)).toEqual([
      "(guard) /tools/t/deny_if/0",
      "/tools/t/deny_if/0",
    ]);
  });
});
