import { format, parse, renderDiagnostic } from "../language/index.ts";
import { type CliCommand, EXIT_FINDINGS, EXIT_OK } from "./command.ts";
import { readText, writeAtomically } from "./file.ts";
import { sourceOf } from "./policy-file.ts";
import { painter, wantsColour } from "./report/colour.ts";

export const command: CliCommand = {
  declare: (command) =>
    command
      .argument("<file...>", "policies; `-` for stdin, formatted to stdout")
      .option("--check", "write nothing; list the files that are not formatted"),

  run: async ({ args, options }) => {
    const { check } = options as { check?: boolean };
    let findings = false;
    for (const path of new Set(args)) {
      const formatted = formattedText(path);
      if (formatted === undefined) {
        findings = true;
      } else if (check === true) {
        if (!formatted.changed) continue;
        findings = true;
        process.stdout.write(`${path}\n`);
      } else if (path === "-") {
        process.stdout.write(formatted.text);
      } else if (formatted.changed) {
        writeAtomically(path, formatted.text);
        process.stdout.write(`${path}\n`);
      }
    }
    return findings ? EXIT_FINDINGS : EXIT_OK;
  },
};

/** The formatted text; undefined when the file has errors, which are shown: it is left as it is. */
function formattedText(
  path: string,
): { readonly text: string; readonly changed: boolean } | undefined {
  const before = readText(path);
  const source = sourceOf(path, before);
  const { document, diagnostics } = parse(source);
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  const paint = painter(wantsColour(process.stderr));
  for (const error of errors) process.stderr.write(`${renderDiagnostic(error, { paint })}\n\n`);
  if (errors.length > 0) return undefined;
  const text = format(document);
  return { text, changed: text !== before };
}
