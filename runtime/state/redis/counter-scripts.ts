import { CALENDAR, COUNTERS, RESERVATIONS } from "./counter-lua.ts";
import { script } from "./script.ts";

/**
 * The quick way for calls that charge calendar windows without families and spend nothing: almost all.
 * KEYS clock, reservation, counters; ARGV now, body, then unit, amount and max of each.
 */
export const RESERVE_CALENDAR = script(
  CALENDAR,
  RESERVATIONS,
  `
local starts, ends, keys, used, before = {}, {}, {}, {}, {}

-- All that is needed, in one reading: the clock, the reservation, and the counters of the windows that hold now.
local function read_at(now)
  starts, ends = {}, {}
  for index = 1, #KEYS - 2 do
    local unit = ARGV[3 * index]
    if not starts[unit] then
      local start, last = window_of(unit, now)
      starts[unit], ends[unit] = ':' .. str(start), last
    end
    keys[index] = KEYS[index + 2] .. starts[unit]
  end
  return redis.call('MGET', KEYS[1], KEYS[2], unpack(keys))
end

local time = system_time()
local found = read_at(time)
local now, newer = later(time, found[1])
if newer then set_clock(now) elseif now > time then found = read_at(now) end
if found[2] and tonumber(string.match(found[2], '^%d+')) > now then return { 1 } end
for index, key in ipairs(keys) do
  local unit, amount, max = ARGV[3 * index], tonumber(ARGV[3 * index + 1]), tonumber(ARGV[3 * index + 2])
  local count = tonumber(found[index + 2] or '0')
  local same = before[key] or 0
  if max == 0 or amount > max - (count + same) then
    local never = max == 0 or same + amount > max
    return { 0, index - 1, 'full', str(count), never and -1 or ends[unit] - now }
  end
  used[key], before[key] = count, same + amount
end
for index, key in ipairs(keys) do
  local amount = ARGV[3 * index + 1]
  if amount ~= '0' then
    redis.call('INCRBY', key, amount)
    if used[key] == 0 then
      redis.call('PEXPIRE', key, str(ends[ARGV[3 * index]] - now + HOUR))
    end
  end
end
keep(KEYS[2], now, now, '', ARGV[2], table.concat(KEYS, '\\n', 3))
return { 1 }
`,
);

/** KEYS clock, reservation, approvals, then those of the charges; ARGV now, body, id, number of approvals. */
export const RESERVE = script(
  CALENDAR,
  COUNTERS,
  RESERVATIONS,
  `
local now = advance_clock()
if held(KEYS[2], now) then return { 1 } end
local first = 3 + tonumber(ARGV[4])
for index = 3, first - 1 do
  if not is_spendable(KEYS[index], now) then return { 0, -1, 'approval', '0', -1 } end
end
local charges = charges_of(ARGV[2], KEYS, first)
local refusal, states = refusal_of(charges, now)
if refusal then return refusal end
for index, charge in ipairs(charges) do
  charge_one(charge, states[charge.counter], now, ARGV[3], index)
end
for index = 3, first - 1 do redis.call('HSET', KEYS[index], 'state', 'spent') end
local spend = table.concat(KEYS, '\\t', 3, first - 1)
keep(KEYS[2], now, now, spend, ARGV[2], table.concat(KEYS, '\\n', first))
return { 1 }
`,
);

/** KEYS clock, then those of the charges; ARGV now, body. */
export const PEEK = script(
  CALENDAR,
  COUNTERS,
  `
local now = read_clock()
return refusal_of(charges_of(ARGV[2], KEYS, 2), now) or { 1 }
`,
);

// What follows takes the keys of the charges from the reservation: they are in the hash slot of its own key.

/** KEYS clock, reservation; ARGV now, id, "all" | "sums" | "release". */
export const FINISH = script(
  CALENDAR,
  COUNTERS,
  `
local now = advance_clock()
local reservation = held(KEYS[2], now)
if not reservation then return 0 end
redis.call('DEL', KEYS[2])
local at, spend, what = reservation.at, reservation.spend, ARGV[3]

local function give_back(charge)
  if not charge.is_log then
    local key = charge.counter .. ':' .. str((window_of(charge.kind, at)))
    if redis.call('EXISTS', key) == 0 then return end
    local used = tonumber(redis.call('GET', key))
    redis.call('DECRBY', key, str(math.min(charge.amount, used)))
    return
  end
  local leaves = str(at + charge.ms)
  local entry = redis.call('ZRANGEBYSCORE', charge.log, leaves, leaves)[1]
  if not entry or at + charge.ms <= now then return end
  local state = load(charge, now)
  drop_left(charge, state, now)
  redis.call('ZREM', charge.log, entry)
  local rest = amount_of(entry) - charge.amount
  if rest > 0 then redis.call('ZADD', charge.log, leaves, leaves .. ':' .. str(rest)) end
  set_log(charge, state.used - charge.amount, now)
end

for index, charge in ipairs(charges_of(reservation.body, reservation.keys, 1)) do
  if charge.amount > 0 then
    if charge.kind == 'concurrent' then
      free_slot(charge, now, ARGV[2], index)
    elseif what == 'all' or (what == 'sums' and charge.sum) then
      give_back(charge)
    end
  end
end
if what == 'all' then
  for key in string.gmatch(spend, '[^\\t]+') do
    if redis.call('HGET', key, 'state') == 'spent' then redis.call('HSET', key, 'state', 'approved') end
  end
end
return 1
`,
);

/** KEYS clock, reservation; ARGV now, id. */
export const RENEW = script(
  CALENDAR,
  COUNTERS,
  RESERVATIONS,
  `
local now = advance_clock()
local reservation = held(KEYS[2], now)
if not reservation then return 0 end
local at, spend, body, names = reservation.at, reservation.spend, reservation.body, reservation.names
keep(KEYS[2], now, at, spend, body, names)
for index, charge in ipairs(charges_of(body, reservation.keys, 1)) do
  if charge.kind == 'concurrent' and charge.amount > 0 then
    local ends = redis.call('ZSCORE', charge.log, slot_of(ARGV[2], index, charge))
    local running = ends and tonumber(ends) > now
    if running then free_slot(charge, now, ARGV[2], index) end
    if running or not refusal_of({ charge }, now) then
      charge_one(charge, load(charge, now), now, ARGV[2], index)
    end
  end
end
return 1
`,
);

/** KEYS clock, claim; ARGV now, milliseconds. 1 for the first. */
export const CLAIM = script(
  `
local now = advance_clock()
local until_ = redis.call('GET', KEYS[2])
if until_ and tonumber(until_) > now then return 0 end
local ttl = tonumber(ARGV[2])
redis.call('SET', KEYS[2], str(now + ttl), 'PX', str(ttl + HOUR))
return 1
`,
);
