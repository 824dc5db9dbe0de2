/**
 * A second opinion on what a client's line may do, written apart from the proxy: from the sentences of the
 * documentation, with other means (JSON.parse and a tokenizer of its own). For one policy: under a denying
 * default `echo` is allowed unless `args.amount` is above 100, and nothing else.
 */
export function permits(line: Buffer): unknown {
  if (line.length > 4 * 1024 * 1024) return undefined;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(line);
  } catch {
    return undefined;
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(value) || !plain(text)) return undefined;
  const envelope = ["jsonrpc", "id", "method", "params", "result", "error"];
  if (lookAlike(value, envelope) || value.jsonrpc !== "2.0") return undefined;
  if (typeof value.method !== "string" || "result" in value || "error" in value) return undefined;
  const { method, params } = value;
  if (params !== undefined && params !== null && !isRecord(params)) return undefined;
  const hasId = "id" in value;
  if (hasId && typeof value.id !== "string" && !/^-?(0|[1-9][0-9]{0,15})$/.test(writtenId(text))) {
    return undefined;
  }
  if (hasId && typeof value.id === "number" && !Number.isSafeInteger(value.id)) return undefined;
  if (isRecord(params) && params._meta !== undefined && !isRecord(params._meta)) return undefined;
  const known: Record<string, { request: boolean; names: string[] }> = {
    ping: { request: true, names: ["_meta"] },
    "tools/list": { request: true, names: ["_meta", "cursor"] },
    "tools/call": {
      request: true,
      names: ["_meta", "name", "arguments", "task", "inputResponses", "requestState"],
    },
    "notifications/initialized": { request: false, names: ["_meta"] },
  };
  const entry = Object.hasOwn(known, method) ? known[method] : undefined;
  if (entry === undefined || entry.request !== hasId) return undefined;
  if (isRecord(params) && lookAlike(params, entry.names)) return undefined;
  return method !== "tools/call" || callIsFine(params) ? value : undefined;
}

function callIsFine(params: unknown): boolean {
  if (!isRecord(params) || params.name !== "echo") return false;
  if (!("arguments" in params)) return true;
  const args = params.arguments;
  if (!isRecord(args) || lookAlike(args, ["amount"])) return false;
  if (!("amount" in args) || args.amount === null) return true;
  // A value of another type is an error, and an error denies.
  return typeof args.amount === "number" && args.amount <= 100 && Number.isFinite(args.amount);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function lookAlike(object: Record<string, unknown>, names: readonly string[]): boolean {
  // White space around and characters without a width count as little as case.
  const fold = (key: string): string =>
    [...key.normalize("NFKC").toUpperCase().toLowerCase().normalize("NFKC").trim()]
      .filter((character) => !/[-_]|\p{Default_Ignorable_Code_Point}/u.test(character))
      .join("");
  return Object.keys(object).some(
    (key) => !names.includes(key) && names.some((name) => fold(name) === fold(key)),
  );
}

/** How the `id` of the message itself is written; those of objects inside it are none of it. `text` is JSON. */
function writtenId(text: string): string {
  const tokens = tokensOf(text);
  let depth = 0;
  for (const [index, token] of tokens.entries()) {
    if (token === "{" || token === "[") depth++;
    else if (token === "}" || token === "]") depth--;
    else if (depth === 1 && tokens[index + 1] === ":" && JSON.parse(token) === "id") {
      return tokens[index + 2] ?? "";
    }
  }
  return "";
}

function tokensOf(text: string): string[] {
  return text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/gs) ?? [];
}

/** No repeated key, at most 64 levels and 20 000 values, no infinite number; `text` is JSON. */
function plain(text: string): boolean {
  const tokens = tokensOf(text);
  const open: (Set<string> | undefined)[] = [];
  let values = 0;
  for (const [index, token] of tokens.entries()) {
    if (token === "{" || token === "[") {
      open.push(token === "{" ? new Set() : undefined);
      values++;
      if (open.length > 64) return false;
    } else if (token === "}" || token === "]") open.pop();
    else if (token !== "," && token !== ":") {
      if (tokens[index + 1] === ":") {
        const key = JSON.parse(token) as string;
        const keys = open.at(-1);
        if (keys?.has(key)) return false;
        keys?.add(key);
        continue;
      }
      values++;
      if (/^[-0-9]/.test(token) && !Number.isFinite(Number(token))) return false;
    }
  }
  return values <= 20_000;
}
