import type { View } from "../workspace.ts";

/** A policy in a line: its server, how many tools are known, and how many errors there are. */
export interface Status {
  readonly server?: string;
  /** Absent without a tool list. */
  readonly tools?: number;
  readonly errors: number;
}

export function statusOf({ program, compilation }: View): Status {
  const server = program.server?.node.name.value;
  const { known, names } = program.tools;
  return {
    ...(server === undefined ? {} : { server }),
    ...(known ? { tools: names.length } : {}),
    errors: compilation.diagnostics.filter(({ severity }) => severity === "error").length,
  };
}
