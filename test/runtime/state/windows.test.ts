import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { windowEnd, windowStart } from "../../../runtime/state/windows.ts";
import { calendarWindow } from "./model.ts";

const units = ["second", "minute", "hour", "day", "week", "month"] as const;

describe("calendar windows", () => {
  const cases = [
    ["second", "2026-11-22T12:34:56.789Z", "2026-11-22T12:34:56Z", "2026-11-22T12:34:57Z"],
    ["minute", "2026-11-22T12:34:56.789Z", "2026-11-22T12:34:00Z", "2026-11-22T12:35:00Z"],
    ["hour", "2026-11-22T12:34:56.789Z", "2026-11-22T12:00:00Z", "2026-11-22T13:00:00Z"],
    ["day", "2026-11-22T23:59:59.999Z", "2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z"],
    // A Sunday is the last day of its ISO week, a Monday the first.
    ["week", "2026-11-22T23:59:59.999Z", "2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z"],
    ["week", "2026-11-23T00:00:00.000Z", "2026-11-23T00:00:00Z", "2026-11-30T00:00:00Z"],
    // Week 53 of 2026 reaches into 2027.
    ["week", "2027-01-03T12:00:00.000Z", "2026-12-28T00:00:00Z", "2027-01-04T00:00:00Z"],
    ["month", "2026-12-31T23:59:59.999Z", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"],
    ["month", "2028-02-29T00:00:00.000Z", "2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z"],
    ["month", "2100-02-28T00:00:00.000Z", "2100-02-01T00:00:00Z", "2100-03-01T00:00:00Z"],
  ] as const;

  it.each(cases)("a %s that holds %s", (unit, time, start, end) => {
    expect(windowStart(unit, Date.parse(time))).toBe(Date.parse(start));
    expect(windowEnd(unit, Date.parse(time))).toBe(Date.parse(end));
  });

  it("cover all time without gap or overlap, and are those of the calendar", () => {
    const time = fc.nat(Date.parse("2200-01-01"));
    fc.assert(
      fc.property(fc.constantFrom(...units), time, (unit, now) => {
        const start = windowStart(unit, now);
        const end = windowEnd(unit, now);
        expect(start <= now && now < end).toBe(true);
        expect(windowStart(unit, end)).toBe(end);
        expect(windowEnd(unit, start)).toBe(end);
        const name = calendarWindow(unit, now);
        expect(calendarWindow(unit, start)).toBe(name);
        expect(calendarWindow(unit, end - 1)).toBe(name);
        expect(calendarWindow(unit, end)).not.toBe(name);
      }),
    );
  });
});
