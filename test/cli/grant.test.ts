import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Failure } from "../../cli/command.ts";
import { command } from "../../cli/grant.ts";
import { inFolder, run, write } from "./running.ts";

const CONFIG = `# Who may do what.
listen: 127.0.0.1:8420   # this machine alone
servers:
  files: { command: ["npx", "-y", "server"] }

  pay:
    url: "https://pay.example.com/mcp"   # theirs
    headers: { Authorization: "Bearer \${NOT_SET_HERE}" }
`;

inFolder({
  "mcpp.yaml": CONFIG,
  "files.mcpp": "server files\n\nallow read_text_file\n",
  "broken.mcpp": "allow\n",
});

const grant = (args: readonly string[], options: Record<string, unknown> = {}) =>
  run(command, args, { config: "mcpp.yaml", format: "pretty", ...options });
const add = (name: string, options: Record<string, unknown> = {}) =>
  grant(["add", name], { server: ["files=./files.mcpp"], ...options });
const text = () => readFileSync("mcpp.yaml", "utf8");
const digest = (token: string) =>
  `sha256:${createHash("sha256").update(token.trim()).digest("hex")}`;

describe("mcpp grant", () => {
  it("adds a grant, shows its token once, and keeps the digest", async () => {
    const { code, stdout } = await add("ci", { expires: "2027-01-31", label: ["team=build"] });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^[A-Za-z0-9_-]{43}\n$/);
    expect(text().startsWith(CONFIG)).toBe(true);
    expect(text()).not.toContain(stdout.trim());
    expect(text().slice(CONFIG.length).replace(/g_\S+/, "g_…")).toBe(`grants:
  - id: g_…
    name: ci
    token: ${digest(stdout)}
    servers:
      files: ./files.mcpp
    expires: 2027-01-31
    labels:
      team: build
`);
  });

  it("adds behind the last grant, whatever follows", async () => {
    await add("a");
    write("mcpp.yaml", `${text()}    # about a\n\n# the end\nrate: 10\n`);
    await add("b");
    await add("c", { shadow: true });
    const { stdout } = await grant(["list"], { format: "json" });
    const { grants } = JSON.parse(stdout);
    expect(grants.map(({ name, mode }: { name: string; mode: string }) => [name, mode])).toEqual([
      ["a", "enforce"],
      ["b", "enforce"],
      ["c", "shadow"],
    ]);
    expect(text()).toContain("# the end\nrate: 10\n");
    expect(text()).toContain("# about a");
  });

  it.each(["grants:\n", "grants: []\n", "grants: [] # none yet\n", "grants:"])(
    "fills an empty list: %j",
    async (empty) => {
      write("mcpp.yaml", `${empty}${empty.endsWith("\n") ? "" : "\n"}${CONFIG}`);
      await add("ci");
      const { stdout } = await grant(["list"]);
      expect(stdout).toContain("ci  files=./files.mcpp  no expiry");
      expect(text()).toContain(CONFIG);
    },
  );

  it("rotates a token and changes nothing else", async () => {
    const first = (await add("ci")).stdout;
    await add("ops");
    const before = text();
    const second = (await grant(["rotate", "ci"])).stdout;
    expect(text()).toBe(before.replace(digest(first), digest(second)));
  });

  it("revokes, the last one too, and leaves what it did not write", async () => {
    await add("ci");
    await add("ops");
    await grant(["revoke", "ci"]);
    expect((await grant(["list"])).stdout).toMatch(/^ops /);
    await grant(["revoke", "ops"]);
    expect(text()).toBe(`${CONFIG}grants: []\n`);
  });

  it("revokes though a policy is broken, and adds none with a broken policy", async () => {
    await add("ci");
    write("files.mcpp", "allow\n");
    await expect(add("ops")).rejects.toThrow(Failure);
    expect((await grant(["revoke", "ci"])).code).toBe(0);
  });

  it.each<[string, readonly string[], Record<string, unknown>, RegExp]>([
    ["no name", ["add"], {}, /Say which grant/],
    ["a name twice", ["add", "twice"], {}, /two grants with the name `twice`/],
    ["no server", ["add", "x"], { server: undefined }, /Say which server/],
    [
      "an unknown server",
      ["add", "x"],
      { server: ["fils=./files.mcpp"] },
      /Did you mean `files`\?/,
    ],
    ["no policy", ["add", "x"], { server: ["files"] }, /NAME=POLICY/],
    [
      "a policy that is not there",
      ["add", "x"],
      { server: ["files=./none.mcpp"] },
      /could not be read/,
    ],
    ["a policy with errors", ["add", "x"], { server: ["files=./broken.mcpp"] }, /MCPP1/],
    ["a day that is none", ["add", "x"], { expires: "tomorrow" }, /a day such as/],
    ["another name", ["rotate", "nobody"], {}, /There is no grant `nobody`/],
    ["another name", ["revoke", "nobody"], {}, /There is no grant `nobody`/],
    ["another file", ["revoke", "nobody"], { config: "none.yaml" }, /no such file/],
  ])("refuses %s and writes nothing", async (_, args, options, message) => {
    await add("twice");
    const before = text();
    await expect(grant(args, { server: ["files=./files.mcpp"], ...options })).rejects.toThrow(
      message,
    );
    expect(text()).toBe(before);
  });

  it("says what to write where the layout is not one it can change", async () => {
    write(
      "mcpp.yaml",
      `${CONFIG}grants: [{ name: a, token: "sha256:${"a".repeat(64)}", servers: { files: ./files.mcpp } }]\n`,
    );
    const before = text();
    await expect(add("ci")).rejects.toThrow(/Put this in by hand:\n- id: g_/);
    expect(text()).toBe(before);
  });

  it("only prints with --print", async () => {
    const { stdout, stderr } = await add("ci", { print: true });
    expect(text()).toBe(CONFIG);
    expect(stdout).toMatch(/^- id: g_\S+\n {2}name: ci\n/);
    expect(stdout).toContain(digest(stderr.split("\n").at(-2) ?? ""));
  });
});
