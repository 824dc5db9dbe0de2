import type { AdminAnswer, AdminRoute } from "./route.ts";
import { jsonAnswer, refusal } from "./route.ts";
import type { Proof, Sessions } from "./sessions.ts";

export interface EntranceOptions {
  readonly sessions: Sessions;
  /** The name of the cookie; asked for once the port is known. */
  readonly cookieName: () => string;
  /** The page is reached by https alone. */
  readonly secure: boolean;
  /** Somebody was turned away; `cause`: a few words of ours. */
  readonly turnedAway: (cause: string) => void;
}

/** How a browser gets a session, and ends it. Secrets come in bodies only, and leave in a cookie and a body. */
export function entranceRoutes(options: EntranceOptions): readonly AdminRoute[] {
  const { sessions, cookieName, secure, turnedAway } = options;
  const attributes = `Path=/; HttpOnly; SameSite=Strict${secure ? "; Secure" : ""}`;
  const opened = (proof: Required<Proof>, before: string | undefined): AdminAnswer => {
    // Who signs in anew goes on as that one alone.
    sessions.end(before);
    const cookie = `${cookieName()}=${proof.cookie}; ${attributes}`;
    return jsonAnswer(200, { token: proof.token }, { "set-cookie": cookie });
  };
  return [
    {
      method: "POST",
      path: "/api/enter",
      right: "anybody",
      answer({ body: { link }, cookie }) {
        const proof = typeof link === "string" ? sessions.enter(link) : undefined;
        if (proof !== undefined) return opened(proof, cookie);
        turnedAway("admin: link");
        return refusal(401, "This link was used before, or is more than an hour old.");
      },
    },
    {
      method: "POST",
      path: "/api/sign-in",
      right: "anybody",
      answer({ body: { token }, cookie }) {
        const proof = typeof token === "string" ? sessions.signIn(token) : undefined;
        if (proof !== undefined) return opened(proof, cookie);
        turnedAway("admin: token");
        return refusal(401, "This is the token of no approver of this gateway.");
      },
    },
    {
      method: "POST",
      path: "/api/sign-out",
      right: "session",
      answer({ cookie }) {
        sessions.end(cookie);
        const gone = `${cookieName()}=; Max-Age=0; ${attributes}`;
        return jsonAnswer(200, {}, { "set-cookie": gone });
      },
    },
  ];
}
