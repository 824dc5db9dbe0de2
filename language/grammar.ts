import { StatementGrammar } from "./grammar/statements.ts";

/** The whole grammar. Its rules are run one statement at a time, see `parse`. */
export class Grammar extends StatementGrammar {
  /** @param validate Whether to check the grammar itself, as its test does: it costs start-up time. */
  constructor(validate = false) {
    super(validate);
    this.performSelfAnalysis();
  }
}

let instance: Grammar | undefined;

/** The one instance: it keeps no state between two runs. */
export function grammar(): Grammar {
  instance ??= new Grammar();
  return instance;
}
