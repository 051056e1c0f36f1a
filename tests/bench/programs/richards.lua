-- tests/bench/programs/richards.lua — objects that hand each other packets: the kernel of a small operating system, n times.
-- Room: tests. In: n. Out: packets queued and tasks held, all times together.
local xor = bit and bit.bxor or load("return function(a, b) return a ~ b end")()
local WORKER, HANDLER_A, HANDLER_B, DEVICE_A, DEVICE_B = 2, 3, 4, 5, 6
local tasks, list, current
local queued, holds = 0, 0

local function packets(count, id, kind)
  local queue = nil
  for _ = 1, count do queue = {link = queue, id = id, kind = kind, at = 1, data = {0, 0, 0, 0}} end
  return queue
end

-- The list with the packet at its end.
local function append(queue, packet)
  packet.link = nil
  if queue == nil then return packet end
  local last = queue
  while last.link ~= nil do last = last.link end
  last.link = packet
  return queue
end

local function hold_current()
  holds = holds + 1
  current.held = true
  return current.link
end

local function suspend_current()
  current.suspended = true
  return current
end

local function release(id)
  local task = tasks[id]
  task.held = false
  return task.priority > current.priority and task or current
end

local function queue_packet(packet)
  local task = tasks[packet.id]
  queued = queued + 1
  packet.id = current.id
  if task.queue ~= nil then
    append(task.queue, packet)
    return current
  end
  packet.link = nil
  task.queue = packet
  task.runnable = true
  return task.priority > current.priority and task or current
end

local function run_idle(t)
  t.left = t.left - 1
  if t.left == 0 then return hold_current() end
  local odd = t.control % 2
  t.control = (t.control - odd) / 2
  if odd == 0 then return release(DEVICE_A) end
  t.control = xor(t.control, 0xD008)
  return release(DEVICE_B)
end

local function run_worker(t, packet)
  if packet == nil then return suspend_current() end
  t.handler = t.handler == HANDLER_A and HANDLER_B or HANDLER_A
  packet.id = t.handler
  packet.at = 1
  local last, data = t.last, packet.data
  for i = 1, 4 do
    last = last + 1
    if last > 26 then last = 1 end
    data[i] = last
  end
  t.last = last
  return queue_packet(packet)
end

local function run_handler(t, packet)
  if packet ~= nil then
    if packet.kind == "work" then t.work = append(t.work, packet) else t.device = append(t.device, packet) end
  end
  local first = t.work
  if first == nil then return suspend_current() end
  if first.at == 5 then
    t.work = first.link
    return queue_packet(first)
  end
  local next = t.device
  if next == nil then return suspend_current() end
  t.device = next.link
  next.at = first.data[first.at]
  first.at = first.at + 1
  return queue_packet(next)
end

local function run_device(t, packet)
  if packet ~= nil then
    t.device = packet
    return hold_current()
  end
  local done = t.device
  t.device = nil
  if done == nil then return suspend_current() end
  return queue_packet(done)
end

local function run_task(t)
  local packet = nil
  if t.suspended and t.runnable then
    packet = t.queue
    t.queue = packet.link
    t.suspended = false
    t.runnable = t.queue ~= nil
  end
  return t.run(t, packet)
end

local function add(priority, queue, run)
  local task = {link = list, id = #tasks + 1, priority = priority, queue = queue, runnable = queue ~= nil, suspended = true, held = false, run = run}
  tasks[task.id] = task
  list = task
  return task
end

for _ = 1, tonumber(arg[1] or 300) do
  tasks, list = {}, nil
  local idle = add(0, nil, run_idle)
  idle.suspended, idle.control, idle.left = false, 1, 10000
  local worker = add(1000, packets(2, WORKER, "work"), run_worker)
  worker.handler, worker.last = HANDLER_A, 0
  add(2000, packets(3, DEVICE_A, "device"), run_handler)
  add(3000, packets(3, DEVICE_B, "device"), run_handler)
  add(4000, nil, run_device)
  add(5000, nil, run_device)
  current = list
  while current ~= nil do
    if current.held or (current.suspended and not current.runnable) then current = current.link else current = run_task(current) end
  end
end
print(string.format("%d %d", queued, holds))
