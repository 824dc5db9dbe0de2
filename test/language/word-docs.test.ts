import { describe, expect, it } from "vitest";
import { KEYWORDS, parse, Source, wordDoc } from "../../language/index.ts";

describe("documentation of words", () => {
  it.each([...KEYWORDS.keys()].map((word) => [word]))(
    "has `%s`, with an example that is right",
    (word) => {
      const doc = wordDoc(word);
      expect(doc).toBeDefined();
      expect(doc?.text).toMatch(/[.]$/);
      const example = doc?.example ?? "";
      expect(parse(new Source("example", example)).diagnostics).toEqual([]);
      const name = word.replace(/s$/, "").replace(/-\w+$/, "");
      expect(example).toContain(name);
    },
  );

  it("has nothing on other words", () => {
    for (const word of ["get_user", "", "constructor", "toString"])
      expect(wordDoc(word)).toBeUndefined();
  });
});
