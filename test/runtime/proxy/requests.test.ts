import { describe, expect, it } from "vitest";
import { type OpenRequest, OpenRequests } from "../../../runtime/proxy/requests.ts";

const caps = { running: 2, streams: 1, cancelled: 2 };

function request(id: number | string, method = "tools/call"): OpenRequest {
  return { id, method, forwarded: true, cancelled: false };
}

describe("requests in flight", () => {
  it("are told apart by the type of their id", () => {
    const open = new OpenRequests(caps);
    open.add(request(1));
    expect(open.get("1")).toBeUndefined();
    expect(open.get(1)).toBeDefined();
  });

  it("are bounded, and free again when they are answered", () => {
    const open = new OpenRequests(caps);
    const first = request(1);
    expect(open.add(first)).toBe(true);
    expect(open.add(request(2))).toBe(true);
    expect(open.add(request(3))).toBe(false);
    expect(open.get(3)).toBeUndefined();
    open.remove(first);
    open.remove(first);
    expect(open.add(request(3))).toBe(true);
    expect(open.add(request(4))).toBe(false);
  });

  it("keep streams apart", () => {
    const open = new OpenRequests(caps);
    expect(open.add(request(1, "subscriptions/listen"))).toBe(true);
    expect(open.add(request(2, "subscriptions/listen"))).toBe(false);
    expect(open.add(request(3))).toBe(true);
    expect(open.add(request(4))).toBe(true);
  });

  it("count no longer once cancelled, and are remembered within bounds", () => {
    const open = new OpenRequests(caps);
    for (let id = 1; id <= 10; id++) {
      const one = request(id);
      expect(open.add(one)).toBe(true);
      open.cancel(one);
      open.cancel(one);
    }
    expect(open.size).toBe(2);
    expect(open.get(10)?.cancelled).toBe(true);
    expect(open.get(8)).toBeUndefined();
    open.remove(request(10));
    expect(open.get(10)).toBeDefined();
  });

  it("count on after a cancellation while they hold slots", () => {
    const open = new OpenRequests(caps);
    for (const id of [1, 2]) {
      const one: OpenRequest = { ...request(id), leased: true };
      open.add(one);
      open.cancel(one);
    }
    expect(open.add(request(3))).toBe(false);
    open.remove(open.get(1) as OpenRequest);
    expect(open.add(request(3))).toBe(true);
  });
});
