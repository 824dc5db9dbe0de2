import type { Approval, ApprovalStore } from "../state/store.ts";
import type { AdminPeople, Person } from "./people.ts";
import { type AdminAnswer, type AdminRoute, type Asked, jsonAnswer, refusal } from "./route.ts";
import type { Decide, Question, Questions, WholeQuestion } from "./wire.ts";

export interface QuestionOptions {
  readonly store: Pick<ApprovalStore, "get" | "list" | "decide">;
  readonly people: AdminPeople;
  readonly now: () => number;
}

/** How old the list may be that several pages are shown (milliseconds): each of them asks every second. */
const FRESH_MS = 700;
/** How many times as long as listing takes a list is good for: large calls that wait must not slow down others. */
const REST = 10;
/** Characters of the arguments in the list. */
const PREVIEW = 400;
/** How many are shown that wait no more. */
const DECIDED = 30;
/** What the model reads, and a store keeps (characters). */
const MAX_REASON = 2_000;

/** The questions that wait for a person, and the answers to them. */
export function questionRoutes(options: QuestionOptions): readonly AdminRoute[] {
  const { store, people, now } = options;
  let listed: { readonly at: number; readonly list: Promise<readonly Approval[]> } | undefined;
  let fresh = FRESH_MS;
  const read = async (): Promise<readonly Approval[]> => {
    const began = performance.now();
    const all = await store.list({ all: true });
    fresh = Math.max(FRESH_MS, REST * (performance.now() - began));
    return all.filter((approval) => people.concerns(approval));
  };
  const list = (): Promise<readonly Approval[]> => {
    const at = now();
    if (listed === undefined || Math.abs(at - listed.at) >= fresh) listed = { at, list: read() };
    return listed.list;
  };
  const get = async (id: unknown): Promise<Approval | undefined> => {
    if (typeof id !== "string") return undefined;
    const found = await store.get(id);
    return found === undefined || !people.concerns(found) ? undefined : found;
  };
  const shown = (approval: Approval, person: Person | undefined): Question =>
    questionOf(approval, whyNot(person, approval, people));
  return [
    {
      method: "GET",
      path: "/api/questions",
      right: "session",
      async answer({ session }) {
        const all = await list();
        const of = (approvals: readonly Approval[]): readonly Question[] =>
          approvals.map((approval) => shown(approval, session?.person));
        const waiting = all.filter(({ state }) => state === "pending");
        const decided = all
          .filter(({ state }) => state !== "pending")
          .sort((a, b) => endOf(b) - endOf(a));
        const questions: Questions = {
          now: now(),
          waiting: of(waiting.sort((a, b) => a.expiresAt - b.expiresAt || (a.id < b.id ? -1 : 1))),
          decided: of(decided.slice(0, DECIDED)),
        };
        return jsonAnswer(200, questions);
      },
    },
    {
      method: "GET",
      path: "/api/question",
      right: "session",
      async answer({ query, session }) {
        const approval = await get(query.get("id"));
        if (approval === undefined) return unknown();
        const whole: WholeQuestion = {
          ...shown(approval, session?.person),
          arguments: approval.arguments,
          digest: approval.digest,
        };
        return jsonAnswer(200, whole);
      },
    },
    {
      method: "POST",
      path: "/api/decide",
      right: "session",
      async answer(asked) {
        const wanted = readDecision(asked);
        if (typeof wanted === "string") return refusal(400, wanted);
        const approval = await get(wanted.id);
        if (approval === undefined) return unknown();
        const person = asked.session?.person;
        const problem = whyNot(person, approval, people);
        if (problem !== undefined || person === undefined) return refusal(403, problem ?? LOOKING);
        if (approval.digest !== wanted.digest) {
          return refusal(409, "The question is about another call than the one that was shown.");
        }
        const decision = { approve: wanted.approve, by: person.name, at: now() };
        const { reason } = wanted;
        const decided = await store.decide(
          approval.id,
          reason === "" ? decision : { ...decision, reason },
        );
        listed = undefined;
        if (decided === undefined) {
          return refusal(410, `The time of ${approval.id} is over; nobody has decided on it.`);
        }
        const question = shown(decided, person);
        const isOurs = decided.decidedBy === decision.by && decided.decidedAt === decision.at;
        if (isOurs) return jsonAnswer(200, question);
        return jsonAnswer(409, { error: wasFirst(decided), question });
      },
    },
  ];
}

const LOOKING = "You may look, and decide on nothing: sign in as an approver.";

function whyNot(
  person: Person | undefined,
  approval: Approval,
  people: AdminPeople,
): string | undefined {
  if (people.nobody !== undefined) return people.nobody;
  return person === undefined ? LOOKING : people.whyNot(person, approval);
}

function unknown(): AdminAnswer {
  return refusal(404, "There is no such question, or none any more.");
}

function readDecision({ body }: Asked): Decide | string {
  const { id, digest, approve, reason = "" } = body;
  if (typeof id !== "string" || typeof digest !== "string") {
    return "Say which call: `id` and `digest`.";
  }
  if (typeof approve !== "boolean") return "Say what is decided: `approve`, true or false.";
  if (typeof reason !== "string") return "A `reason` is a text.";
  const given = reason.trim();
  if (given.length > MAX_REASON) return `A reason may have ${MAX_REASON} characters.`;
  return { id, digest, approve, reason: given };
}

function wasFirst({ id, state, decidedBy = "somebody" }: Approval): string {
  return `${id} was ${state === "denied" ? "denied" : "approved"} already by ${decidedBy}. The first decision stands; yours changes nothing.`;
}

function endOf({ decidedAt, expiresAt }: Approval): number {
  return decidedAt ?? expiresAt;
}

function questionOf(approval: Approval, why: string | undefined): Question {
  const { id, state, server, tool, grant, grantName = grant, askedAt, expiresAt } = approval;
  const { arguments: text, rule, source, message, approvers } = approval;
  const { decidedAt, decidedBy, reason } = approval;
  const known = { rule, source, message, approvers, decidedAt, decidedBy, reason, whyNot: why };
  // What is undefined is not sent.
  return {
    ...{ id, state, server, tool, grant: grantName, askedAt, expiresAt, size: text.length },
    preview: text.slice(0, PREVIEW),
    ...(known as Partial<Question>),
  };
}
