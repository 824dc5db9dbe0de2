/** The tool list of the tests: a shop with something of each risk class. */

interface Schema {
  readonly [keyword: string]: unknown;
}

function tool(name: string, risk: string, properties: Schema, required: readonly string[] = []) {
  return {
    name,
    risk,
    inputSchema: { type: "object", properties, required, additionalProperties: false },
  };
}

const string = { type: "string" };
const number = { type: "number" };

export const shop = {
  server: { name: "shop" },
  tools: [
    tool("list_orders", "read", { page: number, state: { enum: ["open", "closed"] } }, ["page"]),
    tool("get_order", "read", { id: string }, ["id"]),
    tool(
      "read_file",
      "read",
      { path: string, url: { type: "string", format: "uri" }, ...flag("raw") },
      ["path", "url"],
    ),
    tool(
      "create_refund",
      "financial",
      {
        customer: string,
        amount: number,
        reason: string,
        notify: { type: "boolean", default: false },
        urgent: { type: "boolean" },
        priority: { type: "integer", default: 3 },
        items: {
          type: "array",
          items: {
            type: "object",
            properties: { sku: string, count: number },
            required: ["sku"],
            additionalProperties: false,
          },
        },
      },
      ["customer", "amount"],
    ),
    tool("update_order", "write", { id: string, note: string }, ["id"]),
    tool("run_report", "execute", { name: string }, ["name"]),
    tool("delete_order", "destructive", { id: string, ...flag("force") }, ["id"]),
  ],
};

function flag(name: string): Schema {
  return { [name]: { type: "boolean" } };
}

/** Statements that mention every tool and leave nothing to remark. */
export const quiet = `default deny
allow list_orders, get_order, read_file, update_order
allow create_refund, run_report, delete_order limit each 10/hour
`;
