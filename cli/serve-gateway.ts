import type { Policy } from "../policy/index.ts";
import {
  ChildPlaces,
  Freezes,
  Gateway,
  HttpServer,
  Seals,
  type Snapshot,
} from "../runtime/index.ts";
import type { RunningAdmin } from "./admin/serve.ts";
import { EXIT_OK, Failure, sentenceOf } from "./command.ts";
import type { Config, ReadyPolicy } from "./config/config.ts";
import { NotServable, readServing, type Serving } from "./config/serving.ts";
import { serversOf } from "./gateway.ts";
import { Rulebooks } from "./gateway-rulebooks.ts";
import { isLoopback, originOf } from "./listen-address.ts";
import { announcement, type InForce } from "./reload/announce.ts";
import { SavedFiles } from "./reload/saved-files.ts";
import { gatewayApprovals, webhookOf } from "./serve-approvals.ts";
import { type AuditEvents, auditEvents, describeAudit, openAudit } from "./serve-audit.ts";
import { serveLog } from "./serve-log.ts";
import { openState, WITHOUT_LIMITS } from "./serve-state.ts";
import { startTelemetry } from "./serve-telemetry.ts";
import { untilEnded } from "./signals.ts";

/** Serves a configuration until a signal asks to end; resolves with the exit code. */
export async function serveGateway(path: string): Promise<number> {
  const first = firstServing(path);
  let { config, files } = first;
  const { store, where } = await openState(config.state, true);
  const log = serveLog(process.stderr);
  const seals = config.keys.length === 0 ? new Seals() : new Seals(config.keys);
  const audit = openAudit(config.audit, seals, log, {
    config: path,
    servers: [...config.servers.keys()],
    grants: config.grants.map(({ id, name }) => ({ id, name })),
  });
  const page = config.admin === undefined ? undefined : await import("./admin/serve.ts");
  const watched = page?.watching();
  const places = new ChildPlaces();
  let admin: RunningAdmin | undefined;
  const webhook = webhookOf(config, log, (id) => admin?.linkTo(id));
  const rulebooks = new Rulebooks();
  let events: AuditEvents | undefined;
  const approvals = gatewayApprovals(config, store, log, webhook, (approval) =>
    events?.approvals?.seen(approval),
  );
  const freezes = new Freezes(store.freezes);
  const concerns = (server: string): boolean => config.servers.has(server);
  events = auditEvents({ audit, store, freezes, asks: approvals !== undefined, concerns, log });
  const telemetry = await startTelemetry({
    ...{ store, approvals, freezes, audit, seals, log, concerns },
    metrics: config.admin !== undefined,
  });
  const gateway: Gateway = new Gateway(
    rulebooks.snapshot(config, Date.now),
    serversOf(config.servers.values(), seals, places),
    {
      store,
      seals,
      approvals,
      freezes,
      stateFail: config.stateFail,
      charged: watched?.charged,
      now: Date.now,
      record: (record, grant, server) => {
        log.record(record, `${grant.name} on ${server}`);
        watched?.recent.decided(record, grant, server);
        return audit?.decided(record, grant, server);
      },
      observer: (grant, { name, ownProcess }) =>
        telemetry.instruments.observer(() => ({
          server: name,
          grant: grant(),
          from: "tcp",
          to: ownProcess ? "pipe" : "tcp",
        })),
      notice: log.notice,
      breakOff: (grant, server) => http.breakOff(grant, server),
      lost: ({ grant: { id, name }, server, why }) => {
        const where = server === undefined ? {} : { server };
        audit?.happened("grant_ended", { grant: { id, name }, ...where, why });
      },
    },
  );
  const http = new HttpServer({
    address: config.listen,
    grants: gateway,
    hosts: config.hosts,
    origins: config.origins,
    routes: gateway,
    messagesPerSecond: config.rate,
    maxMessage: config.maxMessage,
    notice: log.notice,
    turnedAway: (cause) => {
      telemetry.instruments.turnedAway(cause);
      audit?.turnedAway(cause);
    },
  });
  let saved: SavedFiles | undefined;
  const reload = (): readonly string[] => {
    let next: Serving;
    let snapshot: Snapshot;
    try {
      next = readServing(path, process.env);
      // What cannot be put in force is refused like what cannot be read.
      snapshot = rulebooks.snapshot(next.config, Date.now);
    } catch (error) {
      const { message, files: read = files } = error as Partial<NotServable> & Error;
      const refused = `\`${path}\` was saved and is not taken; what was in force stays.`;
      log.tell(`${refused} ${message}`);
      audit?.happened("reload", { outcome: "refused", message: refused });
      telemetry.instruments.reloaded("refused");
      return [...new Set([...files, ...read])];
    }
    gateway.replace(snapshot, serversOf(next.config.servers.values(), seals, places));
    const taken = announcement(path, inForce(config), inForce(next.config));
    log.tell(taken);
    audit?.happened("reload", { outcome: "taken", message: taken });
    telemetry.instruments.reloaded("taken");
    for (const key of onlyAtStart(config, next.config)) {
      log.tell(`\`${key}\` has changed; that takes effect at the next start.`);
    }
    config = next.config;
    files = next.files;
    return files;
  };
  try {
    if (page !== undefined && watched !== undefined && config.admin !== undefined) {
      admin = await page.startAdmin(config.admin, {
        ...{ watched, store, log, audit, auditSettings: config.audit, routes: telemetry.routes },
        people: page.gatewayPeople(() => config, approvals !== undefined),
        freezes: store.freezes,
        inForce: () => gateway.inForce(),
        serves: path,
        known: () => ({
          servers: [...config.servers.keys()],
          grants: config.grants.map(({ id, name }) => ({ id, name })),
        }),
        signsIn: () => config.approvals.approvers.length > 0,
      });
    }
    const port = await http.listen().catch((error: unknown) => {
      const { host, port: wanted } = config.listen;
      throw new Failure(`\`${host}:${wanted}\` cannot be listened on: ${sentenceOf(error)}`);
    });
    saved = new SavedFiles(first.seen, { saved: reload });
    const count = (number: number, what: string): string =>
      `${number} ${what}${number === 1 ? "" : "s"}`;
    log.notice(
      `serving ${path}: ${count(config.servers.size, "server")}, ${count(config.grants.length, "grant")}, ${where}${describeAudit(config.audit)}`,
    );
    if (config.stateFail === "open") log.notice(WITHOUT_LIMITS);
    for (const name of config.servers.keys()) {
      log.notice(`listening on ${originOf(config.listen, port)}/mcp/${name}`);
    }
    if (!isLoopback(config.listen) && config.hosts.length === 0) {
      log.notice(
        "`hosts` names none: requests of other machines are refused (403) until it has the names that clients use",
      );
    }
    await untilEnded({ hangup: () => saved?.now() });
    log.notice("ending: no more requests are taken");
    await http.close();
    return EXIT_OK;
  } finally {
    await admin?.close();
    saved?.close();
    gateway.stop();
    events.end();
    audit?.end();
    await telemetry.end();
    webhook?.close();
    log.end();
    await store.close();
  }
}

