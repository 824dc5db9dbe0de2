import {
  type AdminPeople,
  type AdminRoute,
  AdminServer,
  type Approvals,
  type AuditSettings,
  type AuditTrail,
  ChargedCounters,
  type PageOptions,
  pageRoutes,
  RecentDecisions,
} from "../../runtime/index.ts";
import { approverWith, localUser, whyNot } from "../approvals/approver.ts";
import { Failure, sentenceOf } from "../command.ts";
import type { AdminConfig } from "../config/admin.ts";
import type { Config } from "../config/config.ts";
import { isLoopback, parseListenAddress } from "../listen-address.ts";
import type { ServeLog } from "../serve-log.ts";
import { pageFiles } from "./page-files.ts";
import { trailOf } from "./trail.ts";

/** Reads `--admin`. Throws `Failure`. */
export function adminOption(text: string): AdminConfig {
  const address = parseListenAddress(text);
  if (address === undefined) {
    throw new Failure(`\`--admin ${text}\` is not of the form HOST:PORT, such as 127.0.0.1:8421.`);
  }
  if (!isLoopback(address)) {
    throw new Failure(
      `\`--admin ${text}\` can be reached by other machines; only loopback addresses are served, such as 127.0.0.1:${address.port}. A gateway can be set up for others, in its configuration.`,
    );
  }
  return { address, hosts: [] };
}

/** What the page shows of what happens in this process; to be told of it from the beginning. */
export interface Watched {
  readonly recent: RecentDecisions;
  readonly charged: ChargedCounters;
}

export function watching(): Watched {
  return { recent: new RecentDecisions(), charged: new ChargedCounters() };
}

export interface AdminSurroundings
  extends Omit<PageOptions, "files" | "trail" | "version" | "now" | keyof Watched> {
  readonly watched: Watched;
  readonly log: ServeLog;
  readonly audit: AuditTrail | undefined;
  readonly auditSettings: AuditSettings | undefined;
  /** What else is asked of the address. */
  readonly routes: readonly AdminRoute[];
}

/** The admin page while it is served. */
export interface RunningAdmin {
  /** Where a question is shown, to whoever has signed in or does so. */
  readonly linkTo: (question: string) => string;
  readonly close: () => Promise<void>;
}

/**
 * Serves the admin page, and prints where it is with what opens it once; again whenever SIGUSR2 asks for it. Throws
 * `Failure`.
 */
export async function startAdmin(
  config: AdminConfig,
  surroundings: AdminSurroundings,
): Promise<RunningAdmin> {
  const { watched, log, audit, auditSettings, routes, ...page } = surroundings;
  const now = Date.now;
  const trail = trailOf(auditSettings);
  const common = { files: pageFiles(), version: MCPP_VERSION, trail, now };
  const admin = new AdminServer({
    ...config,
    people: page.people,
    routes: [...pageRoutes({ ...page, ...watched, ...common }), ...routes],
    now,
    notice: log.notice,
    turnedAway: (cause) => audit?.turnedAway(cause),
  });
  await admin.listen().catch((error: unknown) => {
    const { host, port } = config.address;
    throw new Failure(
      `The admin page cannot be had on \`${host}:${port}\`: ${sentenceOf(error)} Port 0 takes any that is free.`,
    );
  });
  // The one time that each is shown; the log would leave it out among others.
  const tell = (): void => {
    process.stderr.write(
      `mcpp: the admin page, once and within an hour, is at  ${admin.newLink()}\n`,
    );
  };
  tell();
  // Windows has no such signal.
  if (process.platform !== "win32") process.on("SIGUSR2", tell);
  return {
    linkTo: (question) => admin.linkTo(question),
    close: () => {
      process.off("SIGUSR2", tell);
      return admin.close();
    },
  };
}

/** Those decide that the configuration in force names. */
export function gatewayPeople(config: () => Config, hasApprovals: boolean): AdminPeople {
  return {
    operator: undefined,
    approver: (digest) => approverWith(config().approvals.approvers, digest),
    whyNot: (person, approval) => whyNot(person, approval, config()),
    concerns: ({ local, server, grant }) =>
      local !== true &&
      config().servers.has(server) &&
      config().grants.some(({ id }) => id === grant),
    get nobody() {
      if (hasApprovals) return undefined;
      return config().approvals.approvers.length === 0
        ? "The configuration names no approvers, so calls that need an approval are denied."
        : "Calls that need an approval are denied: the state is in the memory of one process.";
    },
  };
}

/** The user decides who runs this proxy, and nobody else. */
export function localPeople(approvals: Approvals | undefined): AdminPeople {
  return {
    operator: localUser(),
    approver: () => undefined,
    whyNot: (person, approval) => whyNot(person, approval, undefined),
    concerns: ({ local }) => local === true,
    nobody:
      approvals === undefined
        ? "Nobody can approve calls of this proxy, so those that need it are denied."
        : undefined,
  };
}
