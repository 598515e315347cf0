// SPDX-License-Identifier: Apache-2.0
// cli: the manual's pages that are no tables: users and their passwords.
#include "cli/manual.h"

namespace gatepost::cli {

namespace {

constexpr char kUsers[] = R"(USERS AND PASSWORDS

The file. passwd_file is a passwd-file of Dovecot, which may use it at the same
time. One line is one user:

  name:password:uid:gid:gecos:home:shell:extra fields

The name is an address, or a bare name for every domain of mydestination, with
any of which the user may log in as well. Empty
lines and lines that begin with # are comments. gatepost user changes nothing
but what it is asked to, replaces the file as a whole, and waits for another
gatepost user. The running service sees a change at once. A file that suddenly
has no users is taken for one that is being written, and those before stay; the
line "# There are no users.", which gatepost user del leaves in the place of the
last one, says that it is meant.

  gatepost user add alice@example.com --quota 2G
  gatepost user passwd alice@example.com
  gatepost user mode alice@example.com receive-only
  gatepost user del alice@example.com
  echo 'the password' | gatepost user add bob@example.com --stdin

Passwords. New ones are stored as {SCRAM-SHA-256}: nobody who reads the file can
log in with what it holds. Understood are also {SHA512-CRYPT}, {SHA256-CRYPT} and
{BLF-CRYPT} (with or without the name in front), {SCRAM-SHA-1}, {SSHA512},
{SSHA256}, {SSHA}, {SHA512}, {SHA256}, {SHA}, and {PLAIN}, each also with .b64 or
.hex behind the name. {ARGON2ID} and other schemes are not: gatepost user list
says so, and such a user cannot log in. Only users with {SCRAM-SHA-256} or
{PLAIN} can use the SCRAM mechanisms, and only those with {PLAIN} CRAM-MD5. A
password of * or ! is a lock.

A password is the octets that were typed, in UTF-8; letters are not normalized.

Modes. The extra field gatepost_mode says what a user may do: send-only (mail to
it is refused), receive-only (it may not log in to send), disabled (neither).
disabled also sets nologin, which Dovecot knows, so that the mailbox cannot be
read either. nologin alone takes the right to send. Dovecot's allow_nets, such as
allow_nets=192.0.2.0/24,2001:db8::/32, says from where a user may log in to send;
local in it means connections inside Dovecot, and lets nobody in here.

A session that is logged in ends at its next message when the password was
changed or the user may not send any more.

Quotas. The extra field userdb_quota_rule is Dovecot 2.3's: *:storage=2G; where
userdb_quota_storage_size=2G or userdb_quota_message_count=1000 of Dovecot 2.4
stand, they count instead. What lies in Trash and below it does not count;
Dovecot has to be told so, as below, or the two write different numbers.

Own passwords. Users of mail alone, without an account on this machine, cannot
change theirs: the administrator does it with gatepost user passwd, or gives them
a program of his own that calls gatepost user passwd --stdin after it has seen
the old password.

Users with an account on this machine may change the password of
the mail user with their name, or their name and the domain of myorigin, with a
line in sudoers(5) and no argument more:

  ALL ALL = (root) NOPASSWD: /usr/sbin/gatepost user passwd --self

They then type: sudo gatepost user passwd --self
It asks for the old password first. sudo tells who asks, in SUDO_USER.

For Dovecot 2.3, the same file (gatepost stands for mail_owner):

  first_valid_uid = 100
  mail_location = maildir:~/Maildir
  passdb {
    driver = passwd-file
    args = username_format=%u /etc/gatepost/users
  }
  userdb {
    driver = passwd-file
    args = username_format=%u /etc/gatepost/users
    default_fields = uid=gatepost gid=gatepost home=/var/mail/%d/%n
  }
  service auth {
    extra_groups = gatepost
  }
  mail_plugins = $mail_plugins quota
  plugin {
    quota = maildir:User quota
    quota_rule = Trash:ignore
    quota_rule2 = Trash/*:ignore
    quota_rule3 = Trash.*:ignore
  }

Where mailbox_transport or virtual_transport hands mail to Dovecot, also:

  service lmtp {
    unix_listener lmtp {
      mode = 0666
    }
  }
  recipient_delimiter = +
  lmtp_save_to_detail_mailbox = yes
  protocol lmtp {
    mail_plugins = $mail_plugins sieve
    lmtp_rcpt_check_quota = yes
  }

recipient_delimiter is the one of gatepost. Behind LMTP Dovecot keeps quotas and,
by these lines, user+Folder: in the folder when there is one, else in the INBOX.
A message too large for the room left goes back to its sender. Names are those
that users type: give whole addresses.

Dovecot 2.4 has another language of settings, no userdb_quota_rule and no count
shared by way of maildirsize: the limits above hold for mail that comes in here,
and Dovecot keeps a count of its own.

Exit statuses of gatepost user: 0 done, 64 usage, 65 the input or the file is
wrong, 67 no such user, 69 del was not confirmed, 73 the user exists, 74 the file cannot be written, 75
another program edits it, 77 not permitted or a wrong password, 78 the
configuration is wrong.
)";

}  // namespace

std::string manual_users(bool) {
  return kUsers;
}

}  // namespace gatepost::cli
