// vm/natives/sockets.cpp — TCP: listening, connecting, reading, writing; what is not ready keeps the fiber alone.
// Room: vm/natives. In: addresses as text, slices of bytes. Out: counts, or the negative of the system's error number.
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

#include "vm/natives/table.h"

namespace stark::vm {
namespace {

// One reads while another writes, so each has a queue; but the system tells of a descriptor once, so a copy of it stands for writing.
struct SocketObject final : OpaqueObject {
  explicit SocketObject(ParkingLot& lot) : reads(lot.next_identity()), writes(lot.next_identity()) {}
  ~SocketObject() override { close_all(); }
  void close_all() {
    if (descriptor >= 0) close(descriptor);
    if (writer >= 0) close(writer);
    descriptor = writer = -1;
  }
  int descriptor = -1, writer = -1;
  const uint64_t reads, writes;
};

struct Address {
  sockaddr_storage bytes{};
  socklen_t size = 0;
};

SocketObject& socket_behind(const NativeCall& call, size_t argument) { return **call.get<SocketObject**>(argument); }

void give_error(NativeCall& call, int number) { call.give<int64_t>(-int64_t{number}); }

// `host:port`, `[::1]:port`. Names are looked up by work that may block.
int look_up(const std::string& text, Address& to) {
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos) return EINVAL;
  std::string host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  addrinfo hints{}, *found = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  if (getaddrinfo(host.c_str(), text.c_str() + colon + 1, &hints, &found) != 0 || found == nullptr) return EADDRNOTAVAIL;
  std::memcpy(&to.bytes, found->ai_addr, found->ai_addrlen);
  to.size = found->ai_addrlen;
  freeaddrinfo(found);
  return 0;
}

struct Lookup {
  std::atomic<bool> is_done{false};
  int error = 0;
  Address address;
};

// Null until it is done.
Lookup* resolved(NativeCall& call, size_t text) {
  Waiting& waiting = call.waiting();
  if (waiting.work == nullptr) {
    auto lookup = std::make_shared<Lookup>();
    waiting.phase = 1, waiting.work = lookup, waiting.seen = call.host.runtime.threads.lot.next_identity();
    call.host.runtime.outside.run([lookup, &lot = call.host.runtime.threads.lot, queue = waiting.seen, name = std::string(call.text(text))] {
      lookup->error = look_up(name, lookup->address);
      lookup->is_done = true;
      lot.wake(queue);
    });
  }
  auto* lookup = static_cast<Lookup*>(waiting.work.get());
  return call.wait_outside(waiting.seen, [&] { return lookup->is_done.load(); }) ? lookup : nullptr;
}

bool is_ready(int descriptor, bool writes) {
  pollfd one{descriptor, static_cast<short>(writes ? POLLOUT : POLLIN), 0};
  return poll(&one, 1, 0) > 0;
}

// False: the fiber waits, and the native is called again.
bool wait_ready(NativeCall& call, SocketObject& socket, bool writes) {
  const int descriptor = writes ? socket.writer : socket.descriptor;
  if (call.wait_outside(writes ? socket.writes : socket.reads, [&] { return is_ready(descriptor, writes); })) return true;
  if (!call.host.runtime.outside.watch(descriptor, writes, writes ? socket.writes : socket.reads)) {
    call.host.fail(Exit::Limit, "the system lets nobody wait for sockets");
  }
  return false;
}

int adopt(SocketObject& socket, int descriptor) {
  socket.close_all();
  socket.descriptor = descriptor;
  socket.writer = dup(descriptor);
  const int on = 1;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return socket.writer >= 0 ? 0 : errno;
}

// Gives what `act` gives, once it does not have to wait.
template <class Act>
void when_ready(NativeCall& call, bool writes, Act act) {
  SocketObject& socket = socket_behind(call, 0);
  if (socket.descriptor < 0) return give_error(call, ENOTCONN);
  for (;;) {
    const int64_t done = act(writes ? socket.writer : socket.descriptor);
    if (done >= 0) return call.give<int64_t>(done);
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return give_error(call, errno);
    if (!wait_ready(call, socket, writes)) return;
  }
}

std::string shown(const Address& address) {
  char host[NI_MAXHOST], port[NI_MAXSERV];
  if (getnameinfo(reinterpret_cast<const sockaddr*>(&address.bytes), address.size, host, sizeof host, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) != 0) return "";
  return address.bytes.ss_family == AF_INET6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

}  // namespace

namespace natives {

void SocketOpen(NativeCall& call) { call.give_opaque(std::make_unique<SocketObject>(call.host.runtime.threads.lot)); }

void SocketListen(NativeCall& call) {
  const Lookup* found = resolved(call, 1);
  if (found == nullptr) return;
  if (found->error != 0) return give_error(call, found->error);
  const int made = socket(found->address.bytes.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (made < 0) return give_error(call, errno);
  const int on = 1;
  setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(made, reinterpret_cast<const sockaddr*>(&found->address.bytes), found->address.size) != 0 || listen(made, 128) != 0) {
    give_error(call, errno);
    close(made);
    return;
  }
  give_error(call, adopt(socket_behind(call, 0), made));
}

// Phase 1: the name is being looked up. Phase 2: the connection is being made.
void SocketConnect(NativeCall& call) {
  SocketObject& mine = socket_behind(call, 0);
  if (call.waiting().phase < 2) {
    const Lookup* found = resolved(call, 1);
    if (found == nullptr) return;
    if (found->error != 0) return give_error(call, found->error);
    const int made = socket(found->address.bytes.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (made < 0) return give_error(call, errno);
    if (const int error = adopt(mine, made); error != 0) return give_error(call, error);
    const int begun = connect(made, reinterpret_cast<const sockaddr*>(&found->address.bytes), found->address.size);
    if (begun == 0) return call.give<int64_t>(0);
    if (errno != EINPROGRESS) return give_error(call, errno);
    call.waiting().phase = 2;
  }
  if (!wait_ready(call, mine, true)) return;
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(mine.descriptor, SOL_SOCKET, SO_ERROR, &error, &size);
  give_error(call, error);
}

void SocketAccept(NativeCall& call) {
  when_ready(call, false, [&](int descriptor) -> int64_t {
    const int made = accept4(descriptor, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (made < 0) return -1;
    const int error = adopt(socket_behind(call, 1), made);
    errno = error;
    return error == 0 ? 0 : -1;
  });
}

void SocketRead(NativeCall& call) {
  when_ready(call, false, [&](int descriptor) -> int64_t {
    const FatRef to = call.get<FatRef>(1);
    return recv(descriptor, to.address, to.length, 0);
  });
}

void SocketWrite(NativeCall& call) {
  when_ready(call, true, [&](int descriptor) -> int64_t {
    const FatRef from = call.get<FatRef>(1);
    return send(descriptor, from.address, from.length, MSG_NOSIGNAL);
  });
}

void SocketShutdown(NativeCall& call) {
  const SocketObject& socket = socket_behind(call, 0);
  give_error(call, shutdown(socket.descriptor, call.get<int32_t>(1)) == 0 ? 0 : errno);
}

// Of this end, or of the other.
void SocketAddress(NativeCall& call) {
  const SocketObject& socket = socket_behind(call, 0);
  Address address;
  address.size = sizeof address.bytes;
  auto* bytes = reinterpret_cast<sockaddr*>(&address.bytes);
  const int done = call.get<uint8_t>(1) != 0 ? getpeername(socket.descriptor, bytes, &address.size) : getsockname(socket.descriptor, bytes, &address.size);
  call.give_text(done == 0 ? shown(address) : "");
}

}  // namespace natives
}  // namespace stark::vm
