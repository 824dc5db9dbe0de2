import {
  Client as ClientV2,
  StreamableHTTPClientTransport as HttpV2,
} from "@modelcontextprotocol/client";
import { StdioClientTransport as StdioV2 } from "@modelcontextprotocol/client/stdio";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport as StdioV1 } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport as HttpV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport as TransportV1 } from "@modelcontextprotocol/sdk/shared/transport.js";

/** Where a client finds a server. */
export type Place =
  | {
      readonly url: string;
      readonly token?: string | undefined;
      /** Each request has a connection of its own. */
      readonly apart?: boolean;
    }
  | { readonly command: string; readonly args: readonly string[] };

interface CallOptions {
  readonly onprogress?: () => void;
  readonly signal?: AbortSignal;
}

/** The same few things with each generation of the SDK's client. */
export interface AnyClient {
  tools(): Promise<readonly string[]>;
  call(name: string, args: Record<string, unknown>, options?: CallOptions): Promise<string>;
  /** Resolves when the server says that its tools have changed. */
  readonly changed: Promise<void>;
  close(): Promise<void>;
}

export type ClientKind = "SDK 1" | "SDK 2, legacy" | "SDK 2, auto";
export const CLIENT_KINDS: readonly ClientKind[] = ["SDK 1", "SDK 2, legacy", "SDK 2, auto"];

const INFO = { name: "test", version: "1" };

interface ToolResult {
  readonly content?: unknown;
}

function textOf({ content }: ToolResult): string {
  const [first] = (content ?? []) as readonly { readonly text?: string }[];
  return first?.text ?? "";
}

export async function connect(kind: ClientKind, place: Place): Promise<AnyClient> {
  return kind === "SDK 1" ? connectV1(place) : connectV2(kind, place);
}

async function connectV1(place: Place): Promise<AnyClient> {
  const client = new ClientV1(INFO);
  await client.connect(
    "url" in place
      ? (new HttpV1(new URL(place.url), requestInit(place)) as TransportV1)
      : new StdioV1({ ...spawned(place), stderr: "ignore" }),
  );
  return {
    tools: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: async (name, args, options) =>
      textOf((await client.callTool({ name, arguments: args }, undefined, options)) as ToolResult),
    changed: new Promise(() => {}),
    close: () => client.close(),
  };
}

async function connectV2(kind: ClientKind, place: Place): Promise<AnyClient> {
  let tellChanged = (): void => {};
  const changed = new Promise<void>((resolve) => {
    tellChanged = resolve;
  });
  const client = new ClientV2(INFO, {
    versionNegotiation: { mode: kind === "SDK 2, auto" ? "auto" : "legacy" },
    capabilities: { elicitation: { form: {} } },
    listChanged: { tools: { autoRefresh: false, onChanged: () => tellChanged() } },
  });
  client.setRequestHandler("elicitation/create", async () => ({
    action: "accept",
    content: { ok: true },
  }));
  await client.connect(
    "url" in place
      ? new HttpV2(new URL(place.url), requestInit(place))
      : new StdioV2({ ...spawned(place), stderr: "ignore" }),
  );
  return {
    tools: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: async (name, args, options) =>
      textOf((await client.callTool({ name, arguments: args }, options)) as ToolResult),
    changed,
    close: () => client.close(),
  };
}

function requestInit({ token, apart }: Extract<Place, { url: string }>): {
  requestInit: RequestInit;
} {
  const headers = {
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(apart === true ? { connection: "close" } : {}),
  };
  return { requestInit: { headers } };
}

function spawned({ command, args }: Extract<Place, { command: string }>): {
  command: string;
  args: string[];
  env: Record<string, string>;
} {
  return { command, args: [...args], env: process.env as Record<string, string> };
}
