import { type AuditSettings, type TrailOptions, trailFiles } from "../../runtime/index.ts";
import { filterOf, sinceOf } from "../audit/filter.ts";
import { Failure } from "../command.ts";

/** The audit trail as the page reads it. */
export function trailOf(settings: AuditSettings | undefined): TrailOptions {
  return {
    files: () => {
      if (settings === undefined) {
        return "No audit trail is kept. Start with `--audit DIR`, or set `audit` in the configuration.";
      }
      if (settings.kind === "stdout")
        return "The audit trail goes to stdout, and is read elsewhere.";
      return trailFiles([settings.dir]);
    },
    filter: (given) => {
      const now = Date.now();
      try {
        const { since } = given;
        const wanted = filterOf(given, now);
        if (since === undefined) return { wanted };
        return { wanted, since: new Date(sinceOf(since, now)).toISOString() };
      } catch (error) {
        // The fields of the page are called as the options are.
        if (error instanceof Failure) return error.message.replaceAll("`--", "`");
        throw error;
      }
    },
  };
}
