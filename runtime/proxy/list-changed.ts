import type { Id, JsonObject } from "./admit.ts";
import { isObject } from "./admit.ts";
import type { Rulebook } from "./rulebook.ts";

/** Notifications that a list has changed, which we send when a policy has: what it filters is another list now. */

export type ChangedList = "tools" | "resources" | "prompts";

const SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId";

/** The lists that may be others under another rulebook. */
export function listsChanged(before: Rulebook, after: Rulebook): readonly ChangedList[] {
  return (["tools", "resources", "prompts"] as const).filter(
    (list) => before.filters(list) || after.filters(list),
  );
}

/** For a client of the legacy era, or one that has subscribed with the request of this id. */
export function listChanged(list: ChangedList, subscription?: Id): JsonObject {
  const params = subscription === undefined ? {} : { _meta: { [SUBSCRIPTION]: subscription } };
  return {
    jsonrpc: "2.0",
    method: `notifications/${list}/list_changed`,
    ...(subscription === undefined ? {} : { params }),
  };
}

/** Whether `subscriptions/listen` has asked to hear when this list changes (MCP 2026-07-28, § Subscriptions). */
export function wantsToHear(list: ChangedList, params: JsonObject | undefined): boolean {
  const filter = params?.notifications;
  return isObject(filter) && filter[`${list}ListChanged`] === true;
}
