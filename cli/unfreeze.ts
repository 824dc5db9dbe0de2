import { userInfo } from "node:os";
import { type CliCommand, EXIT_FINDINGS, EXIT_OK } from "./command.ts";
import { describeScope, type ScopeOptions, scopeOf, scopeOptions } from "./freeze.ts";
import { onSharedState } from "./shared-state.ts";

export const command: CliCommand = {
  declare: (command) =>
    scopeOptions(command).addHelpText(
      "after",
      "\nLifts what was frozen with the same --server, --grant and --tool.",
    ),
  run: async ({ options }) => {
    const given = options as unknown as ScopeOptions;
    return onSharedState(given, async ({ store, config }) => {
      const scope = scopeOf(given, config);
      const lifted = await store.freezes.unfreeze(scope, userInfo().username);
      if (lifted > 0) {
        process.stdout.write(`No longer frozen: ${describeScope(scope)}.\n`);
        return EXIT_OK;
      }
      const frozen = await store.freezes.list();
      const rest = frozen.map(
        (freeze) => `  ${describeScope(freeze)}: ${freeze.because} (${freeze.by})\n`,
      );
      process.stderr.write(
        `mcpp: Nothing of this scope is frozen.${rest.length === 0 ? "" : " What is:"}\n${rest.join("")}`,
      );
      return EXIT_FINDINGS;
    });
  },
};
