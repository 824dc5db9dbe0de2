import { type Compilation, compile, type Target } from "../../compiler/index.ts";
import { type Diagnostic, Source } from "../../language/index.ts";
import type { Policy } from "../../policy/index.ts";

export interface Around {
  /** A tool list (`{server, tools}`), or nothing for none. */
  readonly tools?: object;
  /** Other files by path. */
  readonly files?: Readonly<Record<string, string>>;
  readonly target?: Target;
}

/** A list as a source: the same for the same list, so that it is read once. */
function listSource(tools: object): Source {
  const known = sources.get(tools) ?? new Source("tools.json", JSON.stringify(tools));
  sources.set(tools, known);
  return known;
}

const sources = new WeakMap<object, Source>();

/** Compiles a text that is named `policy.mcpp`. */
export function compileText(text: string, { tools, files = {}, target }: Around = {}): Compilation {
  return compile(
    new Source("policy.mcpp", text),
    {
      read: (path) => {
        const name = path.replace(/^\.\//, "");
        const found = files[path] ?? files[name];
        return found === undefined ? undefined : { name, text: found };
      },
      ...(tools === undefined ? {} : { toolList: listSource(tools) }),
    },
    target === undefined ? {} : { target },
  );
}

/** The policy of a text without errors. */
export function policyOf(text: string, around: Around = {}): Policy {
  const { policy, diagnostics } = compileText(text, around);
  if (policy === undefined) {
    const errors = diagnostics.filter(({ severity }) => severity === "error");
    throw new Error(`${errors.map(shown).join("\n")}\n\n${text}`);
  }
  return policy;
}

/** The codes of errors and warnings, those of a missing tool list left out. */
export function codesOf(text: string, around: Around = {}): string[] {
  return compileText(text, around)
    .diagnostics.filter(({ severity, code }) => severity !== "info" && code !== "MCPP701")
    .map(({ code }) => code);
}

/** `MCPP201 at: the text of the span` */
export function shown({ code, source, span, message }: Diagnostic): string {
  return `${code} at ${JSON.stringify(source.slice(span))}: ${message}`;
}

export const schema = (properties: object, required: readonly string[] = []): object => ({
  type: "object",
  properties,
  required,
  additionalProperties: false,
});

/** Some tools of a payment server. */
export const payments = {
  server: { name: "payments" },
  tools: [
    { name: "list_charges", risk: "read", inputSchema: schema({ limit: { type: "integer" } }) },
    { name: "get_charge", risk: "read", inputSchema: schema({ id: { type: "string" } }, ["id"]) },
    { name: "create_customer", risk: "write", inputSchema: schema({ email: { type: "string" } }) },
    {
      name: "create_refund",
      risk: "financial",
      inputSchema: schema(
        {
          amount: { type: "number" },
          reason: { type: "string" },
          note: { type: "string" },
          url: { type: "string" },
          path: { type: "string" },
          force: { type: "boolean" },
          tags: { type: "array", items: { type: "string" } },
          order: { type: "object", properties: { total: { type: "number" } }, required: ["total"] },
          lines: {
            type: "array",
            items: {
              type: "object",
              properties: { price: { type: "number" } },
              required: ["price"],
            },
          },
        },
        ["amount", "reason", "note", "url", "path", "force", "tags", "order", "lines"],
      ),
    },
    {
      name: "delete_customer",
      risk: "destructive",
      inputSchema: schema({ id: { type: "string" } }),
    },
  ],
};
