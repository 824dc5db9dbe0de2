import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { normalUri } from "../../../compiler/lower/uris.ts";
import { uriProblem } from "../../../runtime/index.ts";
import { codesOf, policyOf } from "../compiling.ts";

describe("the normal form of a URI", () => {
  it.each([
    ["file:///docs/*", "file:///docs/*"],
    ["FILE:///Docs/*", "file:///Docs/*"],
    ["https://EXAMPLE.com:/A%7e%2f%c3%a4", "https://example.com/A~%2F%C3%A4"],
    ["file:///my docs/ä", "file:///my%20docs/%C3%A4"],
    ["note://A@B/C?D=E#F", "note://A@b/C?D=E#F"],
    ["*", "*"],
    ["https://example.com:443", "https://example.com/"],
    ["file://localhost/docs/*", "file:///docs/*"],
    ["http://example.com*", "http://example.com*"],
    ["https://*.example.com/*", "https://*.example.com/*"],
  ])("%s", (given, uri) => {
    expect(normalUri(given)).toEqual({ uri });
  });

  it("is what the runtime accepts, and stays as it is", () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[A-Za-z]{1,5}:\/\/[A-Za-z0-9.-]{1,8}(\/[A-Za-z0-9%ä ~-]{1,6}){0,3}$/),
        (given) => {
          const normal = normalUri(given);
          if (typeof normal === "string") return;
          expect(normalUri(normal.uri)).toEqual(normal);
          if (!/%(?:00|2F|5C|25)/i.test(normal.uri)) expect(uriProblem(normal.uri)).toBeUndefined();
        },
      ),
    );
  });

  it("is what is compiled", () => {
    expect(policyOf('allow push\ndeny resource "FILE:///Docs/*"').resources).toEqual({
      default: "deny",
      deny: ["file:///Docs/*"],
    });
    for (const uri of ["file:///a/../b", "file:///a//b", "http://a:99999/"]) {
      expect(codesOf(`allow push\nallow resource "${uri}"`)).toEqual(["MCPP716"]);
    }
  });
});
