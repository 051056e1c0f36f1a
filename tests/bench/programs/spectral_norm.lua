-- tests/bench/programs/spectral_norm.lua — vectors of floats: the spectral norm of an infinite matrix, cut off at n.
-- Room: tests. In: n. Out: the norm.
-- (i + j) * (i + j + 1) is even, so the plain division is exact.
local function entry(i, j) return 1.0 / ((i + j) * (i + j + 1) / 2 + i + 1) end

local function times(n, v, out)
  for i = 0, n - 1 do
    local sum = 0.0
    for j = 0, n - 1 do sum = sum + entry(i, j) * v[j + 1] end
    out[i + 1] = sum
  end
end

local function times_transposed(n, v, out)
  for i = 0, n - 1 do
    local sum = 0.0
    for j = 0, n - 1 do sum = sum + entry(j, i) * v[j + 1] end
    out[i + 1] = sum
  end
end

local n = tonumber(arg[1] or 1200)
local u, v, between = {}, {}, {}
for i = 1, n do u[i], v[i], between[i] = 1.0, 0.0, 0.0 end
for _ = 1, 10 do
  times(n, u, between)
  times_transposed(n, between, v)
  times(n, v, between)
  times_transposed(n, between, u)
end
local uv, vv = 0.0, 0.0
for i = 1, n do
  uv = uv + u[i] * v[i]
  vv = vv + v[i] * v[i]
end
print(string.format("%.9f", math.sqrt(uv / vv)))
