-- tests/bench/programs/binary_trees.lua — allocation: trees of all depths up to n are built, counted and forgotten.
-- Room: tests. In: n. Out: nodes in all trees, and in one that lives through all of it.
local function build(depth)
  if depth == 0 then return {left = false, right = false} end
  return {left = build(depth - 1), right = build(depth - 1)}
end

local function count(tree)
  local nodes = 1
  if tree.left then nodes = nodes + count(tree.left) end
  if tree.right then nodes = nodes + count(tree.right) end
  return nodes
end

local n = tonumber(arg[1] or 16)
local lasting, total = build(n), 0
for depth = 4, n, 4 do
  for _ = 1, 2 ^ (n - depth + 4) do total = total + count(build(depth)) end
end
print(string.format("%d %d", total, count(lasting)))
