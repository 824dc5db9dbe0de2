import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type RecordingHttp,
  startRecordingHttp,
} from "../../../fixtures/recording-upstream/http.ts";
import { permits } from "../judge-apart.ts";
import { FUZZ_POLICY, mutated } from "../mutated-messages.ts";
import { type HttpProxy, send, startHttpProxy } from "./proxy.ts";

// The law over HTTP: what the upstream received is exactly what an independent judge permits.

/** Each is a request over a connection of its own. */
const RUNS = Math.ceil(Number(process.env.MCPP_FUZZ_RUNS ?? 20_000) / 20);

describe("mutated messages over HTTP", () => {
  let upstream: RecordingHttp;
  let proxy: HttpProxy;

  beforeAll(async () => {
    // Once its list went by, a tool that is not in it is unknown.
    upstream = await startRecordingHttp({
      tools: [{ name: "echo", inputSchema: { type: "object" } }],
    });
    proxy = await startHttpProxy(FUZZ_POLICY, { url: upstream.url });
  });
  afterAll(async () => {
    await proxy.close();
    await upstream.close();
  });

  /** Over HTTP an answer needs no open request: any replica may have relayed it. */
  function expected(body: Buffer): unknown[] {
    const value = permits(body);
    return value === undefined ? [] : [value];
  }

  it("reach the upstream exactly where an independent judge permits them", async () => {
    let passed = 0;
    await fc.assert(
      fc.asyncProperty(mutated, async (text) => {
        const body = Buffer.from(text);
        upstream.clear();
        const { status, body: said } = await send(proxy.port, { body });
        expect(status).toBeLessThan(500);
        const received = upstream.messages().filter(({ method }) => method !== undefined);
        expect({ status, said, received }).toEqual({ status, said, received: expected(body) });
        passed += received.length;
      }),
      { numRuns: RUNS },
    );
    expect(passed).toBeGreaterThan(RUNS / 20);
    expect(passed).toBeLessThan(RUNS);
  }, 300_000);
});
