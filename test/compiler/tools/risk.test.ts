import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  annotate,
  classify,
  isGraver,
  RISK_CLASSES,
  type RiskClass,
  stripDocs,
  type Tool,
} from "../../../compiler/index.ts";
import type { Json } from "../../../policy/index.ts";
import { realLists, realListsMissing } from "./lists.ts";

function tool(name: string, description?: string, properties?: object, annotations?: object): Tool {
  return {
    name,
    ...(description === undefined ? {} : { description }),
    ...(properties === undefined ? {} : { inputSchema: { type: "object", properties } as Json }),
    ...(annotations === undefined ? {} : { annotations: annotations as { [hint: string]: Json } }),
  };
}

describe("names", () => {
  it.each<[RiskClass, string]>([
    [
      "read",
      `get_user list_issues search_code readFile getDeletedUsers list_deleted_files whoami
      refund_status payment_history high_refund_ratio very_high_amount session_budget order_status
      take_screenshot get_delete_status resolve-library-id dns_resolve_host notion-search listRefunds
      get_charge describe_table maps_geocode query-docs git_log git_diff tree`,
    ],
    [
      "write",
      `create_issue updateUser pause_project merge_pull_request send_email add-comment
      transfer_issue git_checkout write_file drag_and_drop resolve_thread set_cookie create_customer
      API-patch-page upload frobnicate upsert_record close_issue`,
    ],
    [
      "execute",
      `run_query execute_sql evaluate_script kubectl_exec deploy_edge_function session_start
      browser_navigate tab_new vault_login trigger_build query test_scenario_run restart_service
      ssh_command`,
    ],
    [
      "financial",
      `create_refund create_payout refund_order pay_invoice create_payment_link place_order
      create_charge charge_card purchase_ticket stripe_create_refund finalize_invoice`,
    ],
    [
      "destructive",
      `delete_repo removeUser drop_table purge_queue vault_delete force_push git_reset
      terminate_instances get_and_delete_item cancel_subscription database_crud_tool clear_history
      shut_down delete_payment list_or_delete`,
    ],
  ])("%s", (risk, names) => {
    const found = names.split(/\s+/).map((name) => `${name}: ${classify(tool(name)).risk}`);
    expect(found).toEqual(names.split(/\s+/).map((name) => `${name}: ${risk}`));
  });
});

describe("descriptions and schemas", () => {
  it.each<[string, RiskClass, Tool]>([
    [
      "a verb that leads",
      "destructive",
      tool("sync_folder", "Deletes files that are gone upstream."),
    ],
    ["one verb of several", "destructive", tool("tabs", "List, create or remove a tab.")],
    [
      "a later sentence",
      "destructive",
      tool("get_weather", "Gets the weather. Also deletes old reports."),
    ],
    ["a phrase", "destructive", tool("publish_page", "Publish a page. This cannot be undone.")],
    [
      "a phrase that is negated",
      "write",
      tool("archive", "Archive a chat, without permanently removing it."),
    ],
    [
      "code in prose",
      "execute",
      tool("sandbox", "A sandbox that can execute arbitrary Python code."),
    ],
    ["a search that is run", "read", tool("web_search", "Runs a search of the web.")],
    [
      "an imperative to the model",
      "read",
      tool("get_plan", "Get the plan. Delete nothing before."),
    ],
    [
      "an SQL argument",
      "execute",
      tool("query", "Query the database", { sql: { type: "string" } }),
    ],
    ["a command argument", "execute", tool("terminal", "", { command: { type: "string" } })],
    ["a choice named command", "write", tool("menu", "", { command: { enum: ["a"] } })],
    [
      "a code that is no program",
      "read",
      tool("get_country", "", { code: { type: "string", description: "ISO code" } }),
    ],
    [
      "code to run",
      "execute",
      tool("sandbox", "", { code: { type: "string", description: "Python to run" } }),
    ],
    ["actions", "destructive", tool("pages", "", { action: { enum: ["list", "delete"] } })],
    ["harmless actions", "read", tool("pages_list", "", { action: { enum: ["list", "get"] } })],
    ["HTTP methods", "destructive", tool("http", "", { method: { enum: ["GET", "DELETE"] } })],
    ["an amount of money", "financial", tool("settle", "", { amount: {}, currency: {} })],
    ["reading amounts of money", "read", tool("get_rates", "", { amount: {}, currency: {} })],
    ["a transfer of money", "financial", tool("transfer", "Transfer funds between accounts")],
  ])("%s: %s", (_, risk, subject) => {
    expect(classify(subject).risk).toBe(risk);
  });
});

