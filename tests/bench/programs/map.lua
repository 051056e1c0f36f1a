-- tests/bench/programs/map.lua — a hash map of numbers: counts n keys as they come, and takes some out again.
-- Room: tests. In: n. Out: entries left, and a checksum over them.
local counts, live, removed, random = {}, 0, 0, 42
for i = 0, tonumber(arg[1] or 1500000) - 1 do
  random = random * 16807 % 2147483647
  local key = random % 50000
  local before = counts[key]
  if before then
    counts[key] = before + 1
  else
    counts[key] = 1
    live = live + 1
  end
  if i % 3 == 0 then
    local gone = random % 49999
    local count = counts[gone]
    if count then
      counts[gone] = nil
      live = live - 1
      removed = removed + count
    end
  end
  if counts[i] then removed = removed + 1 end
end
local checksum = 0
for key, count in pairs(counts) do checksum = checksum + key * count % 1009 end
print(string.format("%d %d %d", live, removed, checksum))
