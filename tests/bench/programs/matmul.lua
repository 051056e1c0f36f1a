-- tests/bench/programs/matmul.lua — vectors of vectors: the product of two n by n matrices.
-- Room: tests. In: n. Out: the sum of all entries, and one of them.
local function matrix(n, scale)
  local rows = {}
  for i = 0, n - 1 do
    local row = {}
    for j = 0, n - 1 do row[j + 1] = scale * (i - j) * (i + j) end
    rows[i + 1] = row
  end
  return rows
end

local function product(a, b)
  local n, rows = #a, {}
  for i = 1, n do
    local row, from = {}, a[i]
    for j = 1, n do
      local sum = 0.0
      for k = 1, n do sum = sum + from[k] * b[k][j] end
      row[j] = sum
    end
    rows[i] = row
  end
  return rows
end

local n = tonumber(arg[1] or 400)
local c = product(matrix(n, 1.0 / (n * n)), matrix(n, 2.0 / (n * n)))
local sum = 0.0
for _, row in ipairs(c) do
  for _, x in ipairs(row) do sum = sum + x end
end
local middle = (n - n % 2) / 2 + 1
print(string.format("%.6f %.6f", sum, c[middle][middle]))
