import type { Json } from "../../../policy/index.ts";
import type { Reply } from "../../transport/http/reply.ts";
import { isId, isObject, type JsonObject } from "../admit.ts";
import type { Hearing } from "../hear.ts";
import { idKey, type OpenRequest } from "../requests.ts";
import { relay } from "../screen.ts";
import type { ClientInfo, Desk, Visit } from "./desk.ts";

/** One HTTP request that was forwarded, and the client that waits for what comes back. */
export interface Exchange {
  readonly desk: Desk;
  readonly visit: Visit;
  readonly reply: Reply;
  /** Of a POST that holds a request. */
  readonly asked?: Asked;
  /** Of `initialize`: who begins a session. */
  readonly begins?: ClientInfo;
  /** Sends an answer of ours to a request of the server. */
  readonly answerServer: (text: string) => void;
}

export interface Asked {
  readonly open: OpenRequest;
  readonly hearing: Hearing;
  answered: boolean;
}

/** Whether a message answers what this exchange has asked. */
export function isAnswer({ asked }: Exchange, message: JsonObject): boolean {
  return (
    asked !== undefined &&
    message.method === undefined &&
    isId(message.id) &&
    idKey(message.id) === idKey(asked.open.id)
  );
}

/** What the client gets in place of a message of the server; undefined when nothing. */
export function toClient(
  text: string,
  message: JsonObject,
  exchange: Exchange,
): string | undefined {
  const { desk, visit, asked } = exchange;
  const answers = asked !== undefined && isAnswer(exchange, message);
  if (answers) settle(asked, message, exchange);
  else if (message.method === "notifications/tools/list_changed") visit.catalogue.invalidate();
  const relayed = relay(text, message, desk.governance, answers ? asked.hearing : undefined);
  if (relayed.toServer !== undefined) exchange.answerServer(relayed.toServer);
  return relayed.toClient;
}

function settle(asked: Asked, message: JsonObject, { desk, visit }: Exchange): void {
  const { result } = message;
  asked.answered = true;
  desk.settlement.answered(asked.open, message);
  const { listChanges } = asked.open;
  if (listChanges === undefined || !isObject(result)) return;
  if (Array.isArray(result.tools) && result.nextCursor === undefined) {
    visit.catalogue.observe(result.tools as readonly Json[], listChanges);
  }
}
