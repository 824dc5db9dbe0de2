import { describe, expect, it } from "vitest";
import { mark, marked } from "./source-marks.ts";

describe("marks in sources", () => {
  it.each([
    "deny push if «args.force» == true",
    "«allow a»\n«deny «b»»",
    "no marks",
    "«»at the start",
  ])("%j is read and written back", (source) => {
    const { text, spans } = marked(source);
    expect(text).not.toMatch(/[«»]/);
    expect(mark(text, spans)).toBe(source);
  });

  it("finds cursors", () => {
    expect(marked("allow ‸x")).toEqual({ text: "allow x", spans: [], cursors: [6] });
  });

  it.each(["«a", "a»"])("refuses %j", (source) => {
    expect(() => marked(source)).toThrow("mark");
  });
});