function firstServing(path: string): Serving {
  try {
    return readServing(path, process.env);
  } catch (error) {
    throw error instanceof NotServable ? new Failure(error.message) : error;
  }
}

/** Every policy that is in force, the guard with each, by whom it is for. */
function inForce({ grants, guard }: Config<ReadyPolicy>): InForce {
  const found = new Map<string, Policy>();
  if (guard?.policy !== undefined) found.set("guard", guard.policy);
  for (const { id, policies } of grants) {
    for (const [server, { policy }] of policies) {
      if (policy !== undefined) found.set(JSON.stringify([id, server]), policy);
    }
  }
  return found;
}

/** Settings that differ and that a running gateway does not change. */
function onlyAtStart(before: Config, after: Config): readonly string[] {
  const of = (config: Config): Readonly<Record<string, unknown>> => ({
    listen: config.listen,
    hosts: config.hosts,
    origins: config.origins,
    admin: config.admin === undefined ? null : { ...config.admin, url: config.admin.url?.href },
    key: config.keys.map((key) => Buffer.from(key).toString("hex")),
    state: config.state ?? null,
    state_fail: config.stateFail ?? null,
    audit: config.audit ?? null,
    approvals: [
      config.approvals.holdMs,
      config.approvals.approvers.length > 0,
      config.approvals.webhook?.href,
    ],
    max_message: config.maxMessage,
    rate: config.rate,
  });
  const old = of(before);
  return Object.entries(of(after)).flatMap(([key, value]) =>
    JSON.stringify(value) === JSON.stringify(old[key]) ? [] : [key],
  );
}
