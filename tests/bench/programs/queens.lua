-- tests/bench/programs/queens.lua — recursion over vectors of truth values: ways to put n queens on a board.
-- Room: tests. In: n. Out: how many there are.
local n = tonumber(arg[1] or 13)
local columns, rising, falling = {}, {}, {}
for i = 1, n do columns[i] = false end
for i = 1, 2 * n do rising[i], falling[i] = false, false end

local function is_free(row, column)
  return not columns[column] and not rising[row + column] and not falling[row + n - column]
end

local function put(row, column, on)
  columns[column] = on
  rising[row + column] = on
  falling[row + n - column] = on
end

local function ways(row)
  if row > n then return 1 end
  local found = 0
  for column = 1, n do
    if is_free(row, column) then
      put(row, column, true)
      found = found + ways(row + 1)
      put(row, column, false)
    end
  end
  return found
end

print(string.format("%d", ways(1)))
