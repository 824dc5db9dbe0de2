import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  compileEngine,
  noLoad,
  openStore,
  Rounds,
  Rulebook,
  Seals,
  Session,
  Tasks,
} from "../../../runtime/index.ts";
import { LineSplitter } from "../../../runtime/transport/framing.ts";
import { permits } from "./judge-apart.ts";
import { FUZZ_POLICY, linesOf, wire } from "./mutated-messages.ts";

// The law: what the upstream received is exactly what an independent judge permits.

const RUNS = Number(process.env.MCPP_FUZZ_RUNS ?? (process.env.CI ? 200_000 : 20_000));
const SEED = Number(process.env.MCPP_FUZZ_SEED ?? Date.now() % 2 ** 31);

/** What earlier runs have found. */
const FOUND = [
  '{"jsonrpc":"2.0","id":1e0,"method":"tools/call","params":{"id":2,"name":"echo","arguments":{}}}',
];

const rulebook = new Rulebook(FUZZ_POLICY, compileEngine(FUZZ_POLICY));
const store = (await openStore("memory")).forServer("fuzz");
const bound = { server: "fuzz", grant: "local" };
const rounds = new Rounds(new Seals(), bound, store, () => 0);
const tasks = new Tasks(new Seals(), bound, true);

/** What reaches a server behind the proxy when a client writes these bytes. */
function received(bytes: Buffer): unknown[] {
  const upstream: unknown[] = [];
  const session: Session = new Session(
    {
      rulebook: () => rulebook,
      store,
      server: "fuzz",
      grant: { id: "local", name: "local", labels: {} },
      refusedRequests: new Set(),
      rounds,
      tasks,
      load: noLoad(),
      now: () => 0,
      record: () => {},
      notice: () => {},
    },
    {
      toClient: () => {},
      toServer: (message) => {
        expect(message).not.toMatch(/[\r\n]/);
        upstream.push(JSON.parse(message));
        return true;
      },
      noise: () => {},
    },
  );
  let answered = 0;
  const lines = new LineSplitter(4 * 1024 * 1024, {
    line: (line) => {
      session.fromClient(line);
      // Answered at once, so that no id is in flight when the next message comes.
      for (; answered < upstream.length; answered++) {
        const { id } = upstream[answered] as { id?: unknown };
        if (id === undefined) continue;
        session.fromServer(Buffer.from(JSON.stringify({ jsonrpc: "2.0", id, result: {} })));
      }
    },
    oversized: (line) => session.oversizedFromClient(line, 4 * 1024 * 1024),
  });
  lines.push(bytes);
  lines.end();
  return upstream;
}

describe("mutated and concatenated messages", () => {
  it("reach the upstream exactly where an independent judge permits them", () => {
    let passed = 0;
    let messages = 0;
    process.stdout.write(`fuzz: MCPP_FUZZ_SEED=${SEED} MCPP_FUZZ_RUNS=${RUNS}\n`);
    fc.assert(
      fc.property(wire, (bytes) => {
        const lines = linesOf(bytes);
        messages += lines.length;
        const expected = lines.map(permits).filter((value) => value !== undefined);
        expect(received(bytes)).toEqual(expected);
        passed += expected.length;
      }),
      { numRuns: RUNS, seed: SEED, examples: FOUND.map((line): [Buffer] => [Buffer.from(line)]) },
    );
    expect(messages).toBeGreaterThanOrEqual(RUNS);
    // Both sides of the law are exercised.
    expect(passed).toBeGreaterThan(RUNS / 10);
    expect(passed).toBeLessThan(RUNS * 2);
  }, 600_000);
});
