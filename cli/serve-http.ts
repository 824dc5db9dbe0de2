import {
  type Backend,
  ChildBackend,
  type Governance,
  HttpRelay,
  HttpServer,
  HttpUpstream,
  MAX_MESSAGE,
  MAX_SERVER_MESSAGE,
  newToken,
  oneServer,
  openGrant,
  type RulesInForce,
  type Seals,
  serverEnvironment,
  startChild,
  tokenGrant,
  writeLog,
} from "../runtime/index.ts";
import { EXIT_OK, Failure, sentenceOf } from "./command.ts";
import type { Target } from "./connect.ts";
import { isLoopback, listenAddress, originOf } from "./listen-address.ts";
import { childLog } from "./serve-log.ts";
import { untilEnded } from "./signals.ts";

export interface HttpOptions {
  readonly listen: string;
  /** False without a token. */
  readonly token: boolean;
  readonly allowHost: readonly string[];
  readonly allowOrigin: readonly string[];
  readonly forwardHeader: ReadonlySet<string>;
  readonly messagesPerSecond: number;
  readonly timeoutMs: number;
}

export interface HttpHandlers {
  /** What SIGHUP does. */
  readonly hangup: () => void;
  /** Somebody was turned away before anybody knew who it is. */
  readonly turnedAway: (cause: string) => void;
}

/** The name of a server in a path. */
const PLAIN_NAME = /^[A-Za-z0-9._-]+$/;

/** Serves over Streamable HTTP until a signal asks to end; resolves with the exit code. */
export async function serveHttp(
  governance: Governance,
  rules: RulesInForce,
  seals: Seals,
  target: Target,
  options: HttpOptions & HttpHandlers,
): Promise<number> {
  const address = listenAddress(options.listen);
  if (!isLoopback(address)) {
    throw new Failure(
      `\`--listen ${options.listen}\` can be reached by other machines; without configured grants only loopback addresses are served, such as 127.0.0.1:${address.port}.`,
    );
  }
  const token = options.token ? newToken() : undefined;
  const { grant, server, notice } = governance;
  const backend = backendOf(governance, seals, target, options);
  rules.onListsChanged((lists) => backend.listsChanged(grant.id, lists));
  const paths = ["/mcp", ...(PLAIN_NAME.test(server) ? [`/mcp/${server}`] : [])];
  const http = new HttpServer({
    address,
    grants: token === undefined ? openGrant(grant) : tokenGrant(grant, token),
    hosts: options.allowHost,
    origins: options.allowOrigin,
    routes: oneServer(server, backend, paths),
    messagesPerSecond: options.messagesPerSecond,
    maxMessage: MAX_MESSAGE,
    forwardHeaders: options.forwardHeader,
    notice,
    turnedAway: options.turnedAway,
  });
  const port = await http.listen().catch((error: unknown) => {
    throw new Failure(`\`${options.listen}\` cannot be listened on: ${sentenceOf(error)}`);
  });
  const url = `${originOf(address, port)}${paths.at(-1)}`;
  notice(`listening on ${url}`);
  if (token !== undefined) {
    // The one time that it is shown; the log would escape nothing in it.
    process.stderr.write(`mcpp: clients send the header  Authorization: Bearer ${token}\n`);
  }
  await untilEnded({ hangup: options.hangup });
  notice("ending: no more requests are taken");
  await http.close();
  return EXIT_OK;
}

function backendOf(
  governance: Governance,
  seals: Seals,
  target: Target,
  options: HttpOptions,
): Backend {
  if (target.kind === "command") {
    const { command, args } = target;
    return new ChildBackend({
      start: () =>
        startChild({ command, args, env: serverEnvironment(process.env), ...childLog() }),
      governanceOf: () => governance,
      seals,
      noise: (bytes) => {
        writeLog(process.stderr, bytes);
        writeLog(process.stderr, "\n");
      },
    });
  }
  return new HttpRelay({
    upstream: new HttpUpstream({
      url: target.url,
      headers: target.headers,
      timeoutMs: options.timeoutMs,
    }),
    governanceOf: () => governance,
    seals,
    forwardHeaders: options.forwardHeader,
    maxMessage: MAX_SERVER_MESSAGE,
    timeoutMs: options.timeoutMs,
  });
}