describe("annotations", () => {
  const read = { readOnlyHint: true };

  it.each<[string, RiskClass, string[], Tool]>([
    [
      "a lowering hint against the name",
      "destructive",
      ["The server says `readOnlyHint: true` of `delete_repo`, yet the name says `delete`."],
      tool("delete_repo", undefined, undefined, read),
    ],
    [
      "a lowering hint against the schema",
      "execute",
      [
        "The server says `readOnlyHint: true` of `lookup`, yet its argument `sql` is code or a command.",
      ],
      tool("lookup", undefined, { sql: {} }, read),
    ],
    [
      "a denied destruction",
      "destructive",
      ["The server says `destructiveHint: false` of `wipe`, yet the name says `wipe`."],
      tool("wipe", undefined, undefined, { readOnlyHint: false, destructiveHint: false }),
    ],
    ["a lowering hint against a guess", "read", [], tool("wait_for", undefined, undefined, read)],
    ["a guess alone", "execute", [], tool("wait_for")],
    ["a lowering hint alone", "read", [], tool("frobnicate", undefined, undefined, read)],
    [
      "a raising hint",
      "destructive",
      [],
      tool("resize", undefined, undefined, { destructiveHint: true }),
    ],
    [
      "a raising hint on a reader",
      "write",
      [],
      tool("get_page", undefined, undefined, { readOnlyHint: false }),
    ],
    [
      "both hints",
      "destructive",
      ["The server says `readOnlyHint: true` of `look`, yet the server says `destructiveHint`."],
      tool("look", undefined, undefined, { ...read, destructiveHint: true }),
    ],
    [
      "hints that are no booleans",
      "write",
      [],
      tool("frobnicate", undefined, undefined, { readOnlyHint: "true" }),
    ],
  ])("%s: %s", (_, risk, contradictions, subject) => {
    const found = classify(subject);
    expect([found.risk, found.contradictions]).toEqual([risk, contradictions]);
  });
});

describe("what the list says", () => {
  it("stands", () => {
    const given: Tool = { ...tool("delete_repo"), risk: "read" };
    expect(classify(given)).toMatchObject({
      risk: "read",
      why: "The tool list says so.",
      severity: "low",
    });
    expect(classify({ ...given, why: "A toy." }).why).toBe("A toy.");
    expect(classify({ ...given, risk_by: "hand" }).why).toBe("It was chosen by hand.");
  });
});

