import { validatePolicy } from "../policy/index.ts";
import {
  compileEngine,
  type Governance,
  noLoad,
  openStore,
  Rounds,
  Rulebook,
  Seals,
  Session,
  Tasks,
} from "../runtime/index.ts";

const POLICY = {
  version: "1",
  default: "deny",
  tools: {
    echo: {
      require: [
        {
          conditions: [
            { path: "args.message", op: "regex", value: "^hello" },
            { path: "args.amount", op: "lte", value: 100 },
            { path: "args.currency", op: "in", value: ["usd", "eur"] },
          ],
        },
      ],
    },
  },
};

export const GRANT = { id: "local", name: "local", labels: {} };

export interface AllowedCalls {
  readonly session: Session;
  /** One more call, all its way through and back. */
  readonly call: () => void;
}

/** A session under a policy of three conditions, whose server answers at once, so that nothing stays in flight. */
export async function allowedCalls({
  record = () => undefined,
  observer,
}: Partial<Pick<Governance, "record" | "observer">>): Promise<AllowedCalls> {
  const validated = validatePolicy(POLICY);
  if ("problems" in validated) throw new Error(JSON.stringify(validated.problems));
  const rulebook = new Rulebook(validated.policy, compileEngine(validated.policy));
  const store = (await openStore("memory")).forServer("bench");
  const seals = new Seals();
  const bound = { server: "bench", grant: GRANT.id };
  const governance: Governance = {
    rulebook: () => rulebook,
    store,
    server: "bench",
    grant: GRANT,
    refusedRequests: new Set(),
    rounds: new Rounds(seals, bound, store, Date.now),
    tasks: new Tasks(seals, bound, true),
    load: noLoad(),
    now: Date.now,
    record,
    observer,
    notice: (text) => console.error(text),
  };
  const answers: Uint8Array[] = [];
  const session: Session = new Session(
    governance,
    {
      toClient: () => {},
      toServer: (_, message) => {
        if (message.kind === "request") {
          answers.push(Buffer.from(`{"jsonrpc":"2.0","id":${message.id},"result":{}}`));
        }
        return true;
      },
      noise: () => {},
    },
    "5e2f0a9c",
  );
  let last = 0;
  return {
    session,
    call: () => {
      const id = ++last;
      session.fromClient(
        Buffer.from(
          `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"echo","arguments":{"message":"hello number ${id}","amount":42,"currency":"eur"}}}`,
        ),
      );
      for (const answer of answers.splice(0)) session.fromServer(answer);
    },
  };
}
