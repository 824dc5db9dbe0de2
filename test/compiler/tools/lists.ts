import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { readToolList, type ToolList } from "../../../compiler/index.ts";
import { Source } from "../../../language/index.ts";

/** Tool lists of real servers, which are not part of the project: absent in most checkouts. */
const FOLDER = fileURLToPath(new URL("../../../../shared/tools/", import.meta.url));

const present = existsSync(FOLDER);
if (!present && process.env.CI === "true") throw new Error(`There is no ${FOLDER}.`);

export const realLists: readonly { readonly name: string; readonly list: ToolList }[] = (
  present ? readdirSync(FOLDER).filter((name) => name.endsWith(".json")) : []
).map((file) => {
  const source = new Source(file, readFileSync(`${FOLDER}${file}`, "utf8"));
  const { list, diagnostics } = readToolList(source);
  if (list === undefined || diagnostics.length > 0) {
    throw new Error(`${file}: ${diagnostics.map(({ message }) => message).join(" ")}`);
  }
  return { name: file.replace(/(?:\.partial)?\.json$/, ""), list };
});

/** What a test of real lists is called where there are none. */
export const realListsMissing = !present;
