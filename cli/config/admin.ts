import type { ListenAddress } from "../../runtime/index.ts";
import { isLoopback, parseListenAddress } from "../listen-address.ts";
import type { Path } from "./document.ts";

/** `admin` as the schema of configurations has it. */
export type RawAdmin =
  | string
  | {
      readonly listen: string;
      readonly url?: string;
      readonly hosts?: readonly string[];
      readonly token?: string;
    };

/** The address of the admin page. */
export interface AdminConfig {
  readonly address: ListenAddress;
  /** How people reach it, where that is not the address itself; an origin. */
  readonly url?: URL;
  readonly hosts: readonly string[];
  /** SHA-256 of the token that opens `/metrics`, 64 hexadecimal digits. */
  readonly token?: string;
}

/** What else a configuration says that matters for it. */
export interface AdminSurroundings {
  readonly listen: string;
  readonly hasApprovers: boolean;
  /** Whose tokens these are, by their digests as they are written: `the grant \`ci\``. */
  readonly tokens: ReadonlyMap<string, string>;
}

type Finding =
  | { readonly problem: string; readonly path: Path }
  /** Other machines can reach it, and this is missing. */
  | { readonly missing: string; readonly listen: string; readonly path: Path };

/** The settings of the admin page, or why there are none. */
export function readAdmin(
  raw: RawAdmin,
  { listen: proxy, hasApprovers, tokens }: AdminSurroundings,
): { readonly settings: AdminConfig } | { readonly findings: readonly Finding[] } {
  const plain = typeof raw === "string";
  const { listen, url: link, hosts = [], token } = plain ? { listen: raw } : raw;
  const at: Path = plain ? ["admin"] : ["admin", "listen"];
  // A variable has no place here, which was said.
  if (listen.includes("${")) return { findings: [] };
  const findings: Finding[] = [];
  const address = parseListenAddress(listen);
  if (address === undefined) {
    const what = plain ? "`admin`" : "`listen`";
    findings.push({ problem: `${what} must be HOST:PORT, such as \`127.0.0.1:8421\`.`, path: at });
  } else if (address.port !== 0 && address.port === parseListenAddress(proxy)?.port) {
    const problem = "The admin page needs a port of its own, another than that of `listen`.";
    findings.push({ problem, path: at });
  }
  const url = link === undefined ? undefined : originOf(link);
  if (link !== undefined && url === undefined) {
    const problem = "`url` must be an origin, such as `https://mcpp.example.com`, without a path.";
    findings.push({ problem, path: ["admin", "url"] });
  }
  const whose = token === undefined ? undefined : tokens.get(token);
  if (whose !== undefined) {
    const problem = `This token is that of ${whose} too; what reads \`/metrics\` needs its own.`;
    findings.push({ problem, path: ["admin", "token"] });
  }
  if (address !== undefined && !isLoopback(address)) {
    const lacks = (missing: string): void => {
      findings.push({ missing, listen, path: at });
    };
    if (hosts.length === 0 && url === undefined) lacks("admin.url");
    if (!hasApprovers && token === undefined) lacks("approvals.approvers");
  }
  if (address === undefined || findings.length > 0) return { findings };
  return {
    settings: {
      address,
      hosts,
      ...(url === undefined ? {} : { url }),
      ...(token === undefined ? {} : { token: token.slice("sha256:".length) }),
    },
  };
}

function originOf(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const plain = url !== undefined && `${url.origin}/` === url.href;
  return plain && /^https?:$/.test(url.protocol) ? url : undefined;
}
