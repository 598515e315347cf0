// SPDX-License-Identifier: Apache-2.0
// support: a DNS server on loopback, UDP and TCP, on the test's own loop; answers by a table.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ip/udp.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>

#include "base/loop.h"
#include "base/text.h"
#include "support/dns_packet.h"

namespace gatepost::support {

class DnsServer {
 public:
  explicit DnsServer(asio::io_context& loop)
      : udp_(loop, {asio::ip::address_v4::loopback(), 0}),
        tcp_(loop, {asio::ip::address_v4::loopback(), udp_.local_endpoint().port()}) {
    receive();
    accept();
  }

  std::map<std::pair<std::string, unsigned>, Reply> table;  ///< Else NXDOMAIN without a SOA record.
  std::vector<std::string> asked;                           ///< "name TYPE udp|tcp"

  [[nodiscard]] std::string address() const {
    return "127.0.0.1:" + std::to_string(udp_.local_endpoint().port());
  }
  [[nodiscard]] std::uint16_t port() const { return udp_.local_endpoint().port(); }

 private:
  struct Line {
    explicit Line(TcpSocket wire) : socket(std::move(wire)) {}
    TcpSocket socket;
    std::array<unsigned char, 2> length{};
    std::vector<char> question;
    std::string answer;
  };

  /// Empty: silence.
  std::string answer(std::string_view question, bool by_tcp) {
    if (question.size() < 17) return {};
    const auto octet = [&question](std::size_t at) {
      return static_cast<unsigned>(static_cast<unsigned char>(question[at]));
    };
    std::string name;
    std::size_t at = 12;
    while (octet(at) != 0) {
      if (!name.empty()) name += '.';
      name += question.substr(at + 1, octet(at));
      at += octet(at) + 1;
    }
    const unsigned type = octet(at + 1) * 256 + octet(at + 2);
    asked.push_back(name + " " + std::to_string(type) + (by_tcp ? " tcp" : " udp"));
    const auto found = table.find({lower(name), type});
    Reply reply;
    reply.code = kNxDomain;
    if (found != table.end()) reply = found->second;
    if (by_tcp) reply.truncated = false;
    if (reply.silent) return {};
    return reply.text(octet(0) * 256 + octet(1), name, type);
  }

  void receive() {
    udp_.async_receive_from(asio::buffer(datagram_), from_,
                            [this](const std::error_code& error, std::size_t size) {
                              if (error) return;
                              const std::string text = answer({datagram_.data(), size}, false);
                              std::error_code ignored;
                              if (!text.empty())
                                udp_.send_to(asio::buffer(text), from_, 0, ignored);
                              receive();
                            });
  }
  void accept() {
    tcp_.async_accept([this](const std::error_code& error, TcpSocket socket) {
      if (error) return;
      serve(std::make_shared<Line>(std::move(socket)));
      accept();
    });
  }
  void serve(const std::shared_ptr<Line>& line) {
    asio::async_read(line->socket, asio::buffer(line->length),
                     [this, line](const std::error_code& error, std::size_t) {
                       if (error) return;
                       line->question.resize(line->length[0] * 256UL + line->length[1]);
                       read_question(line);
                     });
  }
  void read_question(const std::shared_ptr<Line>& line) {
    asio::async_read(
        line->socket, asio::buffer(line->question),
        [this, line](const std::error_code& error, std::size_t) {
          if (error) return;
          const std::string text = answer({line->question.data(), line->question.size()}, true);
          line->answer = wire::u16(static_cast<unsigned>(text.size())) + text;
          asio::async_write(line->socket, asio::buffer(line->answer),
                            [this, line](const std::error_code& failed, std::size_t) {
                              if (!failed) serve(line);
                            });
        });
  }

  asio::ip::udp::socket udp_;
  TcpAcceptor tcp_;
  asio::ip::udp::endpoint from_;
  std::array<char, 2048> datagram_{};
};

}  // namespace gatepost::support
