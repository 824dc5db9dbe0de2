import { createHmac } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { Approval } from "../state/store.ts";
import { postJson } from "../transport/http/post.ts";

export interface WebhookOptions {
  readonly url: URL;
  /** Signs what is sent. */
  readonly key: Uint8Array;
  /** Milliseconds since 1970, UTC. */
  readonly now: () => number;
  readonly notice: (text: string) => void;
  /** Where people see a question, by its id; undefined where there is no page. It opens nothing by itself. */
  readonly page?: (id: string) => string | undefined;
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

/** Before each further try (milliseconds). */
const BACK_OFF = [1_000, 4_000, 16_000, 64_000] as const;

/** Tells a receiver over HTTP of new questions. What calls carry is not sent: it may be secret. */
export class Webhook {
  readonly #options: WebhookOptions;
  readonly #end = new AbortController();

  constructor(options: WebhookOptions) {
    this.#options = options;
  }

  /** Resolves when the receiver has taken it, or it is given up. Never rejects. */
  async tell(approval: Approval): Promise<void> {
    const { now, notice, wait = (ms, signal) => pause(ms, undefined, { signal }) } = this.#options;
    const { signal } = this.#end;
    const body = bodyOf(approval, this.#options.page?.(approval.id));
    let problem = "";
    for (const ms of [0, ...BACK_OFF]) {
      if (ms > 0) await wait(ms, signal).catch(() => {});
      // Nobody can answer any more.
      if (signal.aborted || now() >= approval.expiresAt) return;
      const status = await this.#post(body).catch(() => undefined);
      if (status !== undefined && status >= 200 && status < 300) return;
      problem = status === undefined ? "it does not answer" : `it answers with status ${status}`;
      if (status !== undefined && isFinal(status)) break;
    }
    notice(`the webhook was not told of the approval ${approval.id}: ${problem}`);
  }

  close(): void {
    this.#end.abort();
  }

  /** Each try is signed with its own time, so that one that was recorded is soon worth nothing. */
  #post(body: string): Promise<number> {
    const { url, key, now } = this.#options;
    const timestamp = String(Math.floor(now() / 1_000));
    const signature = createHmac("sha256", key).update(`${timestamp}.${body}`).digest("hex");
    const headers = { "mcpp-timestamp": timestamp, "mcpp-signature": `v1=${signature}` };
    return postJson(url, body, headers, this.#end.signal);
  }
}

/** Trying again would not help. */
function isFinal(status: number): boolean {
  return status < 500 && status !== 408 && status !== 425 && status !== 429;
}

function bodyOf(approval: Approval, page: string | undefined): string {
  const { id, server, tool, grant, grantName, approvers, rule, source, message, digest } = approval;
  return JSON.stringify({
    type: "approval.asked",
    id,
    server,
    tool,
    grant: grantName ?? grant,
    approvers,
    rule,
    source,
    message,
    digest,
    page,
    asked_at: new Date(approval.askedAt).toISOString(),
    expires_at: new Date(approval.expiresAt).toISOString(),
  });
}
