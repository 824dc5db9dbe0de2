import { createHash } from "node:crypto";

/** A Lua script, sent once and then called by its digest. Its first key is a clock, its first argument the time. */
export interface Script {
  readonly lua: string;
  readonly sha: string;
}

// Numbers are doubles in Lua: all of ours are integers of at most 2^53-1, where doubles are exact. They turn
// into text by `str` only, since Lua's own conversion keeps 14 digits, and sums are answered as text, since
// the client reads large integers by way of inexact arithmetic.
//
// Time is that of Redis, so that replicas with different clocks agree. It never goes back behind the newest
// time seen. Keys expire an hour after their use ends; before that, their content says when it ended.
const PRELUDE = `
local HOUR = 3600000
local CLOCK_KEPT = 40 * 24 * HOUR

local function str(number)
  return string.format('%d', number)
end

local function system_time()
  if ARGV[1] ~= '' then return tonumber(ARGV[1]) end
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

-- newest: what the clock's key holds, if anything.
local function later(now, newest)
  newest = tonumber(newest or '0')
  if now > newest then return now, true end
  return newest, false
end

local function set_clock(now)
  redis.call('SET', KEYS[1], str(now), 'PX', str(CLOCK_KEPT))
end

local function read_clock()
  return later(system_time(), redis.call('GET', KEYS[1]))
end

local function advance_clock()
  local now, newer = read_clock()
  if newer then set_clock(now) end
  return now
end
`;

/** A script of `parts`, which follow the clock and share its names. */
export function script(...parts: readonly string[]): Script {
  const lua = [PRELUDE, ...parts].join("\n");
  return { lua, sha: createHash("sha1").update(lua).digest("hex") };
}
