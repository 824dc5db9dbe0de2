import { describe, expect, it } from "vitest";
import { command } from "../../cli/import.ts";
import { inFolder, run } from "./running.ts";

inFolder({
  "p.json": JSON.stringify({
    version: "1",
    default: "deny",
    tools: {
      create_refund: {
        deny_if: [
          { conditions: [{ path: "args.amount", op: "gt", value: 100 }], on_deny: "Too much." },
        ],
      },
    },
  }),
  "p.yaml": "version: '1'\ntools:\n  a:\n    rules: []\n",
  "later.json": JSON.stringify({ version: "2", default: "deny" }),
  "typo.json": '{"version":"1","default":"deny","tool":{}}',
  "half.json": '{"version":"1",',
  "twice.json":
    '{"version":"1","default":"deny","tools":{"a":{"deny_if":[{"conditions":[]}]},"a":{}}}',
  "mark.json": '\uFEFF{"version":"1","default":"deny","tools":{"a":{}}}',
  "list.yaml": "- a\n",
});

it("prints a policy for JSON", async () => {
  expect(await run(command, ["p.json"])).toEqual({
    code: 0,
    stdout:
      'default deny\n\non create_refund {\n  allow\n  deny if args.amount > 100 because "Too much."\n}\n',
    stderr: "",
  });
});

it("prints a policy for Intercept YAML, and notices on stderr", async () => {
  const { code, stdout, stderr } = await run(command, ["p.yaml"]);
  expect(code).toBe(0);
  expect(stdout).toContain("default allow\n\nallow a\n");
  expect(stderr).toBe(
    "mcpp: at `default`: No default was given, which means allow there. `default deny` is safer.\n",
  );
});

it("skips a byte order mark", async () => {
  expect((await run(command, ["mark.json"])).stdout).toBe("default deny\n\nallow a\n");
});

describe("refuses", () => {
  it.each([
    ["typo.json", "`typo.json` is not a valid policy: `tool` is not a key that can stand here"],
    ["later.json", "`later.json` is not a valid policy: at `/version`: This version"],
    ["half.json", "`half.json` is not JSON:"],
    ["twice.json", "`twice.json` is refused: the key `a` stands twice."],
    ["list.yaml", "`list.yaml` cannot be imported: it holds no policy."],
    ["gone.yaml", "`gone.yaml` could not be read"],
  ])("%s", async (file, message) => {
    await expect(run(command, [file])).rejects.toThrow(message);
  });
});
