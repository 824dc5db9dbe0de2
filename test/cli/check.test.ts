import { describe, expect, it } from "vitest";
import { command } from "../../cli/check.ts";
import { Failure } from "../../cli/command.ts";
import { inFolder, run, write } from "./running.ts";

inFolder({
  "shop.tools.json": JSON.stringify({
    server: { name: "shop" },
    tools: [
      { name: "get_order", risk: "read", inputSchema: { type: "object" } },
      { name: "create_refund", risk: "write", inputSchema: { type: "object" } },
    ],
  }),
  "good.mcpp": 'server shop tools "./shop.tools.json"\n\nallow get_order, create_refund\n',
  "bad.mcpp":
    'server shop tools "./shop.tools.json"\n\nallow get_order\nallow create_refnd limit 10/hour\n',
  "warned.mcpp":
    'server shop tools "./shop.tools.json"\n\nlet cap = 5\nallow get_order, create_refund\n',
  "common.mcpp": "allow get_ordr\n",
  "one.mcpp":
    'server shop tools "./shop.tools.json"\nimport "./common.mcpp"\nallow create_refund\n',
  "two.mcpp":
    'server shop tools "./shop.tools.json"\nimport "./common.mcpp"\nallow create_refund\n',
});

const pretty = { format: "pretty" };

it("is 0 for a policy without findings, and says so", async () => {
  expect(await run(command, ["good.mcpp"], pretty)).toEqual({
    code: 0,
    stdout: "No findings in 1 file.\n",
    stderr: "",
  });
});

it("is 1 for errors", async () => {
  const { code, stdout } = await run(command, ["good.mcpp", "bad.mcpp"], pretty);
  expect(code).toBe(1);
  expect(stdout).toMatchSnapshot();
});

it("is 1 for warnings where they count", async () => {
  expect((await run(command, ["warned.mcpp"], pretty)).code).toBe(0);
  expect((await run(command, ["warned.mcpp"], { ...pretty, strict: true })).code).toBe(1);
  expect((await run(command, ["good.mcpp"], { ...pretty, strict: true })).code).toBe(0);
});

it("fails for a file that cannot be read", async () => {
  await expect(run(command, ["gone.mcpp"], pretty)).rejects.toThrow(
    new Failure("`gone.mcpp` could not be read: there is no such file or folder."),
  );
});

it("takes a tool list in place of the policy's own", async () => {
  write("other.json", JSON.stringify({ tools: [{ name: "create_refnd" }, { name: "get_order" }] }));
  const { code } = await run(command, ["bad.mcpp"], { ...pretty, tools: "other.json" });
  expect(code).toBe(0);
});

it("reports a file that several policies import once", async () => {
  const { stdout } = await run(command, ["one.mcpp", "./one.mcpp", "two.mcpp"], { format: "json" });
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { code: string }[] };
  expect(diagnostics.filter(({ code }) => code === "MCPP201")).toHaveLength(1);
});

it.each(["json", "sarif", "github"])("writes %s", async (format) => {
  write("spread.mcpp", "server shop\nserver shop, 5%\nallow\n  x\n");
  const { code, stdout } = await run(command, ["bad.mcpp", "warned.mcpp", "spread.mcpp"], {
    format,
  });
  expect(code).toBe(1);
  expect(stdout).toMatchSnapshot();
});

it("looks at a file once, however it is named", async () => {
  const { stdout } = await run(
    command,
    ["warned.mcpp", "./warned.mcpp", "x/../warned.mcpp"],
    pretty,
  );
  expect(stdout).toMatch(/\n1 warning in 1 file\.\n$/);
});

it("counts no byte order mark, and shows none", async () => {
  write("common.mcpp", "\uFEFFallow get_ordr\n");
  write("marked.mcpp", '\uFEFFserver shop tools "./shop.tools.json"\nimport "./common.mcpp"\n');
  const { stdout } = await run(command, ["marked.mcpp"], pretty);
  expect(stdout).toContain("common.mcpp:1:7");
  expect(stdout).toContain("\n  1 │ allow get_ordr\n    │       ^^^^^^^^ ");
});

it("gives JSON in the documented shape, lines and columns from 1", async () => {
  const { stdout } = await run(command, ["bad.mcpp"], { format: "json" });
  const report = JSON.parse(stdout);
  expect(report.summary).toMatchObject({ errors: 1 });
  const [found] = report.diagnostics.filter(
    ({ severity }: { severity: string }) => severity === "error",
  );
  expect(found).toMatchObject({
    file: "bad.mcpp",
    code: "MCPP201",
    hint: "Did you mean `create_refund`?",
    range: { start: { line: 4, column: 7, offset: 61 }, end: { line: 4, column: 19, offset: 73 } },
    fixes: [{ title: "Change to `create_refund`", edits: [{ text: "create_refund" }] }],
  });
});

