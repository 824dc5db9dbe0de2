import type { ChildPlaces, GatewayServer, Seals } from "../runtime/index.ts";
import { backendOf } from "./backend.ts";
import type { ServerConfig } from "./config/config.ts";

/** What a child gets of our environment, besides what its entry says. */
const INHERITED = ["HOME", "PATH", "USER", "LANG", "TMPDIR"] as const;

/** The servers of a configuration, for a gateway to start. */
export function serversOf(
  servers: Iterable<ServerConfig>,
  seals: Seals,
  places: ChildPlaces,
): GatewayServer[] {
  return [...servers].map((server) => {
    const target =
      server.kind === "url" ? server : { ...server, env: environmentOf(server.env, process.env) };
    return {
      name: server.name,
      identity: JSON.stringify(server, (_, value: unknown) =>
        value instanceof Set ? [...value] : value,
      ),
      refusedRequests: server.refusedRequests,
      ownProcess: server.kind === "command",
      start: (governanceOf) => backendOf(target, governanceOf, seals, { places, shared: true }),
    };
  });
}

function environmentOf(own: NodeJS.ProcessEnv, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const inherited = INHERITED.flatMap((name) => {
    const value = env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(inherited), ...own };
}
