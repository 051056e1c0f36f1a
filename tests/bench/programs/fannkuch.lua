-- tests/bench/programs/fannkuch.lua — small integers in vectors: pancake flips over all permutations of n.
-- Room: tests. In: n. Out: a checksum and the most flips.
local function fannkuch(n)
  local order, work, count = {}, {}, {}
  for i = 1, n do order[i], work[i], count[i] = i, 0, 0 end
  local most, checksum, even, r = 0, 0, true, n
  while true do
    while r ~= 1 do
      count[r] = r
      r = r - 1
    end
    for i = 1, n do work[i] = order[i] end
    local flips = 0
    local first = work[1]
    while first ~= 1 do
      local low, high = 1, first
      while low < high do
        work[low], work[high] = work[high], work[low]
        low = low + 1
        high = high - 1
      end
      flips = flips + 1
      first = work[1]
    end
    if flips > most then most = flips end
    checksum = even and checksum + flips or checksum - flips
    while true do
      if r == n then return checksum, most end
      local moved = order[1]
      for i = 1, r do order[i] = order[i + 1] end
      order[r + 1] = moved
      count[r + 1] = count[r + 1] - 1
      if count[r + 1] > 0 then break end
      r = r + 1
    end
    even = not even
  end
end

print(string.format("%d %d", fannkuch(tonumber(arg[1] or 10))))
