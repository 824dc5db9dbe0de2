import { createHash } from "node:crypto";
import {
  APPROVAL_KEPT_MS,
  MAX_KEYS,
  MAX_PENDING,
  MAX_PENDING_OF_GRANT,
  RESERVATION_MS,
} from "../store.ts";

/** A Lua script, sent once and then called by its digest. Its first key is a clock, its first argument the time. */
export interface Script {
  readonly lua: string;
  readonly sha: string;
}

// Numbers are doubles in Lua: all of ours are integers of at most 2^53-1, where doubles are exact. They turn
// into text by `str` only, since Lua's own conversion keeps 14 digits.
//
// Time is that of Redis, so that replicas with different clocks agree. It never goes back behind the newest
// time seen. Keys expire an hour after their use ends; before that, their content says when it ended.
const PRELUDE = `
local HOUR = 3600000
local CLOCK_KEPT = 40 * 24 * HOUR

local function str(number)
  return string.format('%d', number)
end

local function read_clock()
  local now
  if ARGV[1] == '' then
    local time = redis.call('TIME')
    now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
  else
    now = tonumber(ARGV[1])
  end
  local newest = tonumber(redis.call('GET', KEYS[1]) or '0')
  if now > newest then return now, true end
  return newest, false
end

local function advance_clock()
  local now, later = read_clock()
  if later then redis.call('SET', KEYS[1], str(now), 'PX', str(CLOCK_KEPT)) end
  return now
end
`;

const CALENDAR = `
local DAY = 86400000
local WEEK = 7 * DAY
local FIXED = { second = 1000, minute = 60000, hour = HOUR, day = DAY }

-- The first day of the month that holds a day, and that of the next, as days since 1970.
local function month_of(day)
  local year = 1970 + math.floor(day / 366)
  local function first_day(y)
    local before = y - 1
    return (y - 1970) * 365 + math.floor(before / 4) - math.floor(before / 100)
      + math.floor(before / 400) - 477
  end
  while first_day(year + 1) <= day do year = year + 1 end
  local leap = first_day(year + 1) - first_day(year) == 366
  local lengths = { 31, leap and 29 or 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }
  local first = first_day(year)
  for month = 1, 12 do
    if first + lengths[month] > day then return first, first + lengths[month] end
    first = first + lengths[month]
  end
end

-- The start and the end of the calendar window that holds now.
local function window_of(unit, now)
  local length = FIXED[unit]
  if length then return now - now % length, now - now % length + length end
  if unit == 'week' then
    local start = now - (now + 3 * DAY) % WEEK
    return start, start + WEEK
  end
  local first, next_first = month_of(math.floor(now / DAY))
  return first * DAY, next_first * DAY
end
`;

