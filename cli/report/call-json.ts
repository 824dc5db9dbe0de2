import { type JudgedCall, timeText } from "../../compiler/index.ts";

/** A call that the analysis found, for programs. The time stands there where it makes a difference. */
export function callJson({ tool, args, grant, client, now, anyTime }: JudgedCall) {
  return {
    tool,
    arguments: args,
    grant: { name: grant.name, labels: grant.labels },
    ...(client !== undefined && { client }),
    ...(!anyTime && { at: timeText(now) }),
  };
}
