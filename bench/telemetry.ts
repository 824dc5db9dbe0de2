import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { openTelemetry, type Telemetry } from "../runtime/index.ts";
import { allowedCalls, GRANT } from "./allowed-calls.ts";
import { printTable, showRatio, showTime } from "./measure.ts";

/** Calls between two turns of the event loop, in which what was gathered is sent. */
const AT_ONCE = 256;
const TURNS = 80;
const ROUNDS = 5;

/**
 * The processor time of an allowed call through a session, without and with observers. What is done aside is in it:
 * sending to a collector, which is in this process and throws all away.
 */
export async function run(): Promise<void> {
  const sink = createServer((request, response) => {
    request.resume().once("end", () => response.end());
  });
  await new Promise<void>((resolve) => sink.listen(0, "127.0.0.1", resolve));
  const collector = `http://127.0.0.1:${(sink.address() as AddressInfo).port}`;
  const prometheus = await open({}, true);
  const sampled = await open(
    { OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "0.01" },
    false,
    collector,
  );
  const otlp = await open({}, false, collector);
  const ways: readonly (readonly [string, Telemetry | undefined])[] = [
    ["off", undefined],
    ["Prometheus", prometheus],
    ["OTLP, 1 % of the spans", sampled],
    ["OTLP, all spans", otlp],
  ];
  const contenders = await Promise.all(
    ways.map(async ([name, telemetry]) => {
      const observer = telemetry?.instruments.observer(() => PLACE);
      const { call } = await allowedCalls({ observer });
      return { name, call, best: Number.POSITIVE_INFINITY };
    }),
  );
  for (let round = 0; round <= ROUNDS; round++) {
    for (const contender of contenders) {
      const before = process.cpuUsage();
      for (let count = 0; count < TURNS; count++) {
        for (let index = 0; index < AT_ONCE; index++) contender.call();
        await turn();
      }
      const { user, system } = process.cpuUsage(before);
      const ns = ((user + system) * 1e3) / (AT_ONCE * TURNS);
      // The first round only warms up.
      if (round > 0) contender.best = Math.min(contender.best, ns);
    }
  }
  const off = contenders[0]?.best ?? 0;
  printTable([
    ["telemetry", "a call", "of off's", "added"],
    ...contenders.map(({ name, best }) => [
      name,
      showTime(best),
      showRatio(best / off),
      showTime(best - off),
    ]),
  ]);
  for (const [, telemetry] of ways) await telemetry?.end();
  sink.closeAllConnections();
  await new Promise((resolve) => sink.close(resolve));
}

const PLACE = {
  server: "bench",
  grant: GRANT,
  from: "pipe",
  to: "pipe",
} as const;

/** The packages read the environment by themselves, when they are set up. */
async function open(
  env: NodeJS.ProcessEnv,
  metrics: boolean,
  collector?: string,
): Promise<Telemetry> {
  const set = {
    ...env,
    ...(collector === undefined ? {} : { OTEL_EXPORTER_OTLP_ENDPOINT: collector }),
  };
  Object.assign(process.env, set);
  const telemetry = await openTelemetry({
    env: process.env,
    metrics,
    version: "0",
    levels: { held: () => 0, approvals: () => 0, freezes: () => 0, audit: () => undefined },
    session: (id) => id,
    notice: (text) => console.error(text),
  });
  for (const name of Object.keys(set)) delete process.env[name];
  return telemetry;
}
