import type { Caller } from "./result.ts";

/** The command that explains a call as a test has made it, but for what was counted before. */
export function explainCommand(
  path: string,
  { tool, arguments: args, grant, labels, now }: Caller,
): string {
  const time = new Date(now).toISOString().replace(".000Z", "Z");
  const words = [
    ...(args === "{}" ? [path, tool] : [path, tool, args]),
    ...(grant === "local" ? [] : ["--as", grant]),
    ...Object.entries(labels).flatMap(([name, value]) => ["--label", `${name}=${value}`]),
    "--at",
    time,
  ];
  return ["mcpp explain", ...words.map(shellWord)].join(" ");
}

/** A word as a POSIX shell takes it. */
function shellWord(word: string): string {
  return /^[A-Za-z0-9_./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
