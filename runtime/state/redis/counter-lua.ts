import { MAX_KEYS, RESERVATION_MS } from "../store.ts";

// The Lua that scripts over counters are made of. It follows the clock of `script.ts`.

export const CALENDAR = `
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
export const COUNTERS = `
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

export const RESERVATIONS = `
local KEPT = ${RESERVATION_MS}

local function keep(key, now, at, spend, body, names)
  local lines = { str(now + KEPT), str(at), spend, body, names }
  redis.call('SET', key, table.concat(lines, '\\n'), 'PX', '${2 * RESERVATION_MS}')
end
`;
