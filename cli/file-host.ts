import { readFileSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import type { Host } from "../compiler/index.ts";

/** Reads what a policy names beside it on disk: imports and tool lists. */
export function fileHost(): Host {
  return {
    read(path, from) {
      const name = isAbsolute(path) ? path : join(dirname(from), path);
      try {
        return { name, text: readFileSync(name, "utf8") };
      } catch {
        return undefined;
      }
    },
  };
}
