import { chmodSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { loadPolicy } from "../../cli/serve-policy.ts";
import { inFolder, write } from "./running.ts";

inFolder({
  "p.mcpp": 'server s tools "./list.json"\nimport "./part.mcpp"\nallow a\n',
  "part.mcpp": "limit all 9/minute\n",
  "list.json": '{"tools":[{"name":"a","inputSchema":{"type":"object"}}]}\n',
  "p.json": '{"version":"1","default":"deny","tools":{"a":{}}}\n',
});

it("compiles a policy, and reads a compiled one", async () => {
  expect(await loadPolicy("p.mcpp")).toMatchObject({ server: "s", policy: { default: "deny" } });
  expect((await loadPolicy("p.json")).policy).toEqual({
    version: "1",
    default: "deny",
    tools: { a: {} },
  });
});

describe.skipIf(process.platform === "win32")("refuses what every user can write:", () => {
  it.each([
    ["the policy", "p.mcpp", "p.mcpp"],
    ["an import", "p.mcpp", "part.mcpp"],
    ["the tool list", "p.mcpp", "list.json"],
    ["a compiled policy", "p.json", "p.json"],
  ])("%s", async (_, policy, writable) => {
    chmodSync(writable, 0o666);
    await expect(loadPolicy(policy)).rejects.toThrow(
      `\`${writable}\` can be written by every user of this machine; \`chmod o-w ${writable}\` mends that.`,
    );
  });
});

it("refuses JSON with a key twice, of which only one would count", async () => {
  write("p.json", '{"version":"1","default":"deny","tools":{"a":{}},"tools":{"b":{}}}');
  await expect(loadPolicy("p.json")).rejects.toThrow("the key `tools` stands twice");
});

it.skipIf(process.platform === "win32")("reads no device in the place of a file", async () => {
  write("zero.mcpp", 'import "/dev/zero"\nallow a\n');
  await expect(loadPolicy("zero.mcpp")).rejects.toThrow("`/dev/zero` cannot be read");
});
