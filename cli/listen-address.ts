import { isIP } from "node:net";
import type { ListenAddress } from "../runtime/index.ts";
import { Failure } from "./command.ts";

/** Reads `--listen`. Throws `Failure`. */
export function listenAddress(text: string): ListenAddress {
  const address = parseListenAddress(text);
  if (address !== undefined) return address;
  throw new Failure(`\`--listen ${text}\` is not of the form HOST:PORT, such as 127.0.0.1:8420.`);
}

/** Reads `127.0.0.1:8420`, `localhost:8420`, `[::1]:8420`, `:8420` or `8420`. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const match = /^(?:(\[[0-9a-fA-F:.]+\]|[^:[\]]*):)?([0-9]{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (match === null || port > 65_535) return undefined;
  const host = (match[1] ?? "").replace(/^\[|\]$/g, "");
  return { host: host === "" ? "127.0.0.1" : host, port };
}

/** True when only this machine can connect. */
export function isLoopback({ host }: ListenAddress): boolean {
  if (host === "localhost" || host === "::1") return true;
  return isIP(host) === 4 && host.startsWith("127.");
}

/** The address as the beginning of a URL. */
export function originOf({ host }: ListenAddress, port: number): string {
  return `http://${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}