// A charge: kind, amount, max, ms, sum, and its keys: counter, log, family.
//   counter  what is used; of a calendar window the key is followed by ":<start>"
//   log      sorted by when an entry leaves; members end with ":<amount>"
//   family   live counters, sorted by when they end
// A reservation: expires, at, key of the approval spent or nothing, charges (JSON), keys; a line each.
const COUNTERS = `
local function amount_of(member)
  return tonumber(string.match(member, ':(%d+)$'))
end

local function charges_of(body, keys, first)
  local charges = cjson.decode(body)
  local at = first
  for _, charge in ipairs(charges) do
    charge.kind, charge.amount, charge.max, charge.ms = charge[1], charge[2], charge[3], charge[4]
    charge.sum = charge[5] == 1
    charge.counter = keys[at]
    at = at + 1
    charge.is_log = charge.kind == 'sliding' or charge.kind == 'concurrent'
    if charge.is_log then
      charge.log = keys[at]
      at = at + 1
    end
    if charge[6] == 1 then
      charge.family = keys[at]
      at = at + 1
    end
  end
  return charges
end

local function load(charge, now)
  if not charge.is_log then
    local start, ends = window_of(charge.kind, now)
    local key = charge.counter .. ':' .. str(start)
    return { key = key, used = tonumber(redis.call('GET', key) or '0'), ends = ends }
  end
  local state, text = { used = 0, left = 0 }, redis.call('GET', charge.counter)
  if not text then return state end
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', charge.log, '-inf', str(now))) do
    state.left = state.left + amount_of(member)
  end
  state.used = tonumber(text) - state.left
  return state
end

local function frees_in(charge, state, excess, now)
  if charge.kind == 'concurrent' then return -1 end
  if charge.kind ~= 'sliding' then return state.ends - now end
  local freed, from, page = 0, 0, 100
  while true do
    local entries = redis.call(
      'ZRANGEBYSCORE', charge.log, '(' .. str(now), '+inf', 'WITHSCORES', 'LIMIT', from, page)
    for i = 1, #entries, 2 do
      freed = freed + amount_of(entries[i])
      if freed >= excess then return tonumber(entries[i + 1]) - now end
    end
    if #entries < 2 * page then return -1 end
    from = from + page
  end
end

local function is_live(charge, now)
  local ends = redis.call('ZSCORE', charge.family, charge.counter)
  return ends and tonumber(ends) > now
end

-- Why the charges cannot be made, and what was read of their counters. Writes nothing.
local function refusal_of(charges, now)
  local states, before, born = {}, {}, {}
  for index, charge in ipairs(charges) do
    local key = charge.counter
    states[key] = states[key] or load(charge, now)
    local state, same = states[key], before[key] or 0
    if charge.max == 0 or charge.amount > charge.max - (state.used + same) then
      local frees = -1
      if charge.max > 0 and same + charge.amount <= charge.max then
        frees = frees_in(charge, state, state.used - (charge.max - same - charge.amount), now)
      end
      return { 0, index - 1, 'full', str(state.used), frees }
    end
    if charge.family and charge.amount > 0 and not is_live(charge, now) then
      local keys = born[charge.family] or { count = 0 }
      born[charge.family] = keys
      if not keys[key] then
        local live = redis.call('ZCOUNT', charge.family, '(' .. str(now), '+inf')
        if live + keys.count >= ${MAX_KEYS} then return { 0, index - 1, 'keys', '0', -1 } end
        keys[key] = true
        keys.count = keys.count + 1
      end
    end
    before[key] = same + charge.amount
  end
  return nil, states
end

local function set_family(charge, ends, now)
  if not charge.family then return end
  redis.call('ZADD', charge.family, str(ends), charge.counter)
  redis.call('ZREMRANGEBYSCORE', charge.family, '-inf', str(now))
  local last = redis.call('ZREVRANGE', charge.family, 0, 0, 'WITHSCORES')[2]
  redis.call('PEXPIRE', charge.family, str(tonumber(last) - now + HOUR))
end

local function set_log(charge, used, now)
  local last = redis.call('ZREVRANGE', charge.log, 0, 0, 'WITHSCORES')[2]
  if not last then
    redis.call('DEL', charge.counter)
    if charge.family then redis.call('ZREM', charge.family, charge.counter) end
    return
  end
  local ends = tonumber(last)
  redis.call('SET', charge.counter, str(used), 'PX', str(ends - now + HOUR))
  redis.call('PEXPIRE', charge.log, str(ends - now + HOUR))
  set_family(charge, ends, now)
end

-- To be followed by set_log.
local function drop_left(charge, state, now)
  if state.left > 0 then redis.call('ZREMRANGEBYSCORE', charge.log, '-inf', str(now)) end
  state.left = 0
end

local function slot_of(id, index, charge)
  return str(index - 1) .. ' ' .. id .. ':' .. str(charge.amount)
end

local function charge_one(charge, state, now, id, index)
  if charge.amount == 0 then return end
  if not charge.is_log then
    redis.call('INCRBY', state.key, str(charge.amount))
    redis.call('PEXPIRE', state.key, str(state.ends - now + HOUR))
    set_family(charge, state.ends, now)
    return
  end
  drop_left(charge, state, now)
  local leaves, member = str(now + charge.ms), nil
  if charge.kind == 'sliding' then
    local amount = charge.amount
    local same = redis.call('ZRANGEBYSCORE', charge.log, leaves, leaves)[1]
    if same then
      amount = amount + amount_of(same)
      redis.call('ZREM', charge.log, same)
    end
    member = leaves .. ':' .. str(amount)
  else
    member = slot_of(id, index, charge)
  end
  redis.call('ZADD', charge.log, leaves, member)
  state.used = state.used + charge.amount
  set_log(charge, state.used, now)
end

local function is_spendable(key, now)
  local state, expires = unpack(redis.call('HMGET', key, 'state', 'expires'))
  return state == 'approved' and tonumber(expires) > now
end

local function held(key, now)
  local text = redis.call('GET', key)
  if not text then return nil end
  local expires, at, spend, body, names = string.match(text, '^(.-)\\n(.-)\\n(.-)\\n(.-)\\n(.*)$')
  if tonumber(expires) <= now then return nil end
  local keys = {}
  for name in string.gmatch(names, '[^\\n]+') do keys[#keys + 1] = name end
  return { at = tonumber(at), spend = spend, body = body, names = names, keys = keys }
end

local function free_slot(charge, now, id, index)
  local slot = slot_of(id, index, charge)
  local ends = redis.call('ZSCORE', charge.log, slot)
  if not ends or tonumber(ends) <= now then return end
  local state = load(charge, now)
  drop_left(charge, state, now)
  redis.call('ZREM', charge.log, slot)
  set_log(charge, state.used - charge.amount, now)
end
`;

