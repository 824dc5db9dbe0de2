import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { validatePolicy } from "../policy/index.ts";
import {
  ARGUMENT_MODES,
  type AuditSettings,
  compileEngine,
  type DecisionRecord,
  type Governance,
  noLoad,
  openStore,
  openTrail,
  Rounds,
  Rulebook,
  Seals,
  Session,
  Tasks,
} from "../runtime/index.ts";
import { printTable, race, showRatio, showTime } from "./measure.ts";

/** Calls that wait for one flush together. */
const AT_ONCE = 64;
const FLUSHES = 40;

const POLICY = {
  version: "1",
  default: "deny",
  tools: {
    echo: {
      require: [
        {
          conditions: [
            { path: "args.message", op: "regex", value: "^hello" },
            { path: "args.amount", op: "lte", value: 100 },
            { path: "args.currency", op: "in", value: ["usd", "eur"] },
          ],
        },
      ],
    },
  },
};

/** The whole way of an allowed call through a session, without and with a trail, in every mode of arguments. */
export async function run(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "mcpp-audit-bench-"));
  try {
    const ways: [string, AuditSettings | undefined][] = [
      ["off", undefined],
      ...ARGUMENT_MODES.map((mode): [string, AuditSettings] => [
        mode,
        { kind: "folder", dir: join(folder, mode), arguments: mode },
      ]),
    ];
    const sessions = await Promise.all(
      ways.map(async ([name, settings]) => ({ name, session: await begin(settings) })),
    );
    const timings = race(
      sessions.map(({ name, session }) => ({
        name,
        run: (count: number) => {
          for (let index = 0; index < count; index++) session.call();
        },
      })),
    );
    const [off] = timings;
    printTable([
      ["audit", "a call", "of off's", "added"],
      ...timings.map(({ name, ns }) => [
        name,
        showTime(ns),
        showRatio(ns / (off?.ns ?? ns)),
        showTime(ns - (off?.ns ?? ns)),
      ]),
    ]);
    const synced = await begin({ kind: "folder", dir: join(folder, "sync"), sync: true });
    const best = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (const [which, atOnce] of [1, AT_ONCE].entries()) {
      for (let round = 0; round < FLUSHES; round++) {
        const began = performance.now();
        for (let index = 0; index < atOnce; index++) synced.call();
        await synced.session.settled();
        best[which] = Math.min(best[which] as number, (performance.now() - began) * 1e6);
      }
    }
    console.log(
      `\nsync: ${showTime(best[0] as number)} a call alone, ${showTime((best[1] as number) / AT_ONCE)} of ${AT_ONCE} at once`,
    );
    for (const { session } of sessions) session.end();
    synced.end();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Begun {
  readonly session: Session;
  readonly call: () => void;
  readonly end: () => void;
}

async function begin(settings: AuditSettings | undefined): Promise<Begun> {
  const validated = validatePolicy(POLICY);
  if ("problems" in validated) throw new Error(JSON.stringify(validated.problems));
  const rulebook = new Rulebook(validated.policy, compileEngine(validated.policy));
  const store = (await openStore("memory")).forServer("bench");
  const seals = new Seals();
  const grant = { id: "local", name: "local", labels: {} };
  const bound = { server: "bench", grant: grant.id };
  const notice = (text: string): void => console.error(text);
  const trail =
    settings === undefined
      ? undefined
      : openTrail(settings, { key: seals.auditKey, now: Date.now, notice, start: {} });
  const governance: Governance = {
    rulebook: () => rulebook,
    store,
    server: "bench",
    grant,
    refusedRequests: new Set(),
    rounds: new Rounds(seals, bound, store, Date.now),
    tasks: new Tasks(seals, bound, true),
    load: noLoad(),
    now: Date.now,
    record: (record: DecisionRecord) => trail?.decided(record, grant, "bench"),
    notice,
  };
  // Answered at once, so that nothing stays in flight.
  const answers: Uint8Array[] = [];
  const session: Session = new Session(
    governance,
    {
      toClient: () => {},
      toServer: (_, message) => {
        if (message.kind === "request") {
          answers.push(Buffer.from(`{"jsonrpc":"2.0","id":${message.id},"result":{}}`));
        }
        return true;
      },
      noise: () => {},
    },
    "5e2f0a9c",
  );
  let last = 0;
  return {
    session,
    call: () => {
      const id = ++last;
      session.fromClient(
        Buffer.from(
          `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"echo","arguments":{"message":"hello number ${id}","amount":42,"currency":"eur"}}}`,
        ),
      );
      for (const answer of answers.splice(0)) session.fromServer(answer);
    },
    end: () => trail?.end(),
  };
}
