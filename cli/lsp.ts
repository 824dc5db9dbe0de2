import { serveLanguage } from "../lsp/index.ts";
import { type CliCommand, Failure } from "./command.ts";
import { engineJudge } from "./judge.ts";

export const command: CliCommand = {
  declare: (command) =>
    command
      .option("--stdio", "talk to the editor over stdin and stdout")
      // Editors add it; the process ends with theirs.
      .option("--clientProcessId <id>", "the process of the editor")
      .allowExcessArguments(false),

  run: async ({ options }) => {
    if (options.stdio !== true) {
      throw new Failure("A language server is started by an editor: `mcpp lsp --stdio`.");
    }
    serveLanguage({
      input: process.stdin,
      output: process.stdout,
      version: MCPP_VERSION,
      // Loaded when tests are run: an editor starts often.
      runTests: async (compiled, chosen) => {
        const { runForEditor } = await import("./test/editor.ts");
        return runForEditor(compiled, chosen);
      },
      judge: engineJudge(),
    });
    // The connection ends the process.
    return new Promise<never>(() => {});
  },
};
