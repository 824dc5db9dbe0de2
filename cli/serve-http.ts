import {
  type Governance,
  HttpServer,
  MAX_MESSAGE,
  newToken,
  oneServer,
  openGrant,
  type RulesInForce,
  type Seals,
  serverEnvironment,
  tokenGrant,
} from "../runtime/index.ts";
import { backendOf, type ServerTarget } from "./backend.ts";
import { EXIT_OK, Failure, sentenceOf } from "./command.ts";
import type { Target } from "./connect.ts";
import { isLoopback, listenAddress, originOf } from "./listen-address.ts";
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
  const backend = backendOf(targetFor(target, options), () => governance, seals);
  rules.onListsChanged((lists) => backend.listsChanged(grant.id, lists));
  const paths = ["/mcp", ...(PLAIN_NAME.test(server) ? [`/mcp/${server}`] : [])];
  const http = new HttpServer({
    address,
    grants: token === undefined ? openGrant(grant) : tokenGrant(grant, token),
    hosts: options.allowHost,
    origins: options.allowOrigin,
    // Calls pass without the state where that was asked for.
    routes: oneServer(
      server,
      backend,
      paths,
      governance.stateFail === "open" ? { ping: () => {} } : governance.store,
    ),
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

function targetFor(target: Target, { timeoutMs, forwardHeader }: HttpOptions): ServerTarget {
  return target.kind === "url"
    ? { ...target, timeoutMs, forwardHeaders: forwardHeader }
    : { ...target, env: serverEnvironment(process.env) };
}
