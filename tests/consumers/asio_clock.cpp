// A rollout's clock on somebody else's io_context.

#include <hotswap/adapters/asio/asio_clock.hpp>

#include <boost/asio/io_context.hpp>

#include <chrono>

int main() {
  boost::asio::io_context context;
  const hotswap::asio_clock clock{context.get_executor()};
  return clock.now() > std::chrono::system_clock::time_point{} ? 0 : 1;
}