it("says nothing in GitHub's format when there is nothing", async () => {
  expect((await run(command, ["good.mcpp"], { format: "github" })).stdout).toBe("");
});

it("checks policies under a guard, and the guard against their tools", async () => {
  write(
    "org.mcpp",
    "server org\n\ndefault allow\ndeny create_refund\ndeny get_ordre\nlimit all 9/hour per server\n",
  );
  const { code, stdout } = await run(command, ["good.mcpp"], { ...pretty, guard: "org.mcpp" });
  expect(code).toBe(0);
  expect(stdout).toContain("warning MCPP820 org.mcpp:5:6");
  expect(stdout).toContain("Did you mean `get_order`?");
  // The rule opens another tool, too.
  expect(stdout).not.toContain("MCPP821");
  write("refunds.mcpp", 'server shop tools "./shop.tools.json"\n\nallow create_refund\n');
  const strict = { ...pretty, guard: "org.mcpp", strict: true };
  const refused = await run(command, ["refunds.mcpp"], strict);
  expect(refused.code).toBe(1);
  expect(refused.stdout).toContain("warning MCPP821 refunds.mcpp:3:1");
  write("org.mcpp", "server org\n\ndefault allow\ndeny\n");
  expect((await run(command, ["good.mcpp"], { ...pretty, guard: "org.mcpp" })).code).toBe(1);
});

it("checks the configuration of a gateway with its policies", async () => {
  write(
    "mcpp.yaml",
    `listen: 127.0.0.1:8420
servers: { shop: { command: [shop] } }
grants:
  - { name: a, token: "sha256:${"a".repeat(64)}", servers: { shop: ./bad.mcpp } }
`,
  );
  const { code, stdout } = await run(command, ["mcpp.yaml"], { format: "json" });
  expect(code).toBe(1);
  const files = (JSON.parse(stdout).diagnostics as { file: string; code: string }[])
    .filter(({ code }) => code === "MCPP201")
    .map(({ file }) => file);
  expect(files).toEqual(["bad.mcpp"]);
});

describe("the claims of a guard", () => {
  const tools = {
    server: { name: "files" },
    tools: ["read_file", "write_file"].map((name) => ({
      name,
      inputSchema: { type: "object", properties: { path: { type: "string" } } },
    })),
  };
  const config = (team: string): string => `listen: 127.0.0.1:8420
guard: ./org.mcpp
servers:
  files: { command: [files] }
grants:
  - { name: docs, token: "sha256:${"1".repeat(64)}", servers: { files: ./docs.mcpp }, labels: { team: ${team} } }
  - { name: trial, token: "sha256:${"2".repeat(64)}", servers: { files: ./trial.mcpp } }
`;
  const files = (team: string): void => {
    write("files.tools.json", JSON.stringify(tools));
    write(
      "org.mcpp",
      'server org\n\ndefault allow\n\nalways deny write_file if args.path == "/x"\n',
    );
    write(
      "docs.mcpp",
      'server files tools "./files.tools.json"\nlabels team: "a" | "b"\nallow read_file, write_file\ndeny write_file if grant.team == "b"\n',
    );
    write("trial.mcpp", 'server files tools "./files.tools.json"\nallow read_file\n');
    write("mcpp.yaml", config(team));
  };

  it("are proved of the calls of every grant, which must pass its own policy too", async () => {
    files("b");
    const { stdout } = await run(command, ["mcpp.yaml"], pretty);
    expect(stdout).not.toContain("MCPP520");
  });

  it("are refuted by a call of the grant that gets through", async () => {
    files("a");
    const { stdout, code } = await run(command, ["mcpp.yaml"], pretty);
    expect(stdout).toContain(
      'is allowed for the grant `docs` on `files`: `write_file { path: "/x" }`',
    );
    expect(stdout.match(/MCPP520/g)).toHaveLength(1);
    expect(code).toBe(1);
  });

  it("are proved of the policies that `--guard` stands above", async () => {
    files("a");
    const { stdout, code } = await run(command, ["docs.mcpp", "trial.mcpp"], {
      ...pretty,
      guard: "org.mcpp",
    });
    expect(stdout).toContain("is allowed under `docs.mcpp`");
    expect(stdout).not.toContain("under `trial.mcpp`");
    expect(code).toBe(1);
  });
});
