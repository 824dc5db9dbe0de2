import { StateRefused } from "../store.ts";

/** Where a Redis is and how to log in. Only `shown` may be told to anyone. */
export interface Address {
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
  readonly db: number;
  readonly tls: boolean;
  /** Host and port. */
  readonly shown: string;
}

/** Reads `redis://[user][:password]@host[:port][/db]`, or `rediss://` for TLS. Never repeats it in an error. */
export function parseAddress(spec: string): Address {
  let url: URL;
  try {
    url = new URL(spec);
  } catch {
    throw refused(
      "it is not a URL; characters such as `@`, `/` and `#` in a password are written as %40, %2F and %23",
    );
  }
  if (url.hostname === "") throw refused("it names no host");
  if (url.search !== "" || url.hash !== "") throw refused("it has a part after `?` or `#`");
  const db = url.pathname.replace(/^\//, "");
  if (!/^\d*$/.test(db)) throw refused("what follows the host is not the number of a database");
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const port = url.port === "" ? 6379 : Number(url.port);
  return {
    host,
    port,
    ...(url.username !== "" && { username: decoded(url.username) }),
    ...(url.password !== "" && { password: decoded(url.password) }),
    db: Number(db),
    tls: url.protocol === "rediss:",
    shown: `${url.hostname}:${port}`,
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw refused("its user or password has a `%` that is not followed by two hexadecimal digits");
  }
}

function refused(why: string): StateRefused {
  return new StateRefused(
    `The address of the Redis state cannot be used: ${why}. It is written \`redis://USER:PASSWORD@HOST:PORT/DB\`.`,
  );
}