describe("laws", () => {
  const word = fc.constantFrom(
    "get",
    "delete",
    "pay",
    "run",
    "user",
    "wait",
    "status",
    "create",
    "x",
    "_",
    "and",
  );
  const anyTool = fc.record(
    {
      name: fc.oneof(
        fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join("_")),
        fc.string(),
      ),
      description: fc.oneof(
        fc.string(),
        fc.array(word, { maxLength: 6 }).map((words) => words.join(" ")),
      ),
      inputSchema: fc.jsonValue() as fc.Arbitrary<Json>,
    },
    { requiredKeys: ["name"] },
  ) as fc.Arbitrary<Tool>;

  it("never throws, and gives a sentence", () => {
    fc.assert(
      fc.property(anyTool, (subject) => {
        const { risk, why } = classify(subject);
        expect(RISK_CLASSES).toContain(risk);
        expect(why).toMatch(/^[^a-z].*\.$/su);
      }),
      { numRuns: 500 },
    );
  });

  it("a raising hint never lowers the class, a lowering one never beats evidence", () => {
    fc.assert(
      fc.property(anyTool, (subject) => {
        const plain = classify(subject).risk;
        const raised = classify({ ...subject, annotations: { destructiveHint: true } }).risk;
        const lowered = classify({ ...subject, annotations: { readOnlyHint: true } });
        expect(raised).toBe("destructive");
        if (lowered.contradictions.length > 0) expect(lowered.risk).toBe(plain);
        expect(isGraver(lowered.risk, plain)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
});

/** Published classes that are wrong, or milder than the name warrants, and ours. */
const GRAVER: { readonly [name: string]: RiskClass } = {
  browser_mock_route: "write",
  session_end: "write",
  test_auth_flow: "execute",
  test_chaos: "execute",
  test_fill_form: "write",
  test_scenario_run: "execute",
  vault_login: "execute",
};
const MILDER: { readonly [name: string]: RiskClass } = { browser_resolve_element: "read" };

describe.skipIf(realListsMissing)("real lists", () => {
  it("agree with published classes, where those are right", () => {
    const { list } = realLists.find(({ name }) => name === "looking-glass") ?? {
      list: { tools: [] },
    };
    expect(list.tools).toHaveLength(38);
    const ours = list.tools.map((published) => {
      const { risk: _risk, ...bare } = published;
      return [published.name, classify(bare).risk];
    });
    const wanted = list.tools.map(({ name, risk }) => [name, GRAVER[name] ?? MILDER[name] ?? risk]);
    expect(ours).toEqual(wanted);
    for (const { name, risk } of list.tools) {
      const grave = GRAVER[name];
      if (grave !== undefined && risk !== undefined) expect(isGraver(grave, risk)).toBe(true);
    }
  });

  it.each(realLists)("$name", ({ list }) => {
    const table = list.tools.map((entry) => {
      const { risk: _risk, ...bare } = entry;
      const { risk, why, contradictions } = classify(bare);
      return [entry.name, risk, why, ...contradictions].join(" · ");
    });
    expect(table.join("\n")).toMatchSnapshot();
  });
});

describe("annotate", () => {
  const list = { tools: [tool("delete_repo"), tool("get_repo")] };

  it("writes class and evidence", () => {
    expect(annotate(list).tools).toEqual([
      { name: "delete_repo", risk: "destructive", why: "The name says `delete`." },
      { name: "get_repo", risk: "read", why: "The name says `get`." },
    ]);
  });

  it("keeps what a person chose, and nothing else of the file before", () => {
    const previous = {
      tools: [
        { name: "delete_repo", risk: "write", why: "It has a bin.", risk_by: "hand" },
        { name: "get_repo", risk: "execute", why: "old" },
        { name: "gone", risk: "read", risk_by: "hand" },
      ],
    };
    expect(annotate(list, previous).tools).toEqual([
      { name: "delete_repo", risk: "write", why: "It has a bin.", risk_by: "hand" },
      { name: "get_repo", risk: "read", why: "The name says `get`." },
    ]);
  });

  it("does not believe a class that the server wrote itself", () => {
    const sly = {
      tools: [{ name: "delete_repo", risk: "read", risk_by: "hand", why: "Harmless." }],
    };
    expect(annotate(sly).tools).toEqual([
      { name: "delete_repo", risk: "destructive", why: "The name says `delete`." },
    ]);
  });

  it.each([
    undefined,
    null,
    3,
    "x",
    [],
    { tools: 3 },
    { tools: [null, 3, { name: 1 }] },
    { tools: [{ name: "get_repo", risk: "harmless", risk_by: "hand" }] },
  ])("survives %j", (previous) => {
    expect(annotate({ tools: [tool("get_repo"), 7] }, previous).tools).toEqual([
      { name: "get_repo", risk: "read", why: "The name says `get`." },
      7,
    ]);
  });

  it("annotates to the same again", () => {
    for (const { list: real } of realLists)
      expect(annotate(annotate(real))).toEqual(annotate(real));
  });
});

describe("stripDocs", () => {
  it("drops prose, and keeps properties that are called like it", () => {
    const described = {
      server: { name: "s", title: "S", version: "1" },
      instructions: "kept where it is not known",
      tools: [
        {
          name: "a",
          title: "A",
          description: "Prose",
          annotations: { title: "A", readOnlyHint: true },
          inputSchema: {
            type: "object",
            title: "Args",
            properties: {
              title: {
                type: "string",
                description: "Prose",
                examples: ["x"],
                default: { title: "kept" },
              },
              description: { enum: ["title"] },
            },
            $defs: { description: { anyOf: [{ title: "Prose", type: "null" }] } },
          },
        },
      ],
      prompts: [
        { name: "p", description: "Prose", arguments: [{ name: "q", description: "Prose" }] },
      ],
    };
    expect(stripDocs(described)).toEqual({
      server: { name: "s", version: "1" },
      instructions: "kept where it is not known",
      tools: [
        {
          name: "a",
          annotations: { readOnlyHint: true },
          inputSchema: {
            type: "object",
            properties: {
              title: { type: "string", default: { title: "kept" } },
              description: { enum: ["title"] },
            },
            $defs: { description: { anyOf: [{ type: "null" }] } },
          },
        },
      ],
      prompts: [{ name: "p", arguments: [{ name: "q" }] }],
    });
  });
});
