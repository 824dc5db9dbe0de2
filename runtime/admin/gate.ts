import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { ListenAddress } from "../transport/http/listener.ts";

/** What the admin address may be called by. */
export interface AdminNames {
  readonly address: ListenAddress;
  /** Further accepted `Host` values: with a port exactly that, without one also with the port of the address. */
  readonly hosts: readonly string[];
  /** How people reach the page, where that is not the address itself. */
  readonly url?: URL;
}

const LOOPBACK = ["127.0.0.1", "localhost", "[::1]"] as const;

/** The `Host` values that are accepted, lower case. A page of another site that is made to resolve to us has none of them. */
export function acceptedHosts({ address, hosts, url }: AdminNames, port: number): Set<string> {
  const { host } = address;
  const own = host.includes(":") ? `[${host}]` : host;
  const wild = host === "0.0.0.0" || host === "::";
  const accepted = new Set([...LOOPBACK, ...(wild ? [] : [own])].map((name) => `${name}:${port}`));
  for (const name of hosts.map((one) => one.toLowerCase())) {
    accepted.add(name);
    if (!/:\d+$/.test(name)) accepted.add(`${name}:${port}`);
  }
  if (url !== undefined) accepted.add(url.host);
  return accepted;
}

/**
 * Whether a request comes from a page of ours, as far as it says: another port of the same host is the same site, and
 * not the same origin. `Origin` is there with every POST of a browser.
 */
export function isOwnPage(headers: IncomingHttpHeaders, method: string): boolean {
  const { host, origin } = headers;
  const site = headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin") return false;
  if (origin === undefined) return method === "GET";
  return origin === `http://${host}` || origin === `https://${host}`;
}

/** The value of one cookie; undefined when there is none or more than one. */
export function cookieOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const found = (headers.cookie ?? "")
    .split(";")
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`));
  return found.length === 1 ? found[0]?.slice(name.length + 1) : undefined;
}

/** Whether a request has a bearer token, by its SHA-256 (64 hexadecimal digits). */
export function hasBearer(headers: IncomingHttpHeaders, digest: string | undefined): boolean {
  const given = /^Bearer +([^\s]+) *$/i.exec(headers.authorization ?? "")?.[1];
  if (given === undefined || digest === undefined) return false;
  const right = Buffer.from(digest, "hex");
  return timingSafeEqual(createHash("sha256").update(given).digest(), right);
}
