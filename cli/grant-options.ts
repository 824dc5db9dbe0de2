import type { Context } from "../runtime/index.ts";
import { Failure } from "./command.ts";

export interface GrantOptions {
  readonly as?: string;
  readonly label?: readonly string[];
}

/** The grant that `--as NAME` and `--label NAME=VALUE` make; `local` without a name. Throws `Failure`. */
export function grantOf({ as: name = "local", label }: GrantOptions): Context["grant"] {
  if (name === "") throw new Failure("`--as` needs a name.");
  return { id: name, name, labels: labelsOf(label) };
}

/** What `--label NAME=VALUE` says, given any number of times. Throws `Failure`. */
export function labelsOf(pairs: readonly string[] = []): Readonly<Record<string, string>> {
  const labels: Record<string, string> = Object.create(null);
  for (const pair of pairs) {
    const at = pair.indexOf("=");
    if (at < 1) throw new Failure(`\`--label ${pair}\` is not of the form NAME=VALUE.`);
    const key = pair.slice(0, at);
    if (key in labels) throw new Failure(`The label \`${key}\` is given twice.`);
    labels[key] = pair.slice(at + 1);
  }
  return labels;
}
