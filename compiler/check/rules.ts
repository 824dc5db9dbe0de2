import { annotationsContradictCheck } from "./annotations-contradict.ts";
import type { Check } from "./check.ts";
import { classOfTodayCheck } from "./class-of-today.ts";
import { clientPermitsCheck } from "./client-permits.ts";
import { conditionsCheck } from "./conditions.ts";
import { deadRulesCheck } from "./dead-rules.ts";
import { duplicateRulesCheck } from "./duplicate-rules.ts";
import { escapedByOmissionCheck } from "./escaped-by-omission.ts";
import { graveAndOpenCheck } from "./grave-and-open.ts";
import { kindsLeftOpenCheck } from "./kinds-left-open.ts";
import { limitNeverBindsCheck } from "./limit-never-binds.ts";
import { limitOfNothingCheck } from "./limit-of-nothing.ts";
import { openSchemaCheck } from "./open-schema.ts";
import { splitLimitCheck } from "./split-limit.ts";
import { testBlocksCheck } from "./test-blocks.ts";
import { testStepsCheck } from "./test-steps.ts";
import { textOperatorOnAddressCheck } from "./text-operator-on-address.ts";
import { types } from "./typing/types.ts";
import { unmentionedToolsCheck } from "./unmentioned-tools.ts";
import { writeOnlyCheck } from "./write-only.ts";
import { zeroLimitCheck } from "./zero-limit.ts";

/** Every check, in the order in which they run: causes before their consequences. */
export const rules: readonly Check[] = [
  types,
  conditionsCheck,
  duplicateRulesCheck,
  deadRulesCheck,
  zeroLimitCheck,
  limitOfNothingCheck,
  limitNeverBindsCheck,
  splitLimitCheck,
  escapedByOmissionCheck,
  textOperatorOnAddressCheck,
  clientPermitsCheck,
  writeOnlyCheck,
  classOfTodayCheck,
  openSchemaCheck,
  graveAndOpenCheck,
  kindsLeftOpenCheck,
  annotationsContradictCheck,
  unmentionedToolsCheck,
  testBlocksCheck,
  testStepsCheck,
];
