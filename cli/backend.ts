import {
  type Backend,
  ChildBackend,
  type ChildPlaces,
  type Governance,
  type Grant,
  HttpRelay,
  HttpUpstream,
  MAX_SERVER_MESSAGE,
  type Seals,
  startChild,
  writeLog,
} from "../runtime/index.ts";
import { childLog } from "./serve-log.ts";

/** A server as the command line or a configuration names it. */
export type ServerTarget =
  | {
      readonly kind: "command";
      readonly command: string;
      readonly args: readonly string[];
      readonly env: NodeJS.ProcessEnv;
    }
  | {
      readonly kind: "url";
      readonly url: URL;
      readonly headers: Readonly<Record<string, string>>;
      readonly timeoutMs: number;
      /** Headers of clients that go up, in lower case. */
      readonly forwardHeaders: ReadonlySet<string>;
    };

export interface BackendOptions {
  /** For children, shared with other servers. */
  readonly places?: ChildPlaces;
  /** Several grants reach the same server at its URL. */
  readonly shared?: boolean;
}

/** What stands between clients over HTTP and a server. */
export function backendOf(
  target: ServerTarget,
  governanceOf: (grant: Grant) => Governance,
  seals: Seals,
  { places, shared = false }: BackendOptions = {},
): Backend {
  if (target.kind === "url") {
    const { url, headers, timeoutMs, forwardHeaders } = target;
    return new HttpRelay({
      upstream: new HttpUpstream({ url, headers, timeoutMs }),
      governanceOf,
      seals,
      forwardHeaders,
      maxMessage: MAX_SERVER_MESSAGE,
      timeoutMs,
      shared,
    });
  }
  const { command, args, env } = target;
  return new ChildBackend({
    start: () => startChild({ command, args, env, ...childLog() }),
    governanceOf,
    seals,
    ...(places === undefined ? {} : { places }),
    noise: (bytes) => {
      writeLog(process.stderr, bytes);
      writeLog(process.stderr, "\n");
    },
  });
}
