import { readFileSync, statSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import type { Host } from "../compiler/index.ts";
import { engineJudge } from "./judge.ts";

/** Reads what a policy names beside it on disk, imports and tool lists, and decides calls by the engine. */
export function fileHost(): Host {
  return {
    judge: engineJudge(),
    read(path, from) {
      const name = isAbsolute(path) ? path : join(dirname(from), path);
      try {
        // A device may have no end.
        if (!statSync(name).isFile()) return undefined;
        // Text that is not UTF-8 is not read: replaced characters would make other names of it.
        const text = new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(name));
        return { name, text };
      } catch {
        return undefined;
      }
    },
  };
}
