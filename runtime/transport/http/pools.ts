import { Pool } from "undici";

/** The connections to one server: streams stay open, so they must not take those of the requests. */
export interface Pools {
  readonly requests: Pool;
  readonly streams: Pool;
}

export function openPools(origin: string, options: Pool.Options): Pools {
  return { requests: new Pool(origin, options), streams: new Pool(origin, options) };
}
