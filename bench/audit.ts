import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ARGUMENT_MODES, type AuditSettings, openTrail, Seals } from "../runtime/index.ts";
import { type AllowedCalls, allowedCalls, GRANT } from "./allowed-calls.ts";
import { printTable, race, showRatio, showTime } from "./measure.ts";

/** Calls that wait for one flush together. */
const AT_ONCE = 64;
const FLUSHES = 40;

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

interface Begun extends AllowedCalls {
  readonly end: () => void;
}

async function begin(settings: AuditSettings | undefined): Promise<Begun> {
  const notice = (text: string): void => console.error(text);
  const key = new Seals().auditKey;
  const trail =
    settings === undefined
      ? undefined
      : openTrail(settings, { key, now: Date.now, notice, start: {} });
  const calls = await allowedCalls({
    record: (record) => trail?.decided(record, GRANT, "bench"),
  });
  return { ...calls, end: () => trail?.end() };
}
