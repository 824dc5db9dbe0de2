/** A tool list with every risk class, and the file that policies of the tests name. */
export const PAYMENTS = {
  server: { name: "payments", version: "1.2.0" },
  tools: [
    {
      name: "list_charges",
      description: "Lists charges.",
      inputSchema: {
        type: "object",
        properties: { limit: { type: "integer", minimum: 1, maximum: 100 } },
      },
      risk: "read",
    },
    {
      name: "get_charge",
      description: "Reads one charge.",
      inputSchema: { type: "object", properties: { id: { type: "string" } }, required: ["id"] },
      risk: "read",
    },
    {
      name: "get_secret",
      description: "Reads a secret.",
      inputSchema: { type: "object", properties: {} },
      risk: "read",
    },
    {
      name: "create_refund",
      title: "Refund a charge",
      description: "Pays a charge back.",
      inputSchema: {
        type: "object",
        properties: {
          amount: { type: "integer", minimum: 1, description: "In cents." },
          reason: { enum: ["duplicate", "fraudulent", "requested_by_customer"] },
          note: { type: "string" },
          notify: { type: "boolean" },
          order: {
            type: "object",
            properties: { total: { type: "number" }, id: { type: "string" } },
          },
          lines: {
            type: "array",
            items: {
              type: "object",
              properties: { price: { type: "number" } },
              required: ["price"],
            },
          },
        },
        required: ["amount", "reason"],
        additionalProperties: false,
      },
      risk: "financial",
      why: "The name says `refund`.",
    },
    {
      name: "create_payout",
      description: "Pays out.",
      inputSchema: {
        type: "object",
        properties: { amount: { type: "integer" } },
        required: ["amount"],
      },
      risk: "financial",
    },
    {
      name: "delete_customer",
      description: "Deletes a customer.",
      inputSchema: { type: "object", properties: { id: { type: "string" } }, required: ["id"] },
      risk: "destructive",
    },
    {
      name: "fs/read",
      description: "Reads a file.",
      inputSchema: { type: "object", properties: { path: { type: "string" } } },
      risk: "read",
    },
  ],
  prompts: [{ name: "summary", description: "Sums up." }],
  resources: [{ uri: "file:///docs/a.md", name: "a" }],
};

export const PAYMENTS_TEXT = JSON.stringify(PAYMENTS, null, 2);
