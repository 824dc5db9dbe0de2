import type { Expectation, TestFailure } from "./result.ts";

/** What went otherwise, a few words: ``expected `allow`, got `deny` at call 61 of 70``. */
export function titleOf({ expected, actual, repeated }: TestFailure): string {
  const outcomes =
    expected.outcome === actual.outcome
      ? `expected a message with ${JSON.stringify(expected.message)}`
      : `expected \`${expected.outcome}\`, got \`${actual.outcome}\``;
  if (repeated === undefined) return outcomes;
  const { first, failed, of } = repeated;
  const others = failed === 1 ? "" : `, and at ${failed - 1} more`;
  return `${outcomes} at call ${first} of ${of}${others}`;
}

/** What the policy said, a sentence. */
export function answerOf({ actual }: TestFailure): string {
  if (actual.message !== "") return actual.message;
  return actual.outcome === "allow" ? "This call is allowed." : "This call waits for a person.";
}

/** By what it was decided; undefined where the policy opens the tool and nothing else. */
export function ruleOf({ actual }: TestFailure): string | undefined {
  return actual.rule === "" ? undefined : actual.rule;
}

/** `1 test`, `2 tests` */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/** A decision in one or two words, with the message that is expected: `deny "finance"`. */
export function decidedText({ outcome, message }: Expectation): string {
  return message === undefined ? outcome : `${outcome} ${JSON.stringify(message)}`;
}
