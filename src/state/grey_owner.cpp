// SPDX-License-Identifier: Apache-2.0
// state: what the owner may see and change of greylisting's tables.
#include <cerrno>
#include <string_view>
#include <utility>

#include "state/grey_rows.h"
#include "state/grey_store.h"

namespace gatepost::state {

using greylist::Rules;

Task<Result<std::vector<GreyStore::Row>>> GreyStore::list(Filter filter, std::size_t most) {
  return state_.run([filter = std::move(filter),
                     most](StateDatabase& state) -> Result<std::vector<Row>> {
    GP_TRY(Statement * rows,
           state.prepared("SELECT net, sender, recipient, first, last, passed FROM grey WHERE ?4 "
                          "OR net = ?1 OR sender = ?2 OR recipient = ?3 "
                          "ORDER BY last DESC, net, sender, recipient LIMIT ?5"));
    bind_filter(*rows, filter);
    rows->bind(5, static_cast<std::int64_t>(most));
    std::vector<Row> out;
    for (;;) {
      GP_TRY(const bool more, rows->step());
      if (!more) break;
      out.push_back({text_of(*rows, 0),
                     text_of(*rows, 1),
                     text_of(*rows, 2),
                     {rows->number(3).value_or(0), rows->number(4).value_or(0),
                      rows->number(5).value_or(0) != 0}});
    }
    rows->reset();
    return out;
  });
}

Task<Result<std::uint64_t>> GreyStore::pass(Filter filter, Stamp now) {
  return state_.run(
      [filter = std::move(filter), now](StateDatabase& state) -> Result<std::uint64_t> {
        const std::int64_t before = state.changes();
        GP_TRY(Statement * pass,
               state.prepared("UPDATE grey SET passed = 1, last = ?5 WHERE passed = 0 AND (?4 OR "
                              "net = ?1 OR sender = ?2 OR recipient = ?3)"));
        bind_filter(*pass, filter);
        pass->bind(5, now);
        GP_CHECK(pass->perform());
        return static_cast<std::uint64_t>(state.changes() - before);
      });
}

Task<Result<std::uint64_t>> GreyStore::forget(Filter filter) {
  return state_.run([this,
                     filter = std::move(filter)](StateDatabase& state) -> Result<std::uint64_t> {
    const std::int64_t before = state.changes();
    GP_TRY(Statement * forget,
           state.prepared("DELETE FROM grey WHERE ?4 OR net = ?1 OR sender = ?2 OR "
                          "recipient = ?3"));
    bind_filter(*forget, filter);
    GP_CHECK(forget->perform());
    GP_TRY(Statement * client, state.prepared("DELETE FROM awl WHERE ?2 OR client = ?1"));
    if (!filter.client.empty()) client->bind(1, filter.client);
    client->bind(2, std::int64_t{filter.is_all()});
    GP_CHECK(client->perform());
    GP_TRY(Statement * trapped, state.prepared("DELETE FROM trapped WHERE ?2 OR net IN (?1, ?3)"));
    if (!filter.net.empty()) trapped->bind(1, filter.net);
    trapped->bind(2, std::int64_t{filter.is_all()});
    if (!filter.client.empty()) trapped->bind(3, filter.client);
    GP_CHECK(trapped->perform());
    count_.generation = 0;
    return static_cast<std::uint64_t>(state.changes() - before);
  });
}

Task<Result<std::vector<GreyStore::Allowed>>> GreyStore::clients(Filter filter, std::size_t most) {
  return state_.run([filter = std::move(filter),
                     most](StateDatabase& state) -> Result<std::vector<Allowed>> {
    GP_TRY(Statement * rows, state.prepared("SELECT client, count, last FROM awl WHERE ?2 OR "
                                            "client = ?1 ORDER BY last DESC, client LIMIT ?3"));
    if (!filter.client.empty()) rows->bind(1, filter.client);
    rows->bind(2, std::int64_t{filter.is_all()});
    rows->bind(3, static_cast<std::int64_t>(most));
    std::vector<Allowed> out;
    for (;;) {
      GP_TRY(const bool more, rows->step());
      if (!more) break;
      out.push_back({text_of(*rows, 0), {count_of(rows->number(1)), rows->number(2).value_or(0)}});
    }
    rows->reset();
    return out;
  });
}

Task<Result<std::vector<GreyStore::Trapped>>> GreyStore::trapped(Filter filter,
                                                                 Stamp now,
                                                                 std::size_t most) {
  return state_.run([filter = std::move(filter), now,
                     most](StateDatabase& state) -> Result<std::vector<Trapped>> {
    GP_TRY(Statement * rows,
           state.prepared("SELECT net, until FROM trapped WHERE net IN (?1, ?2) AND until > ?3 "
                          "LIMIT ?4"));
    rows->bind(1, filter.net);
    rows->bind(2, filter.client);
    rows->bind(3, now);
    rows->bind(4, static_cast<std::int64_t>(most));
    std::vector<Trapped> out;
    for (;;) {
      GP_TRY(const bool more, rows->step());
      if (!more) break;
      out.push_back({text_of(*rows, 0), rows->number(1).value_or(0)});
    }
    rows->reset();
    return out;
  });
}

Task<Result<GreyStore::Stats>> GreyStore::stats(Rules rules, Stamp now) {
  return state_.run([rules, now](StateDatabase& state) -> Result<Stats> {
    Stats out;
    GP_TRY(const auto rows, count_rows(state, kCountTriplets));
    GP_TRY(out.waiting, count_rows(state, "SELECT count(*) FROM grey WHERE passed = 0"));
    out.passed = rows - std::min(rows, out.waiting);
    GP_TRY(out.clients, count_rows(state, "SELECT count(*) FROM awl"));
    GP_TRY(out.traps, count_rows(state, "SELECT count(*) FROM trap"));
    GP_TRY(Statement * allowed, state.prepared("SELECT count(*) FROM awl WHERE count >= ?1"));
    allowed->bind(1, std::int64_t{rules.allow_after});
    GP_TRY(bool row, allowed->step());
    if (row && rules.allow_after > 0) out.allowed = count_of(allowed->number(0));
    allowed->reset();
    GP_TRY(Statement * trapped,
           state.prepared("SELECT count(*) FROM trapped WHERE until > ?1 AND until <= ?2"));
    trapped->bind(1, now);
    trapped->bind(2, now + rules.trap_time);
    GP_TRY(row, trapped->step());
    if (row) out.trapped = count_of(trapped->number(0));
    trapped->reset();
    return out;
  });
}

Task<Result<bool>> GreyStore::add_trap(std::string address, Stamp now, bool learned) {
  return state_.run([this, address = std::move(address), now,
                     learned](StateDatabase& state) -> Result<bool> {
    trapless_ = false;
    const std::int64_t before = state.changes();
    GP_TRY(
        Statement * add,
        state.prepared("INSERT INTO trap VALUES(?1, ?2, ?3) ON CONFLICT DO UPDATE SET learned = 0 "
                       "WHERE learned AND NOT ?3"));
    add->bind(1, address);
    add->bind(2, now);
    add->bind(3, std::int64_t{learned});
    GP_CHECK(add->perform());
    return state.changes() > before;
  });
}

Task<Result<bool>> GreyStore::delete_trap(std::string address) {
  return state_.run([address = std::move(address)](StateDatabase& state) -> Result<bool> {
    const std::int64_t before = state.changes();
    GP_TRY(Statement * erase, state.prepared("DELETE FROM trap WHERE address = ?1"));
    erase->bind(1, address);
    GP_CHECK(erase->perform());
    return state.changes() > before;
  });
}

Task<Result<std::vector<GreyStore::Trap>>> GreyStore::traps(std::size_t most) {
  return state_.run([most](StateDatabase& state) -> Result<std::vector<Trap>> {
    GP_TRY(Statement * rows,
           state.prepared("SELECT address, made, learned FROM trap ORDER BY address LIMIT ?1"));
    rows->bind(1, static_cast<std::int64_t>(most));
    std::vector<Trap> out;
    for (;;) {
      GP_TRY(const bool more, rows->step());
      if (!more) break;
      out.push_back(
          {text_of(*rows, 0), rows->number(1).value_or(0), rows->number(2).value_or(0) != 0});
    }
    rows->reset();
    return out;
  });
}

Task<Result<GreyStore::Import>> GreyStore::import(std::vector<greylist::PostgreyRow> rows,
                                                  Rules rules,
                                                  Stamp now) {
  return state_.run([this, rows = std::move(rows), rules,
                     now](StateDatabase& state) -> Result<Import> {
    Import out;
    GP_TRY(std::uint64_t * known, counted(state, count_, kCountTriplets));
    for (const greylist::PostgreyRow& row : rows) {
      const std::int64_t before = state.changes();
      if (row.triplet && *known < kMostTriplets && !greylist::is_stale(rules, *row.triplet, now)) {
        GP_TRY(const bool mine, has_triplet(state, row.key));
        if (!mine) GP_CHECK(put_triplet(state, row.key, *row.triplet));
      } else if (!row.triplet && now - plausible(row.client.last, now) <= rules.max_age) {
        GP_TRY(Statement * put, state.prepared("INSERT OR IGNORE INTO awl VALUES(?1, ?2, ?3)"));
        put->bind(1, row.key.client);
        put->bind(2, std::int64_t{row.client.count});
        put->bind(3, row.client.last);
        GP_CHECK(put->perform());
      }
      if (state.changes() == before) {
        ++out.left;
      } else if (row.triplet) {
        ++out.triplets;
        ++*known;
      } else {
        ++out.clients;
      }
    }
    return out;
  });
}

}  // namespace gatepost::state
