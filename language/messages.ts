import type { Message } from "./diagnostics.ts";
import { clauses } from "./messages/clauses.ts";
import { habits } from "./messages/habits.ts";
import { lexical } from "./messages/lexical.ts";
import { syntax } from "./messages/syntax.ts";

/** The catalogue of everything that the language front end reports: the codes MCPP101 to MCPP199. */
export const messages = { ...lexical, ...syntax, ...habits, ...clauses };

/** The same as a list, in the order of the codes, for references and tests. */
export const syntaxMessages: readonly Message<never>[] = Object.values(messages);
