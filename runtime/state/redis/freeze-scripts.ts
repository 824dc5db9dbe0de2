import { script } from "./script.ts";

// Freezes: "<until> <scope> <freeze as JSON>" by id; a scope is hexadecimal. One that was lifted ends at that time,
// and has the name of who did it after a line break, which JSON has none of. It stays for an hour.
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
  FREEZES,
  `
local now = advance_clock()
local last = tonumber(ARGV[3])
local held = false
for _, entry in ipairs(entries(now)) do
  if entry.ends + HOUR <= now then redis.call('HDEL', KEYS[2], entry.id) end
  last = math.max(last, entry.ends)
  held = held or (entry.on and entry.id == ARGV[2])
end
if not held then redis.call('HSET', KEYS[2], ARGV[2], ARGV[3] .. ' ' .. ARGV[4] .. ' ' .. ARGV[5]) end
redis.call('PEXPIRE', KEYS[2], str(math.max(1, last - now) + HOUR))
return 1
`,
);

/** KEYS clock, freezes; ARGV now, scope, by. How many were lifted. */
export const UNFREEZE = script(
  FREEZES,
  `
local lifted = 0
local now = advance_clock()
for _, entry in ipairs(entries(now)) do
  if entry.on and entry.scope == ARGV[2] then
    local kept = str(now) .. ' ' .. entry.scope .. ' ' .. entry.freeze .. '\\n' .. ARGV[3]
    redis.call('HSET', KEYS[2], entry.id, kept)
    lifted = lifted + 1
  end
end
return lifted
`,
);

/** KEYS clock, freezes; ARGV now. */
export const FREEZES_IN_FORCE = script(
  FREEZES,
  `
local list = {}
for _, entry in ipairs(entries((read_clock()))) do
  if entry.on then list[#list + 1] = entry.freeze end
end
return list
`,
);
