// SPDX-License-Identifier: Apache-2.0
// cli: the manual's page about limits and bans.
#include "cli/manual.h"

namespace gatepost::cli {

namespace {

constexpr char kBans[] = R"(LIMITS AND BANS

What is on from the start: screening (postscreen_enable), and Postfix's limit of 50
connections at a time for one client. Nothing that counts over time, and no bans:
what one customer of a large provider does would keep out the mail of others, and
nobody who pastes the lines of an old main.cf expects it. Whoever had the hit count
of a tutorial in iptables for ports 25, 465 and 587 sets the first line below
instead, whoever had fail2ban sets ban_enable = yes; both leave $mynetworks alone,
and clients of gatepost allow. Behind a proxy (proxy_protocol_peers) both are about
the client it speaks for.

Limits are about how often a client comes, and forget it soon:

  client_connection_burst_limit = 20/10s
  smtpd_client_connection_rate_limit = 30
  smtpd_client_message_rate_limit = 100
  submission.smtpd_client_recipient_rate_limit = 500

Those of Postfix count in anvil_rate_time_unit (60s), each service by itself, and
answer as Postfix does. The burst limit does what these two rules do, for IPv6
too: a client that goes on trying stays out.

  -m recent --name smtp --set
  -m recent --name smtp --update --seconds 10 --hitcount 20 -j DROP

smtpd_client_event_limit_exceptions ($mynetworks) are left alone. A mail server
with much to deliver opens 20 connections at once: 20/10s makes it wait.

Bans are about what a network did. With ban_enable = yes each offence counts as
ban_rules says; when those within ban_findtime come to ban_threshold, the
network, which is one IPv4 address or a /64 of IPv6, is not served for ban_time,
and twice as long each further time, up to ban_time_max. That is fail2ban's
findtime, maxretry, bantime, bantime.increment and bantime.maxtime, without logs
that are read and without another process.

Who has many addresses changes to the next one before it is banned. So the offences
of an IPv4 /24 are added up too, and of an IPv6 /48: when they come to
ban_network_threshold times ban_threshold, of which one address counts for one, all
of it is banned. ban_network_threshold = 0 switches that off.

Never banned for what it does is who is in ban_exceptions ($mynetworks), who is let
in by gatepost allow, whatever bans there are, and for ban_login_time a network
from which a user logged in, nor what is around it: one infected device does not
lock the office out. Its wrong passwords are still slowed, and refused after
smtpd_sasl_failure_limit.

  gatepost ban list
  gatepost ban why 192.0.2.7
  gatepost ban add 198.51.100.0/24 1w
  gatepost ban del 198.51.100.0/24

Bans are kept in state.db in state_directory and outlive a restart; offences that
have not led to one do not.

A packet filter. With

  ban_firewall = nft:inet filter gatepost_ban

$state_directory/bans.nft holds the bans as a script for nft -f: it makes the
table and the sets gatepost_ban and gatepost_ban_6 if they are missing, and
replaces what they hold, with the time that is left as each element's timeout.
gatepost starts no other program; this loads the file whenever it changes:

  /etc/systemd/system/gatepost-nft.path
    [Path]
    PathChanged=/var/lib/gatepost/bans.nft
    [Install]
    WantedBy=multi-user.target

  /etc/systemd/system/gatepost-nft.service
    [Service]
    Type=oneshot
    ExecStart=/usr/sbin/nft -f /var/lib/gatepost/bans.nft

and these rules use it, in a chain of the same table:

  tcp dport { 25, 465, 587 } ip saddr @gatepost_ban drop
  tcp dport { 25, 465, 587 } ip6 saddr @gatepost_ban_6 drop

A set that was made with auto-merge has to be made anew (nft delete set inet
filter gatepost_ban, and the same of gatepost_ban_6): with it neighbours end
together. A ban inside of a wider one is in the file once that is over. When
ban_firewall is changed or emptied and read anew (gatepost reload), the file
empties the sets it named before.

Who can write that file can change the packet filter: it belongs to mail_owner.
Exceptions inside a network that is banned as a whole need a rule before these; a
ban with somebody in it who is let in by gatepost allow is not in the file.
)";

}  // namespace

std::string manual_bans(bool) {
  return kBans;
}

}  // namespace gatepost::cli
