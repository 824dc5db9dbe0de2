import { type Admitted, admit, type Message } from "./admit.ts";
import { readCall, type ToolCall } from "./call.ts";
import type { Rulebook } from "./rulebook.ts";
import { scan } from "./scan.ts";

/** A message that no policy is asked about, and why: a sentence. */
export interface Unread {
  readonly ok: false;
  readonly message: string;
}

export interface WrittenCall {
  readonly ok: true;
  readonly admitted: Admitted;
  readonly message: Extract<Message, { kind: "request" }>;
}

/** The message that calls a tool with these arguments (JSON as text), admitted as the proxy admits it off the wire. */
export function writeCall(tool: string, text: string): WrittenCall | Unread {
  const scanned = scan(text);
  // By itself first: text that is no single value must not become other parts of the message.
  if (!scanned.ok) return { ok: false, message: `The arguments are refused: ${scanned.message}.` };
  const params = `{"name":${JSON.stringify(tool)},"arguments":${text}}`;
  const message = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}`;
  const admitted = admit(Buffer.from(message));
  if (!admitted.ok) return { ok: false, message: admitted.message };
  if (admitted.message.kind !== "request") return { ok: false, message: "This is no call." };
  return { ok: true, admitted, message: admitted.message };
}

/**
 * Reads a call as the proxy reads it off the wire. A refusal is for a message that no policy is asked about;
 * `text` are the arguments as JSON.
 */
export function readCallText(tool: string, text: string, rulebook: Rulebook): ToolCall | Unread {
  const written = writeCall(tool, text);
  return written.ok ? readCall(written.message, written.admitted, rulebook) : written;
}
