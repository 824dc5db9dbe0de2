import { randomUUID } from "node:crypto";
import type { Freeze, FreezeScope, FreezeStore } from "../state/store.ts";
import { type AdminRoute, type Asked, jsonAnswer, refusal } from "./route.ts";
import type { Freezes, Frozen } from "./wire.ts";

export interface FreezeOptions {
  readonly store: FreezeStore;
  /** The servers and grants that there are: what stops nothing is refused. */
  readonly known: () => {
    readonly servers: readonly string[];
    readonly grants: readonly { readonly id: string; readonly name: string }[];
  };
  readonly now: () => number;
}

const MAX_MINUTES = 24 * 24 * 60;
/** Characters of a reason, and of a tool's name. */
const MAX_REASON = 2_000;
const MAX_NAME = 1_024;
const LOOKING = "You may look, and stop nothing: sign in as an approver.";

/** What is lifted may be about a server or a grant that is gone. */
function writtenScope({ body: { server, grant, tool } }: Asked): FreezeScope | undefined {
  const given = Object.entries({ server, grant, tool }).filter(([, name]) => name !== undefined);
  if (given.some(([, name]) => typeof name !== "string")) return undefined;
  return Object.fromEntries(given) as FreezeScope;
}

/** What is stopped by hand. */
export function freezeRoutes({ store, known, now }: FreezeOptions): readonly AdminRoute[] {
  /** The scope that is named; a sentence when there is no such thing, which would stop nothing. */
  const scopeOf = ({ body }: Asked): FreezeScope | string => {
    const { server, grant, tool } = body;
    const { servers, grants } = known();
    const found = grants.find(({ id, name }) => id === grant || name === grant);
    if (server !== undefined && !servers.some((name) => name === server)) {
      return "There is no such server.";
    }
    if (grant !== undefined && found === undefined) return "There is no such grant.";
    if (tool !== undefined && (typeof tool !== "string" || tool === "" || tool.length > MAX_NAME)) {
      return "A tool is a name.";
    }
    return {
      ...(server === undefined ? {} : { server: server as string }),
      ...(found === undefined ? {} : { grant: found.id }),
      ...(tool === undefined ? {} : { tool }),
    };
  };
  const shown = ({ id: _, ...freeze }: Freeze): Frozen => {
    const grantName = known().grants.find(({ id }) => id === freeze.grant)?.name;
    return grantName === undefined ? freeze : { ...freeze, grantName };
  };
  return [
    {
      method: "GET",
      path: "/api/freezes",
      right: "session",
      async answer() {
        const freezes: Freezes = { now: now(), freezes: (await store.list(now())).map(shown) };
        return jsonAnswer(200, freezes);
      },
    },
    {
      method: "POST",
      path: "/api/freeze",
      right: "session",
      async answer(asked) {
        const by = asked.session?.person?.name;
        if (by === undefined) return refusal(403, LOOKING);
        const { minutes, because } = asked.body;
        if (!Number.isSafeInteger(minutes) || (minutes as number) < 1) {
          return refusal(400, "Say for how many minutes.");
        }
        if ((minutes as number) > MAX_MINUTES) return refusal(400, "At most 24 days.");
        const why = typeof because === "string" ? because.trim() : "";
        if (why === "") return refusal(400, "Say why; it is told to whoever calls.");
        if (why.length > MAX_REASON) {
          return refusal(400, `A reason may have ${MAX_REASON} characters.`);
        }
        const scope = scopeOf(asked);
        if (typeof scope === "string") return refusal(400, scope);
        const until = now() + (minutes as number) * 60_000;
        const freeze: Freeze = { ...scope, id: randomUUID(), until, because: why, by };
        await store.freeze(freeze);
        return jsonAnswer(200, shown(freeze));
      },
    },
    {
      method: "POST",
      path: "/api/unfreeze",
      right: "session",
      async answer(asked) {
        const by = asked.session?.person?.name;
        if (by === undefined) return refusal(403, LOOKING);
        const scope = writtenScope(asked);
        if (scope === undefined) return refusal(400, "A server, a grant and a tool are names.");
        if ((await store.unfreeze(scope, by)) > 0) return jsonAnswer(200, {});
        return refusal(409, "This is not frozen any more.");
      },
    },
  ];
}
