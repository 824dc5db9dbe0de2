import { describe, expect, it } from "vitest";
import { accepts, mended, reports } from "./diagnose.ts";

const code = "MCPP403";
const start = "default deny\nallow create_refund, get_order\n";

describe("a limit that its caller can split", () => {
  it.each([
    "limit create_refund 5/day «per args.customer»",
    "limit create_refund 5/day «per session»",
    "limit create_refund 5/day «per session, args.customer»",
    "limit create_refund sum(args.amount) to 100/day «per args.customer»\nlimit create_refund 10/day",
    "limit create_refund 5/day «per session»\nlimit get_order 10/day",
    'limit create_refund 5/day «per session»\nlimit create_refund 9/day if args.customer == "x"',
    "limit create_refund 5/day «per session»\nshadow limit create_refund 50/day",
    "limit create_refund 5/day «per session»\nlimit create_refund 50 concurrent",
    "limit create_refund 5/day «per server, args.customer»",
  ])("%s", (rules) => {
    reports(code, `${start}${rules}\n`);
  });

  it.each([
    "limit create_refund 5/day per args.customer\nlimit create_refund 50/day",
    "limit create_refund 5/day per session\nlimit create_refund, get_order 50/day per server as both",
    "limit create_refund 5/day per session\nlimit all 50/minute",
    "limit create_refund 5/day\nlimit get_order 5/day per grant",
    "limit create_refund 2 concurrent per session",
    "limit create_refund sum(args.amount) to 10/day per session\nlimit create_refund sum(args.amount) to 100/day",
  ])("%s is fine", (rules) => {
    accepts(code, `${start}${rules}\n`);
  });

  it("offers to count per grant", () => {
    expect(mended(code, `${start}limit create_refund 5/day per session\n`)).toEqual([
      `${start}limit create_refund 5/day per grant\n`,
    ]);
  });
});