const RESERVATIONS = `
local KEPT = ${RESERVATION_MS}

local function keep(key, now, at, spend, body, names)
  local lines = { str(now + KEPT), str(at), spend, body, names }
  redis.call('SET', key, table.concat(lines, '\\n'), 'PX', '${2 * RESERVATION_MS}')
end
`;

function script(...parts: readonly string[]): Script {
  const lua = parts.join("\n");
  return { lua, sha: createHash("sha1").update(lua).digest("hex") };
}

/**
 * The quick way for calls that charge calendar windows without families and spend nothing: almost all.
 * KEYS clock, reservation, counters; ARGV now, body, then unit, amount and max of each.
 */
export const RESERVE_CALENDAR = script(
  PRELUDE,
  CALENDAR,
  RESERVATIONS,
  `
local now = advance_clock()
local text = redis.call('GET', KEYS[2])
if text and tonumber(string.match(text, '^%d+')) > now then return { 1 } end
local keys = {}
local starts, ends, used, before = {}, {}, {}, {}
for index = 1, #KEYS - 2 do
  local unit, amount, max = ARGV[3 * index], tonumber(ARGV[3 * index + 1]), tonumber(ARGV[3 * index + 2])
  if not starts[unit] then
    local start, last = window_of(unit, now)
    starts[unit], ends[unit] = ':' .. str(start), last
  end
  local key = KEYS[index + 2] .. starts[unit]
  keys[index] = key
  local count = used[key] or tonumber(redis.call('GET', key) or '0')
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

/** KEYS clock, reservation, approval, then those of the charges; ARGV now, body, id, spends. */
export const RESERVE = script(
  PRELUDE,
  CALENDAR,
  COUNTERS,
  RESERVATIONS,
  `
local now = advance_clock()
if held(KEYS[2], now) then return { 1 } end
local spend = ''
if ARGV[4] == '1' then
  spend = KEYS[3]
  if not is_spendable(spend, now) then return { 0, -1, 'approval', '0', -1 } end
end
local charges = charges_of(ARGV[2], KEYS, 4)
local refusal, states = refusal_of(charges, now)
if refusal then return refusal end
for index, charge in ipairs(charges) do
  charge_one(charge, states[charge.counter], now, ARGV[3], index)
end
if spend ~= '' then redis.call('HSET', spend, 'state', 'spent') end
keep(KEYS[2], now, now, spend, ARGV[2], table.concat(KEYS, '\\n', 4))
return { 1 }
`,
);

/** KEYS clock, then those of the charges; ARGV now, body. */
export const PEEK = script(
  PRELUDE,
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
  PRELUDE,
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
if what == 'all' and spend ~= '' and redis.call('HGET', spend, 'state') == 'spent' then
  redis.call('HSET', spend, 'state', 'approved')
end
return 1
`,
);

/** KEYS clock, reservation; ARGV now, id. */
export const RENEW = script(
  PRELUDE,
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
  PRELUDE,
  `
local now = advance_clock()
local until_ = redis.call('GET', KEYS[2])
if until_ and tonumber(until_) > now then return 0 end
local ttl = tonumber(ARGV[2])
redis.call('SET', KEYS[2], str(now + ttl), 'PX', str(ttl + HOUR))
return 1
`,
);

// An approval: a hash of request (JSON), state, expires, decision (JSON).
const APPROVALS = `
local KEPT = ${APPROVAL_KEPT_MS}

local function read(key, now)
  local request, state, expires, decision =
    unpack(redis.call('HMGET', key, 'request', 'state', 'expires', 'decision'))
  if not request or tonumber(expires) + KEPT <= now then return nil end
  if tonumber(expires) <= now and (state == 'pending' or state == 'approved') then
    state = 'expired'
  end
  return { request, state, decision or '{}', tonumber(expires) > now and 1 or 0 }
end
`;

/** KEYS clock, approval, call; ARGV now, request, expires, "make" or "". The record and whether it was there. */
export const ASK = script(
  PRELUDE,
  APPROVALS,
  `
local now = advance_clock()
local same = read(KEYS[2], now)
if not same then
  local last = redis.call('GET', KEYS[3])
  local record = last and read(last, now)
  if record and record[4] == 1 and record[2] ~= 'spent' then same = record end
end
if same then return { 1, same } end
if ARGV[4] ~= 'make' then return { 0 } end
local ttl = str(math.max(1, tonumber(ARGV[3]) + KEPT - now))
redis.call('HSET', KEYS[2], 'request', ARGV[2], 'state', 'pending', 'expires', ARGV[3])
redis.call('PEXPIRE', KEYS[2], ttl)
redis.call('SET', KEYS[3], KEYS[2], 'PX', ttl)
return { 0, read(KEYS[2], now) }
`,
);

