import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { prepareRecordingStdio } from "../fixtures/recording-upstream/stdio.ts";
import { permits } from "../runtime/proxy/judge-apart.ts";
import { FUZZ_POLICY, linesOf, wire } from "../runtime/proxy/mutated-messages.ts";
import { folderWith, serve } from "./lines.ts";

// The law of the session's fuzz test, for the program itself between two pipes: what the server received is
// exactly what an independent judge permits.

const LINES = Number(process.env.MCPP_FUZZ_LINES ?? 3_000);

describe("mcpp serve", () => {
  it("lets through what an independent judge permits, of thousands of mutated lines", async () => {
    const seed = Number(process.env.MCPP_FUZZ_SEED ?? Date.now() % 2 ** 31);
    const lines = fc.sample(wire, { seed, numRuns: LINES }).flatMap(linesOf).slice(0, LINES);
    const files = folderWith({ "policy.json": FUZZ_POLICY });
    const upstream = await prepareRecordingStdio({
      tools: [{ name: "echo", inputSchema: { type: "object" } }],
    });
    const proxy = serve(files.path("policy.json"), [upstream.command, ...upstream.args]);
    try {
      for (const [index, line] of lines.entries()) {
        proxy.send(line);
        // Answered behind it, so that no id is in flight when the next line comes.
        proxy.send({ jsonrpc: "2.0", id: `sync ${index}`, method: "ping" });
        await proxy.answer(`sync ${index}`);
      }
      const received = upstream
        .lines()
        .flatMap(({ line }) => (line === undefined ? [] : [JSON.parse(line) as { id?: unknown }]))
        .filter(({ id }) => !String(id).startsWith("sync "));
      const expected = lines.map(permits).filter((value) => value !== undefined);
      expect(received, `MCPP_FUZZ_SEED=${seed}`).toEqual(expected);
      // Both sides of the law are exercised.
      expect(expected.length).toBeGreaterThan(LINES / 50);
      expect(expected.length).toBeLessThan(LINES / 2);
      expect(await proxy.close()).toEqual({ code: 0, signal: null });
    } finally {
      proxy.process.kill("SIGKILL");
      upstream.dispose();
      files.remove();
    }
  });
});
