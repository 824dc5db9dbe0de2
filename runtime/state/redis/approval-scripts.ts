import { APPROVAL_KEPT_MS, MAX_PENDING, MAX_PENDING_OF_GRANT } from "../store.ts";
import { script } from "./script.ts";

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
  APPROVALS,
  `
local now = read_clock()
return read(KEYS[2], now) or false
`,
);

/** KEYS clock, approval; ARGV now, state, decision (JSON). */
export const DECIDE = script(
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
  `
advance_clock()
local entry = redis.call('HGET', KEYS[2], ARGV[2])
if entry then redis.call('HSET', KEYS[2], ARGV[2], '0' .. string.sub(entry, 2)) end
return 1
`,
);