/** KEYS clock, approval; ARGV now. */
export const READ = script(
  PRELUDE,
  APPROVALS,
  `
local now = read_clock()
return read(KEYS[2], now) or false
`,
);

/** KEYS clock, approval; ARGV now, state, decision (JSON). */
export const DECIDE = script(
  PRELUDE,
  APPROVALS,
  `
local now = advance_clock()
local record = read(KEYS[2], now)
if not record or record[4] == 0 then return false end
if record[2] == 'pending' then
  redis.call('HSET', KEYS[2], 'state', ARGV[2], 'decision', ARGV[3])
end
return read(KEYS[2], now)
`,
);

// The register knows all approvals of all servers: "<1 if pending> <expires> <slot> <grant>" by id. It bounds
// how many are pending, and says where a record is. It lives in a hash slot of its own.

/** KEYS clock, register; ARGV now, id, expires, slot, grant. */
export const REGISTER = script(
  PRELUDE,
  APPROVALS,
  `
local now = advance_clock()
local all, of_grant, last = 0, 0, tonumber(ARGV[3])
local entries = redis.call('HGETALL', KEYS[2])
for i = 1, #entries, 2 do
  local pending, expires, grant = string.match(entries[i + 1], '^(%d) (%d+) %S+ (.*)$')
  expires = tonumber(expires)
  if expires + KEPT <= now then
    redis.call('HDEL', KEYS[2], entries[i])
  elseif pending == '1' and expires > now and entries[i] ~= ARGV[2] then
    all = all + 1
    if grant == ARGV[5] then of_grant = of_grant + 1 end
  end
  last = math.max(last, expires)
end
if of_grant >= ${MAX_PENDING_OF_GRANT} then return 'grant full' end
if all >= ${MAX_PENDING} then return 'all full' end
redis.call('HSET', KEYS[2], ARGV[2], '1 ' .. ARGV[3] .. ' ' .. ARGV[4] .. ' ' .. ARGV[5])
redis.call('PEXPIRE', KEYS[2], str(math.max(1, last + KEPT - now)))
return 'ok'
`,
);

/** KEYS clock, register; ARGV now, id: it is pending no more. */
export const CLOSE = script(
  PRELUDE,
  `
advance_clock()
local entry = redis.call('HGET', KEYS[2], ARGV[2])
if entry then redis.call('HSET', KEYS[2], ARGV[2], '0' .. string.sub(entry, 2)) end
return 1
`,
);

// Freezes: "<until> <scope> <freeze as JSON>" by id; a scope is hexadecimal.
const FREEZES = `
local function entries(now)
  local list = {}
  local all = redis.call('HGETALL', KEYS[2])
  for i = 1, #all, 2 do
    local until_, scope, freeze = string.match(all[i + 1], '^(%d+) (%x+) (.*)$')
    until_ = tonumber(until_)
    list[#list + 1] = { id = all[i], ends = until_, scope = scope, freeze = freeze, on = until_ > now }
  end
  return list
end
`;

/** KEYS clock, freezes; ARGV now, id, until, scope, freeze. */
export const FREEZE = script(
  PRELUDE,
  FREEZES,
  `
local now = advance_clock()
local last = tonumber(ARGV[3])
for _, entry in ipairs(entries(now)) do
  if not entry.on then redis.call('HDEL', KEYS[2], entry.id) end
  last = math.max(last, entry.ends)
end
redis.call('HSETNX', KEYS[2], ARGV[2], ARGV[3] .. ' ' .. ARGV[4] .. ' ' .. ARGV[5])
redis.call('PEXPIRE', KEYS[2], str(math.max(1, last - now) + HOUR))
return 1
`,
);

/** KEYS clock, freezes; ARGV now, scope. How many were lifted. */
export const UNFREEZE = script(
  PRELUDE,
  FREEZES,
  `
local lifted = 0
for _, entry in ipairs(entries(advance_clock())) do
  if entry.on and entry.scope == ARGV[2] then
    redis.call('HDEL', KEYS[2], entry.id)
    lifted = lifted + 1
  end
end
return lifted
`,
);

/** KEYS clock, freezes; ARGV now. */
export const FREEZES_IN_FORCE = script(
  PRELUDE,
  FREEZES,
  `
local list = {}
for _, entry in ipairs(entries((read_clock()))) do
  if entry.on then list[#list + 1] = entry.freeze end
end
return list
`,
);
