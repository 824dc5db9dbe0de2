import type { ArgumentMode, AuditSettings } from "../../runtime/index.ts";
import type { Path } from "./document.ts";

/** `audit` as the schema of configurations has it. */
export interface RawAudit {
  readonly dir?: string;
  readonly stdout?: true;
  readonly arguments?: ArgumentMode;
  readonly sync?: boolean;
  readonly max_total?: string;
}

/** What is wrong with a key, a sentence. */
interface Problem {
  readonly problem: string;
  readonly path: Path;
}

/** The settings of an audit trail, or why there are none. `resolve`: makes the path of its folder whole. */
export function readAudit(
  raw: RawAudit,
  resolve: (path: string) => string,
): { readonly settings: AuditSettings } | { readonly problems: readonly Problem[] } {
  const { dir, stdout, arguments: mode, sync, max_total: maxTotal } = raw;
  const common = mode === undefined ? {} : { arguments: mode };
  if ((dir === undefined) === (stdout === undefined)) {
    const problem = "`audit` needs either `dir`, a folder, or `stdout: true`.";
    return { problems: [{ problem, path: ["audit"] }] };
  }
  if (dir === undefined) {
    const problems = (["sync", "max_total"] as const).flatMap((key) =>
      raw[key] === undefined
        ? []
        : [
            {
              problem: `\`${key}\` is about the files in a \`dir\`; stdout has none.`,
              path: ["audit", key],
            },
          ],
    );
    return problems.length > 0 ? { problems } : { settings: { kind: "stdout", ...common } };
  }
  return {
    settings: {
      kind: "folder",
      dir: resolve(dir),
      ...common,
      ...(sync === undefined ? {} : { sync }),
      ...(maxTotal === undefined ? {} : { maxTotal: bytesOf(maxTotal) }),
    },
  };
}

/** Bytes, of a text as the schema has it. */
function bytesOf(text: string): number {
  const units = { MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 } as const;
  return Number.parseInt(text, 10) * units[text.slice(-3) as keyof typeof units];
}
