import type { AuditTrail, Rulebook, RulesInForce } from "../../runtime/index.ts";
import { Failure } from "../command.ts";
import type { ServeLog } from "../serve-log.ts";
import { type LoadedPolicy, loadPolicy, PolicyErrors } from "../serve-policy.ts";
import { counts } from "../serve-state.ts";
import { announcement } from "./announce.ts";
import { SavedFiles } from "./saved-files.ts";

export interface ReloadOptions {
  readonly path: string;
  /** What is in force now. */
  readonly loaded: LoadedPolicy;
  readonly rules: RulesInForce;
  readonly rulebookOf: (loaded: LoadedPolicy) => Rulebook;
  readonly log: ServeLog;
  readonly audit: AuditTrail | undefined;
  readonly reloaded: (outcome: "taken" | "refused") => void;
  /** False when counters are kept nowhere but in this process, because the first policy had none. */
  readonly kept: boolean;
}

/** Takes a policy up whenever it was saved, from the next call on; one with errors leaves the old one in force. */
export function reloading(options: ReloadOptions): SavedFiles {
  const { path, rules, rulebookOf, log, audit, reloaded } = options;
  let { loaded, kept } = { loaded: options.loaded, kept: options.kept };
  return new SavedFiles(loaded.seen, {
    saved: async () => {
      try {
        const next = await loadPolicy(path);
        const rulebook = rulebookOf(next);
        const message = announcement(
          path,
          new Map([["", loaded.policy]]),
          new Map([["", next.policy]]),
        );
        log.notice(message);
        audit?.happened("reload", { outcome: "taken", message, ...rulebook.digests });
        reloaded("taken");
        rules.replace(rulebook);
        loaded = next;
        if (!kept && counts(next.policy)) {
          kept = true;
          log.notice(
            "the policy counts now: until the next start its counters are in the memory of this process",
          );
        }
        return loaded.files;
      } catch (error) {
        const report = error instanceof PolicyErrors ? `\n${error.report}` : "";
        const message = `\`${path}\` was saved and is not taken; what was in force stays.`;
        log.tell(`${message} ${messageOf(error)}${report}`);
        audit?.happened("reload", { outcome: "refused", message });
        reloaded("refused");
        const read = error instanceof PolicyErrors ? error.files : [path];
        return [...new Set([...loaded.files, ...read])];
      }
    },
  });
}

function messageOf(error: unknown): string {
  if (error instanceof Failure || error instanceof PolicyErrors) return error.message;
  return `It could not be put in force: ${error instanceof Error ? error.message : String(error)}.`;
}
