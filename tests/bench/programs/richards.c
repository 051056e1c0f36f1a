// tests/bench/programs/richards.c — objects that hand each other packets: the kernel of a small operating system, n times.
// Room: tests. In: n. Out: packets queued and tasks held, all times together.
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { IDLE, WORKER, HANDLER_A, HANDLER_B, DEVICE_A, DEVICE_B, TASKS };
typedef enum { DEVICE, WORK } Kind;
typedef struct Packet {
  struct Packet* link;
  int id;
  Kind kind;
  size_t at;
  long data[4];
} Packet;
typedef struct Task {
  struct Task* link;
  int id;
  long priority;
  Packet* queue;
  bool runnable, suspended, held;
  struct Task* (*run)(struct Task*, Packet*);
  long first, second;      // the idle task's control word and count; the worker's handler and last letter
  Packet *work, *device;   // what a handler has to do; `device` also what a device is at
} Task;

static Task tasks[TASKS];
static Task *list, *current;
static long queued, holds;

static Packet* new_packet(Packet* link, int id, Kind kind) {
  Packet* p = calloc(1, sizeof *p);
  p->link = link;
  p->id = id;
  p->kind = kind;
  return p;
}

static void append(Packet** queue, Packet* packet) {
  packet->link = NULL;
  while (*queue != NULL) queue = &(*queue)->link;
  *queue = packet;
}

static Packet* pop(Packet** queue) {
  Packet* first = *queue;
  if (first == NULL) return NULL;
  *queue = first->link;
  first->link = NULL;
  return first;
}

static Task* hold_current(void) {
  ++holds;
  current->held = true;
  return current->link;
}

static Task* suspend_current(void) {
  current->suspended = true;
  return current;
}

static Task* release(int id) {
  tasks[id].held = false;
  return tasks[id].priority > current->priority ? &tasks[id] : current;
}

static Task* queue_packet(Packet* packet) {
  Task* task = &tasks[packet->id];
  ++queued;
  packet->id = current->id;
  if (task->queue != NULL) {
    append(&task->queue, packet);
    return current;
  }
  packet->link = NULL;
  task->queue = packet;
  task->runnable = true;
  return task->priority > current->priority ? task : current;
}

static Task* run_idle(Task* t, Packet* packet) {
  (void)packet;
  if (--t->second == 0) return hold_current();
  if ((t->first & 1) == 0) {
    t->first >>= 1;
    return release(DEVICE_A);
  }
  t->first = t->first >> 1 ^ 0xD008;
  return release(DEVICE_B);
}

static Task* run_worker(Task* t, Packet* packet) {
  if (packet == NULL) return suspend_current();
  t->first = t->first == HANDLER_A ? HANDLER_B : HANDLER_A;
  packet->id = (int)t->first;
  packet->at = 0;
  for (int i = 0; i < 4; ++i) {
    if (++t->second > 26) t->second = 1;
    packet->data[i] = t->second;
  }
  return queue_packet(packet);
}

static Task* run_handler(Task* t, Packet* packet) {
  if (packet != NULL) append(packet->kind == WORK ? &t->work : &t->device, packet);
  if (t->work == NULL) return suspend_current();
  Packet* first = t->work;
  if (first->at == 4) return queue_packet(pop(&t->work));
  Packet* next = pop(&t->device);
  if (next == NULL) return suspend_current();
  next->at = (size_t)first->data[first->at++];
  return queue_packet(next);
}

static Task* run_device(Task* t, Packet* packet) {
  if (packet != NULL) {
    t->device = packet;
    return hold_current();
  }
  Packet* done = t->device;
  t->device = NULL;
  return done != NULL ? queue_packet(done) : suspend_current();
}

static Task* run_task(Task* t) {
  Packet* packet = NULL;
  if (t->suspended && t->runnable) {
    packet = pop(&t->queue);
    t->suspended = false;
    t->runnable = t->queue != NULL;
  }
  return t->run(t, packet);
}

static void add(int id, long priority, Packet* queue, Task* (*run)(Task*, Packet*), long first, long second) {
  tasks[id] = (Task){list, id, priority, queue, queue != NULL, true, false, run, first, second, NULL, NULL};
  list = &tasks[id];
}

static Packet* packets(int count, int id, Kind kind) { return count == 0 ? NULL : new_packet(packets(count - 1, id, kind), id, kind); }

static void end(Packet* packet) {
  if (packet == NULL) return;
  end(packet->link);
  free(packet);
}

int main(int argc, char** argv) {
  const long n = argc > 1 ? atol(argv[1]) : 300;
  for (long round = 0; round < n; ++round) {
    list = NULL;
    add(IDLE, 0, NULL, run_idle, 1, 10000);
    tasks[IDLE].suspended = false;
    add(WORKER, 1000, packets(2, WORKER, WORK), run_worker, HANDLER_A, 0);
    add(HANDLER_A, 2000, packets(3, DEVICE_A, DEVICE), run_handler, 0, 0);
    add(HANDLER_B, 3000, packets(3, DEVICE_B, DEVICE), run_handler, 0, 0);
    add(DEVICE_A, 4000, NULL, run_device, 0, 0);
    add(DEVICE_B, 5000, NULL, run_device, 0, 0);
    for (current = list; current != NULL;) {
      current = current->held || (current->suspended && !current->runnable) ? current->link : run_task(current);
    }
    for (int i = 0; i < TASKS; ++i) end(tasks[i].queue), end(tasks[i].work), end(tasks[i].device);
  }
  printf("%ld %ld\n", queued, holds);
  return 0;
}
