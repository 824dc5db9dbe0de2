import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { Json } from "../policy/index.ts";
import { serverEnvironment } from "../runtime/index.ts";
import { Failure, sentenceOf } from "./command.ts";
import { describeTarget, type Target } from "./connect.ts";
import { connectModern, ModernRefusal } from "./pull-modern.ts";

/** What a server says of itself, every field as it was sent. */
export interface PulledList {
  readonly server?: { readonly name: string; readonly version: string };
  readonly protocol?: string;
  readonly capabilities?: { readonly [name: string]: Json };
  readonly tools: readonly Json[];
  readonly resources?: readonly Json[];
  readonly resourceTemplates?: readonly Json[];
  readonly prompts?: readonly Json[];
}

/** Long enough for `npx` to download a package first. */
const CONNECT_MS = 120_000;
const PAGE_MS = 30_000;
/** Servers that do not know the question answer so at once, but for a few that say nothing. */
const PROBE_MS = 20_000;
const MAX_PAGES = 1_000;
/** Bytes of one message of the server. */
const MAX_MESSAGE = 64 * 1024 * 1024;

/**
 * Connects, reads every list the server offers, and closes. Throws `Failure` with a sentence.
 * `progress` is told what is being done; `probeMs` is how long a server may take to say that it needs no handshake.
 */
export async function pullList(
  target: Target,
  progress: (text: string) => void = () => {},
  probeMs: number = PROBE_MS,
): Promise<PulledList> {
  const name = describeTarget(target);
  progress(`connecting to ${name}`);
  const source = await connect(target, progress, probeMs).catch((error: unknown) => {
    throw new Failure(`The server \`${name}\` could not be reached: ${sentenceOf(error)}`);
  });
  const all = (method: string, key: string): Promise<Json[]> =>
    pages(method, key, progress, (cursor) =>
      source.ask(method, cursor === undefined ? {} : { cursor }),
    ).catch((error: unknown) => {
      if (error instanceof Failure) throw error;
      throw new Failure(
        `The server \`${name}\` did not answer \`${method}\`: ${sentenceOf(error)}`,
      );
    });
  try {
    return await gather(source, all);
  } finally {
    await source.close();
  }
}

/**
 * The newest era that the server speaks (MCP 2026-07-28, § Versioning): one with a handshake is what is left when a
 * server does not know the question, or does not answer it in time.
 */
async function connect(
  target: Target,
  progress: (text: string) => void,
  probeMs: number,
): Promise<Source> {
  try {
    return await connectModern(target, probeMs);
  } catch (error) {
    if (error instanceof ModernRefusal) throw error;
    progress("beginning with a handshake");
    return connectLegacy(target);
  }
}

/** A server that can be asked, in whichever era. */
interface Source {
  readonly protocol?: string;
  readonly server?: { readonly name: string; readonly version: string };
  readonly capabilities?: { readonly [name: string]: Json };
  ask(method: string, params: { readonly [key: string]: Json }): Promise<Record<string, unknown>>;
  close(): Promise<void>;
}

async function connectLegacy(target: Target): Promise<Source> {
  const [{ Client }, { ListRootsRequestSchema, ResultSchema }, transport] = await Promise.all([
    import("@modelcontextprotocol/sdk/client/index.js"),
    import("@modelcontextprotocol/sdk/types.js"),
    transportTo(target),
  ]);
  // Some servers list more tools to a client that can do more.
  const client = new Client(
    { name: "mcpp", version: MCPP_VERSION },
    { capabilities: { sampling: {}, elicitation: { form: {}, url: {} }, roots: {} } },
  );
  client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [] }));
  let protocol: string | undefined;
  const setProtocolVersion = transport.setProtocolVersion?.bind(transport);
  transport.setProtocolVersion = (version) => {
    protocol = version;
    setProtocolVersion?.(version);
  };
  const close = (): Promise<void> => client.close().catch(() => {});
  try {
    await client.connect(transport, { timeout: CONNECT_MS });
  } catch (error) {
    await close();
    throw error;
  }
  const server = client.getServerVersion();
  const capabilities = client.getServerCapabilities() as { [key: string]: Json } | undefined;
  return {
    ...(protocol === undefined ? {} : { protocol }),
    ...(server === undefined ? {} : { server }),
    ...(capabilities === undefined ? {} : { capabilities }),
    ask: (method, params) => client.request({ method, params }, ResultSchema, { timeout: PAGE_MS }),
    close,
  };
}

async function gather(
  { protocol, server, capabilities }: Source,
  all: (method: string, key: string) => Promise<Json[]>,
): Promise<PulledList> {
  const tools = capabilities?.tools === undefined ? [] : await all("tools/list", "tools");
  const resources =
    capabilities?.resources === undefined ? undefined : await all("resources/list", "resources");
  const resourceTemplates =
    capabilities?.resources === undefined
      ? undefined
      : // Many servers with resources have no templates, and no answer for this method.
        await all("resources/templates/list", "resourceTemplates").catch(() => []);
  const prompts =
    capabilities?.prompts === undefined ? undefined : await all("prompts/list", "prompts");
  return {
    ...(server === undefined ? {} : { server }),
    ...(protocol === undefined ? {} : { protocol }),
    ...(capabilities === undefined ? {} : { capabilities }),
    tools,
    ...(resources === undefined ? {} : { resources }),
    ...(resourceTemplates === undefined || resourceTemplates.length === 0
      ? {}
      : { resourceTemplates }),
    ...(prompts === undefined ? {} : { prompts }),
  };
}

async function pages(
  method: string,
  key: string,
  progress: (text: string) => void,
  page: (cursor: string | undefined) => Promise<Record<string, unknown>>,
): Promise<Json[]> {
  const items: Json[] = [];
  const seen = new Set<string>();
  let cursor: string | undefined;
  for (let number = 1; number <= MAX_PAGES; number++) {
    progress(number === 1 ? method : `${method}, page ${number}`);
    const result = await page(cursor);
    const part = result[key];
    if (!Array.isArray(part)) {
      throw new Failure(`The server answered \`${method}\` without a list of \`${key}\`.`);
    }
    items.push(...(part as Json[]));
    const next = result.nextCursor;
    if (typeof next !== "string") return items;
    if (seen.has(next)) {
      throw new Failure(`The server answered \`${method}\` with the same page again and again.`);
    }
    seen.add(next);
    cursor = next;
  }
  throw new Failure(`The server answered \`${method}\` with more than ${MAX_PAGES} pages.`);
}

async function transportTo(target: Target): Promise<Transport> {
  if (target.kind === "url") {
    const { StreamableHTTPClientTransport } = await import(
      "@modelcontextprotocol/sdk/client/streamableHttp.js"
    );
    // Its optional `sessionId` is declared a little wider than the interface's.
    return new StreamableHTTPClientTransport(target.url, {
      requestInit: { headers: target.headers },
    }) as Transport;
  }
  const { StdioClientTransport } = await import("@modelcontextprotocol/sdk/client/stdio.js");
  return new StdioClientTransport({
    command: target.command,
    args: [...target.args],
    env: serverEnvironment(process.env) as Record<string, string>,
    stderr: "inherit",
    maxBufferSize: MAX_MESSAGE,
  });
}
