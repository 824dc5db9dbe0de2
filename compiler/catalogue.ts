import { type Message, syntaxMessages } from "../language/index.ts";
import * as claims from "./messages/claims.ts";
import * as coverage from "./messages/coverage.ts";
import * as escapes from "./messages/escapes.ts";
import * as lowering from "./messages/lowering.ts";
import * as names from "./messages/names.ts";
import * as reach from "./messages/reach.ts";
import * as tests from "./messages/tests.ts";
import * as tools from "./messages/tools.ts";
import * as types from "./messages/types.ts";

/** Every diagnostic there is, in the order of the codes. */
export const catalogue: readonly Message<never>[] = [
  ...syntaxMessages,
  ...[names, tools, types, escapes, reach, claims, coverage, lowering, tests].flatMap(entriesOf),
].sort((a, b) => (a.code < b.code ? -1 : 1));

/** The entries of one module of messages, among whatever else it exports. */
function entriesOf(module: object): readonly Message<never>[] {
  return Object.values(module).filter(isMessage);
}

function isMessage(value: unknown): value is Message<never> {
  return typeof value === "object" && value !== null && "code" in value && "explanation" in value;
}
