import { describe, expect, it } from "vitest";
import { xmlText } from "../../../cli/test/xml.ts";
import { command } from "../../../cli/test.ts";
import { inFolder, type Ran, run, write } from "../running.ts";
import { wellFormed } from "./well-formed.ts";

const POLICY = `labels role: "support"

allow list limit 2/minute
deny pay because "Nobody <pays> & \\"nothing\\"."
`;

inFolder({});

function test(text: string, format: string, options: Record<string, unknown> = {}): Promise<Ran> {
  write("p.mcpp", `${POLICY}${text}`);
  return run(command, ["p.mcpp"], { format, ...options });
}

const FAILING = `test "all" {
  at "2026-11-23T10:00+01:00"
  4 x list { page: 1_0 } => allow
  as "anna" { role: "support" } {
    pay {} => deny "somebody"
  }
}

test "none" { list {} => allow }
`;

describe("json", () => {
  it("has every test, failure and sum", async () => {
    const { stdout, code } = await test(FAILING, "json");
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchInlineSnapshot(`
      {
        "claims": [],
        "summary": {
          "calls": 6,
          "claims": 0,
          "errors": 0,
          "failed": 1,
          "passed": 1,
          "proved": 0,
          "refuted": 0,
          "tests": 2,
        },
        "tests": [
          {
            "calls": 5,
            "failures": [
              {
                "actual": "deny",
                "at": "2026-11-23T09:00:00.000Z",
                "call": {
                  "arguments": {
                    "page": 10,
                  },
                  "tool": "list",
                },
                "column": 3,
                "expected": "allow",
                "grant": {
                  "labels": {},
                  "name": "local",
                },
                "line": 7,
                "message": "The limit is 2 per minute. Retry in 60 s.",
                "repeated": {
                  "failed": 2,
                  "first": 3,
                  "of": 4,
                },
                "rule": "/tools/list/limits/list_rate",
                "source": "p.mcpp:3:12",
                "title": "expected \`allow\`, got \`deny\` at call 3 of 4, and at 1 more",
              },
              {
                "actual": "deny",
                "at": "2026-11-23T09:00:00.000Z",
                "call": {
                  "arguments": {},
                  "tool": "pay",
                },
                "column": 5,
                "expected": "deny "somebody"",
                "grant": {
                  "labels": {
                    "role": "support",
                  },
                  "name": "anna",
                },
                "line": 9,
                "message": "Nobody <pays> & "nothing".",
                "rule": "/tools/pay/deny_if/0",
                "source": "p.mcpp:4:1",
                "title": "expected a message with "somebody"",
              },
            ],
            "file": "p.mcpp",
            "line": 5,
            "name": "all",
            "passed": false,
          },
          {
            "calls": 1,
            "failures": [],
            "file": "p.mcpp",
            "line": 13,
            "name": "none",
            "passed": true,
          },
        ],
      }
    `);
  });

  it("has the errors of a policy that does not compile", async () => {
    const { stdout, code } = await test('allow @nobody\ntest "x" { list {} => allow }\n', "json");
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      diagnostics: [{ file: "p.mcpp", code: "MCPP202", range: { start: { line: 5 } } }],
      tests: [],
      claims: [],
      summary: { tests: 0, errors: 1 },
    });
  });

  it("has the coverage where it is asked for, and what it lacks", async () => {
    const steps = 'test "x" { list {} => allow }\n';
    const { stdout, code } = await test(steps, "json", { minCoverage: 100 });
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      coverage: {
        rules: [
          { line: 3, hit: true },
          { line: 3, hit: true },
          { line: 4, hit: false },
        ],
      },
      shortfalls: ["The tests cover 2 of 3 rules (66.6 %), and 100 % are asked for."],
    });
    expect(JSON.parse((await test(steps, "json")).stdout)).not.toHaveProperty("coverage");
  });
});

describe("junit", () => {
  it("is a suite for each file, and a case for each test", async () => {
    const { stdout, code } = await test(FAILING, "junit");
    expect(code).toBe(1);
    expect(stdout.replace(/time="[0-9.]+"/g, 'time="0"')).toMatchSnapshot();
    const root = wellFormed(stdout);
    expect(root.name).toBe("testsuites");
    expect(root.attributes).toMatchObject({ tests: "2", failures: "1", errors: "0" });
    const [suite] = root.children;
    expect(suite?.attributes).toMatchObject({ name: "p.mcpp", tests: "2", failures: "1" });
    expect(suite?.children.map(({ attributes }) => attributes.name)).toEqual(["all", "none"]);
    const [failed, passed] = suite?.children ?? [];
    expect(failed?.children.map(({ name }) => name)).toEqual(["failure", "failure"]);
    expect(failed?.children[1]?.text).toContain('Nobody <pays> & "nothing".');
    expect(passed?.children).toEqual([]);
  });

  it("has an error for a policy that does not compile", async () => {
    const { stdout, code } = await test("allow @nobody\n", "junit");
    expect(code).toBe(1);
    const root = wellFormed(stdout);
    expect(root.attributes).toMatchObject({ tests: "1", failures: "0", errors: "1" });
    expect(root.children[0]?.children[0]?.children[0]?.name).toBe("error");
  });

  it.each(['\\"', "&", "<", ">", "'", "]]>", "\\u0000", "\\u001b[31m", "\\n\\t", "é😀"])(
    "holds a test named %s",
    async (name) => {
      const { stdout, code } = await test(`test "a${name}b" { list {} => deny }\n`, "junit");
      expect(code).toBe(1);
      const found = wellFormed(stdout).children[0]?.children[0]?.attributes.name;
      const wanted = JSON.parse(`"a${name}b"`) as string;
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced.
      expect(found).toBe(wanted.replace(/[\u0000\u001b]/g, "\ufffd"));
    },
  );

  it("holds no half of a character", () => {
    expect(xmlText("a\ud800b\udc00 \ud83d\ude00")).toBe("a\ufffdb\ufffd \ud83d\ude00");
  });

  it("leaves it to stderr what is not covered", async () => {
    const steps = 'test "x" { list {} => allow }\n';
    const { stdout, stderr, code } = await test(steps, "junit", { minCoverage: 100 });
    expect(code).toBe(1);
    expect(wellFormed(stdout).attributes).toMatchObject({ failures: "0" });
    expect(stderr).toBe("The tests cover 2 of 3 rules (66.6 %), and 100 % are asked for.\n");
  });
});
