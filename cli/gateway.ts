import {
  type Backend,
  ChildBackend,
  type ChildPlaces,
  type GatewayServer,
  type Governance,
  type Grant,
  HttpRelay,
  HttpUpstream,
  MAX_SERVER_MESSAGE,
  type Seals,
  startChild,
} from "../runtime/index.ts";
import type { ServerConfig } from "./config/config.ts";

/** What a child gets of our environment, besides what its entry says. */
const INHERITED = ["HOME", "PATH", "USER", "LANG", "TMPDIR"] as const;

/** The servers of a configuration, for a gateway to start. */
export function serversOf(
  servers: Iterable<ServerConfig>,
  seals: Seals,
  places: ChildPlaces,
): GatewayServer[] {
  return [...servers].map((server) => ({
    name: server.name,
    identity: JSON.stringify(server, (_, value: unknown) =>
      value instanceof Set ? [...value] : value,
    ),
    refusedRequests: server.refusedRequests,
    ownProcess: server.kind === "command",
    start: (governanceOf) => backendOf(server, governanceOf, seals, places),
  }));
}

function backendOf(
  server: ServerConfig,
  governanceOf: (grant: Grant) => Governance,
  seals: Seals,
  places: ChildPlaces,
): Backend {
  if (server.kind === "url") {
    const { url, headers, timeoutMs, forwardHeaders } = server;
    return new HttpRelay({
      upstream: new HttpUpstream({ url, headers, timeoutMs }),
      governanceOf,
      seals,
      forwardHeaders,
      maxMessage: MAX_SERVER_MESSAGE,
      timeoutMs,
      shared: true,
    });
  }
  const { command, args } = server;
  const env = environmentOf(server.env, process.env);
  return new ChildBackend({
    start: () => startChild({ command, args, env }),
    governanceOf,
    seals,
    places,
    noise: (bytes) => {
      process.stderr.write(bytes);
      process.stderr.write("\n");
    },
  });
}

function environmentOf(
  own: Readonly<Record<string, string>>,
  env: NodeJS.ProcessEnv,
): NodeJS.ProcessEnv {
  const inherited = INHERITED.flatMap((name) => {
    const value = env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(inherited), ...own };
}
