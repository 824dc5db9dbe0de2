import type { Json } from "../../policy/index.ts";

/** A tool list file: what `mcpp pull` saves of a server. A plain `tools/list` result reads as one too. */
export interface ToolList {
  readonly server?: { readonly name: string; readonly version?: string; readonly title?: string };
  readonly protocol?: string;
  readonly capabilities?: { readonly [name: string]: Json };
  readonly tools: readonly Tool[];
  readonly resources?: readonly { readonly uri: string; readonly name?: string }[];
  readonly resourceTemplates?: readonly { readonly uriTemplate: string; readonly name?: string }[];
  readonly prompts?: readonly { readonly name: string; readonly description?: string }[];
  /** False when the list is known to hold only a part of the server's tools. */
  readonly complete?: boolean;
  /** False when titles, descriptions and other prose were left out. */
  readonly docs?: boolean;
}

export type RiskClass = "read" | "write" | "execute" | "destructive" | "financial";

/** One tool as the server lists it (MCP `Tool`), with its risk class where `mcpp pull` wrote one. */
export interface Tool {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  /** Absent in lists that know only names; then arguments are not checked. */
  readonly inputSchema?: Json;
  readonly outputSchema?: Json;
  readonly annotations?: { readonly [hint: string]: Json };
  readonly execution?: Json;
  readonly _meta?: Json;
  readonly risk?: RiskClass;
  /** The evidence for `risk`, a sentence. */
  readonly why?: string;
  /** `hand`: a person chose the class, and a new pull keeps it. */
  readonly risk_by?: "hand";
}
