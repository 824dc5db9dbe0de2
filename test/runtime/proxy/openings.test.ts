import { describe, expect, it } from "vitest";
import { pinOf } from "../../../policy/index.ts";
import { Governed } from "./governed.ts";

// What stays closed unless it is asked for by name, and what stays closed even then.

const settled = async (governed: Governed): Promise<void> => governed.session.settled();
const TOOLS = [{ name: "listed", inputSchema: {} }];

function call(name: string, id: number | string = 1): object {
  return { jsonrpc: "2.0", id, method: "tools/call", params: { name, arguments: {} } };
}

/** Calls a tool; answers the proxy's own request for the list. */
async function called(
  governed: Governed,
  name: string,
): Promise<"forwarded" | "unknown" | "denied"> {
  const before = governed.toServer.length;
  const heard = governed.toClient.length;
  governed.client(call(name));
  const own = governed.toServer.slice(before).find(({ method }) => method === "tools/list");
  if (own !== undefined) governed.server({ jsonrpc: "2.0", id: own.id, result: { tools: TOOLS } });
  await settled(governed);
  const forwarded = governed.toServer.slice(before).some(({ method }) => method === "tools/call");
  const answer = governed.toClient[heard] as
    | { readonly error?: { readonly code: number }; readonly result?: unknown }
    | undefined;
  // The next one is another call under the same id.
  if (forwarded) governed.server({ jsonrpc: "2.0", id: 1, result: { content: [] } });
  if (forwarded) return "forwarded";
  return answer?.error?.code === -32602 ? "unknown" : "denied";
}

describe("a name that the server does not list", () => {
  const POLICY = {
    version: "1",
    default: "allow",
    extensions: ["patterns", "pins"],
    hide: ["hidden"],
    tools: { pinned: { pin: pinOf({ name: "pinned", inputSchema: {} }) } },
    deny_tools: { "denied_*": {} },
  };

  it("is unknown", async () => {
    const governed = await Governed.under(POLICY);
    expect(await called(governed, "listed")).toBe("forwarded");
    expect(await called(governed, "other")).toBe("unknown");
  });

  it("is forwarded where this is asked for, unless the policy says otherwise", async () => {
    const governed = await Governed.under(POLICY, { opens: { unlisted: true } });
    expect(await called(governed, "listed")).toBe("forwarded");
    expect(await called(governed, "other")).toBe("forwarded");
    expect(await called(governed, "hidden")).toBe("unknown");
    expect(await called(governed, "pinned")).toBe("unknown");
    expect(await called(governed, "denied_1")).toBe("denied");
    for (const name of ["LISTED", "listed ", "ｌisted", "Hidden", "Pinned"]) {
      expect(await called(governed, name)).not.toBe("forwarded");
    }
  });

  it("is denied by default where the policy does not name it", async () => {
    const policy = { version: "1", default: "deny", hide: ["hidden"], tools: { named: {} } };
    const governed = await Governed.under(policy, { opens: { unlisted: true } });
    expect(await called(governed, "named")).toBe("forwarded");
    expect(await called(governed, "other")).toBe("denied");
  });

  it("is denied while the list cannot be had", async () => {
    const governed = await Governed.under(POLICY, { opens: { unlisted: true } });
    governed.client(call("other"));
    const own = governed.toServer.at(-1);
    governed.server({ jsonrpc: "2.0", id: own?.id, error: { code: -32000, message: "no" } });
    await settled(governed);
    expect(governed.records.at(-1)).toMatchObject({ rule: "(catalogue unavailable)" });
    expect(governed.toServer).toHaveLength(1);
  });
});

describe("a method that MCP does not define", () => {
  const DENY = { version: "1", default: "deny" };
  const request = (method: string): object => ({ jsonrpc: "2.0", id: 1, method });

  it("is denied by default", async () => {
    const governed = await Governed.under(DENY);
    governed.client(request("vendor/do"));
    governed.client({ jsonrpc: "2.0", method: "notifications/vendor" });
    expect(governed.toServer).toEqual([]);
    expect(governed.toClient).toMatchObject([{ error: { code: 403 } }]);
  });

  it("passes where this is asked for, and calls are judged as ever", async () => {
    const governed = await Governed.under(DENY, { opens: { methods: true } });
    governed.client(request("vendor/do"));
    governed.client({ jsonrpc: "2.0", method: "notifications/vendor" });
    expect(governed.toServer).toHaveLength(2);
    expect(await called(governed, "any")).toBe("denied");
  });

  it.each([
    "tools/run",
    "tools/call/now",
    "TOOLS/Run",
    "tools/",
    "ｔools/x",
    " tools/call",
    "Tools/Call",
    "tools/call\u200b",
    "Resources/Read",
    "prompts/get ",
    "tasks/Get",
    "Initialize",
  ])("never passes when it deals with tools or could be taken for another: %j", async (method) => {
    for (const policy of [DENY, { version: "1", default: "allow" }]) {
      const governed = await Governed.under(policy, { opens: { methods: true, unlisted: true } });
      governed.client(request(method));
      governed.client({ jsonrpc: "2.0", method });
      expect(governed.toServer).toEqual([]);
      expect(governed.toClient).toMatchObject([{ id: 1, error: { code: -32600 } }]);
    }
  });
});
