#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# e2e: which tests prove which goal of screening, greylisting, bans and SPF allowlists.
"""goals.py: checks that every goal has a test and that every test named here exists; prints what is wrong.

A row: the goal, what it says in short, and its tests. Those of tests/e2e by file, class and name; unit tests by
their sentence, after "unit:"; behaviours played to postscreen as well, of postscreen_rows.py, after "postscreen:"."""

import pathlib
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import postscreen_rows  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
WANTED = ([f"PS{n}" for n in range(1, 38)] + [f"GL{n}" for n in range(1, 19)] + [f"RB{n}" for n in (1, 2, *range(6, 11))] +
          [f"SW{n}" for n in range(1, 9)])
# Proved by tests of branches that are to be merged; each gets a row then.
AWAITED = set()

S, D, L = "screening_test.Greeting.", "screening_test.Deep.", "screening_test.Lists."
P, R, G = "proxy_test.Proxy.", "real_dns_test.Screened.", "greylist_test.Greylist."
B, W = "bans_test.", "spf_test."
M, T = "screening_memory_test.", "talk_test."

ROWS = (
    ("PS1", "CONNECT line with both ends", S + "test_ps1_connect_tells_both_ends"),
    ("PS2", "access list: permit_mynetworks, cidr, permit, reject, dunno, first match", S + "test_ps2_the_first_that_says_something",
     "postscreen: let in by the access list", "postscreen: dunno is no verdict", "postscreen: the word dunno",
     "postscreen: the first verdict counts", "tutorials_test.Postscreen.test_the_access_lists"),
    ("PS3", "denylist: ignore, enforce, drop", S + "test_ps3_the_denylist"),
    ("PS4", "remembered: PASS OLD, no tests", S + "test_ps4_who_passed_is_let_in_at_once"),
    ("PS5", "only what expired is tested again", "postscreen: known, until the pass has expired",
     "postscreen: comes back when a deep pass has expired", "postscreen: on no list, until that has expired",
     M + "Memory.test_ps5_only_what_expired_is_tested_again"),
    ("PS6", "a time for each test, over restarts", S + "test_ps6_passes_survive_a_restart",
     M + "Memory.test_ps6_each_test_has_a_time_of_its_own"),
    ("PS7", "who was known is old, for the retention time", M + "Memory.test_ps7_who_was_known_is_old_for_a_week"),
    ("PS8", "cleaning up", M + "Memory.test_ps8_without_cleaning_nobody_is_forgotten"),
    ("PS9", "allowlist_interfaces veto", S + "test_ps9_where_no_pass_is_earned",
     "unit: at an address where no pass is earned nobody is remembered"),
    ("PS10", "pregreet: octets, time, escaped text; what was said counts under ignore", S + "test_ps10_who_talks_early_is_refused",
     S + "test_ps10_what_was_said_early_counts_where_it_is_ignored"),
    ("PS11", "teaser; none without a banner", S + "test_ps11_the_teaser_is_the_banner",
     S + "test_ps11_without_a_banner_nobody_talks_early"),
    ("PS12", "6 s, 2 s under stress", M + "Elsewhere.test_ps12_the_wait_is_six_seconds_and_two_under_stress"),
    ("PS13", "hanging up is no failure; its line with the phase", S + "test_ps13_hanging_up_is_no_failure"),
    ("PS14", "syntax of lists: patterns, repeated domains, negative weights", L + "test_ps14_patterns_and_weights",
     "unit: an entry has a domain, perhaps a pattern and a weight", "unit: a pattern has a number or a set for each octet",
     "unit: a zone that is named often is one zone with many entries"),
    ("PS15", "one question for each list, shared by connections", L + "test_ps15_each_list_is_asked_once",
     "unit: connections of one client share its answers while one holds them"),
    ("PS16", "both thresholds", L + "test_who_is_vouched_for_passes_all", R + "test_who_is_vouched_for_passes_all",
     "unit: listed is at the threshold, allowed at a negative one",
     M + "Lists.test_ps16_thresholds_to_the_point"),
    ("PS17", "how long a pass of the lists lasts", R + "test_ps17_a_pass_is_as_long_as_the_lists_say",
     "unit: a pass lasts as long as what let the client pass",
     M + "Lists.test_ps17_a_pass_lasts_as_the_lists_say_within_bounds"),
    ("PS18", "the reply names the list; the map hides it", L + "test_ps18_a_listed_client_is_told_the_list",
     L + "test_ps18_the_reply_map_hides_the_name", "unit: the total names the list with the largest single weight"),
    ("PS19", "what has not answered when the time is up adds nothing, and is told", "postscreen: a list that does not answer",
     "unit: a list that does not answer in time is given up, with postscreen's line",
     M + "Lists.test_ps19_what_has_not_answered_adds_nothing"),
    ("PS20", "pipelining, non-SMTP commands, bare newlines", D + "test_ps20_pipelining", D + "test_ps20_non_smtp_commands",
     D + "test_ps20_bare_newlines", "tutorials_test.Postscreen.test_the_deep_tests"),
    ("PS21", "what each action leads to", S + "test_ps3_the_denylist", D + "test_ps20_non_smtp_commands",
     "postscreen: talks early, ignored", "postscreen: talks early, dropped",
     "postscreen: on a list, ignored", "postscreen: on a list, dropped", "postscreen: pipelines, ignored", "postscreen: pipelines, dropped",
     "postscreen: speaks HTTP, ignored", "postscreen: ends a line by LF, dropped",
     "unit: a failure that is enforced refuses, and takes every pass back",
     "unit: an early failure that is ignored is no pass, a deep one is a short pass",
     M + "Actions.test_ps21_drop", M + "Actions.test_ps21_enforce", M + "Actions.test_ps21_ignore"),
    ("PS22", "who failed early is watched for the rest", M + "Actions.test_ps22_who_failed_early_is_watched_for_the_rest"),
    ("PS23", "limits of a command's time, count and length", D + "test_ps23_limits", D + "test_ps23_a_line_may_be_so_long"),
    ("PS24", "connections of one client", D + "test_ps24_connections_of_one_client"),
    ("PS25", "both 421 of full queues", D + "test_ps25_and_26_the_queue_is_full",
     "screening_test.Room.test_who_has_proved_itself_is_not_sent_away"),
    ("PS26", "stress from 90 % on, until 70 %", D + "test_ps25_and_26_the_queue_is_full", "unit: stress begins at 90 % and ends at 70 %"),
    ("PS27", "STARTTLS while screened", "postscreen: STARTTLS", "postscreen: STARTTLS with an argument, and twice",
     "postscreen: TLS is mandatory",
     M + "Tls.test_ps27_the_tests_go_on_under_tls", M + "Tls.test_ps27_what_came_in_the_clear_is_gone"),
    ("PS28", "EHLO keywords that are not offered", T + "Keywords.test_ps28_some_clients_are_offered_less",
     T + "Keywords.test_ps28_and_nobody_needs_to_know", T + "Tested.test_ps28_and_ps29_clients_under_test_have_their_own"),
    ("PS29", "footers of refusals", T + "Tested.test_ps28_and_ps29_clients_under_test_have_their_own", T + "Tested.test_ps29_a_drop_has_a_footer"),
    ("PS30", "soft_bounce", "postscreen: soft_bounce", "postscreen: soft_bounce, dropped",
     M + "Actions.test_ps30_soft_bounce"),
    ("PS31", "PROXY protocol, both versions", P + "test_ps31_the_client_is_who_the_header_says",
     P + "test_ps31_screening_tests_the_client_of_the_header", P + "test_ps31_the_header_is_not_talking_early_and_what_follows_is",
     P + "test_ps31_a_stranger_cannot_say_who_it_is", P + "test_ps31_submissions_have_the_header_before_tls"),
    ("PS32", "IPv6 clients by nibbles", R + "test_ps32_ipv6_clients_are_looked_up_by_nibbles",
     "unit: a client with an IPv6 address is asked about by nibbles"),
    ("PS33", "old names, with one warning", S + "test_ps33_old_names_are_taken"),
    ("PS34", "the words of old in the log", "postscreen: the words of old for permit", "postscreen: the words of old for reject",
     "postscreen: an address at which no pass is earned, words of old",
     M + "Actions.test_ps34_the_words_of_old"),
    ("PS35", "the reject line with commas", S + "test_ps10_who_talks_early_is_refused"),
    ("PS36", "mynetworks are not screened", S + "test_ps36_mynetworks_are_not_screened"),

    ("PS37", "465 and 587 are not screened", M + "Elsewhere.test_ps37_users_are_not_screened"),
    ("GL1", "/24 and /64, or as set", G + "test_gl01_hosts_of_one_network_are_one_and_how_large_it_is_can_be_set",
     "unit: clients of one network have one key"),
    ("GL2", "delay, retry window, greatest age", G + "test_gl02_delay_retry_window_and_greatest_age",
     "unit: a triplet waits for the delay, then passes for good", "unit: who comes back after the retry window begins anew"),
    ("GL3", "who is early is told the seconds", G + "test_gl03_who_is_early_is_told_how_long"),
    ("GL4", "auto-allowlist, counted by the hour", G + "test_gl04_a_client_whose_mail_came_back_often_is_not_asked_any_more",
     G + "test_gl04_triplets_of_one_hour_count_once"),
    ("GL5", "VERP, BATV, extensions", G + "test_gl05_senders_that_change_with_each_message_are_one",
     "unit: a sender's changing parts are taken out", "unit: a tag of BATV is taken out, on whichever side of the name it stands"),
    ("GL6", "the null sender", G + "test_gl06_the_null_sender_waits_as_others_do",
     G + "test_identity_the_null_sender_is_the_name_it_greeted_with"),
    ("GL7", "files of exceptions", G + "test_gl07_exceptions_in_postgreys_syntax_are_read_again_when_they_change",
     G + "test_gl07_a_line_that_cannot_be_understood_is_told_with_its_place"),
    ("GL8", "X-Greylist, once", G + "test_gl08_a_message_that_had_to_wait_says_so_once"),
    ("GL9", "privacy", G + "test_gl09_with_privacy_the_database_holds_no_address",
     "unit: with a secret nothing of an address is stored, and other secrets differ"),
    ("GL10", "by host", G + "test_gl10_a_client_may_count_by_its_whole_address"),
    ("GL11", "a later refusal wins", G + "test_gl11_who_is_refused_for_another_reason_is_refused_for_that",
     "greylist_test.Policy.test_gl18_postfix_asks_and_does_as_it_is_told"),
    ("GL12", "mynetworks and logins do not wait", G + "test_gl12_networks_of_ours_and_who_has_logged_in_do_not_wait"),
    ("GL13", "cleaning up without blocking", G + "test_gl13_old_rows_go_while_mail_comes"),
    ("GL14", "source throttle", G + "test_gl14_a_network_with_many_that_wait_gets_no_more"),
    ("GL15", "traps", G + "test_gl15_who_writes_to_a_trap_is_put_off_for_long",
     "unit: a trap catches whoever writes to it, but known good clients"),
    ("GL16", "the greylist command", G + "test_gl16_the_owner_lists_shows_passes_forgets_and_counts"),
    ("GL17", "what postgrey had", G + "test_gl17_the_whitelists_that_come_with_postgrey_are_read_as_they_are"),
    ("GL18", "lent to other servers", "greylist_test.Policy.test_gl18_greylisting_is_lent_to_other_servers",
     "greylist_test.Policy.test_gl18_requests_that_make_no_sense_harm_nobody",
     "greylist_test.Policy.test_gl18_answers_are_those_of_postgrey", "greylist_test.Policy.test_gl18_postfix_asks_and_does_as_it_is_told",
     "postgrey_test.AsPostgrey.test_gl18_clients_of_postfix_hear_what_postgrey_says"),

    ("RB1", "pflogsumm's totals", "log_readers_test.Pflogsumm.test_rb1_totals_are_what_was_done",
     "logs_test.Pflogsumm.test_totals_agree_with_what_was_sent"),
    ("RB2", "fail2ban's filters, all modes", "log_readers_test.Fail2ban.test_rb2_its_postfix_filter_finds_who_did_what_in_every_mode",
     "log_readers_test.Fail2ban.test_rb2_ours_finds_what_gatepost_alone_tells",
     "log_readers_test.AsPostfix.test_rb2_the_same_clients_are_found_at_postfix"),
    ("RB6", "20 in 10 s, by port, without the LAN, IPv4 and IPv6", B + "Limits.test_rb6_the_20th_connection_within_10_seconds_is_one_too_many",
     B + "Limits.test_rb6_an_ipv6_client_is_its_network", B + "Limits.test_rb6_who_waits_comes_in_again",
     "tutorials_test.Burst.test_rb6_what_its_firewall_does",
     "unit: bursts are counted as the kernel counts them"),
    ("RB7", "findtime, threshold, growth, exceptions", B + "Offences.test_rb7_offences_within_the_find_time_lead_to_a_ban_that_grows",
     B + "Offences.test_rb7_a_banned_client_is_told_or_not", B + "Offences.test_rb7_thresholds_and_weights_can_be_set",
     B + "Offences.test_rb7_exceptions_are_never_banned", B + "Offences.test_rb7_failed_logins_and_too_many_errors_count",
     B + "Offences.test_rb7_mail_to_a_trap_is_enough", B + "Offences.test_rb7_what_screening_finds_counts_unless_it_is_ignored",
     B + "Offences.test_a_network_with_a_recent_good_login_is_never_banned"),
    ("RB8", "ban list, add, del, why", B + "Hands.test_rb8_networks_are_banned_and_let_in_by_hand",
     B + "Hands.test_rb8_why_tells_what_a_network_did"),
    ("RB9", "nft export", B + "Hands.test_rb9_bans_are_a_file_that_nft_reads"),
    ("RB10", "bans last over restarts, and end", B + "Hands.test_rb10_bans_outlive_a_restart_and_end_on_time",
     B + "Hands.test_rb10_a_killed_server_keeps_what_was_written"),

    ("SW1", "include, redirect, a, mx, ip4, ip6 with limits and loops", W + "Spf.test_sw1_walks_through_all_that_names_networks",
     "unit: loops end", "unit: depth, lookups and networks are bounded, and that is told"),
    ("SW2", "macros skipped and told", W + "Spf.test_sw2_what_depends_on_the_client_is_left_out_and_told"),
    ("SW3", "the last good set while questions fail", W + "Spf.test_sw3_what_was_good_stays_while_questions_fail"),
    ("SW4", "networks with host bits", W + "Spf.test_sw4_networks_with_host_bits"),
    ("SW5", "neighbours become one", W + "Spf.test_sw5_and_sw6_neighbours_are_one_line_of_a_cidr_table",
     "unit: two halves of one source are one network, and so on"),
    ("SW6", "the cidr file", W + "Spf.test_sw5_and_sw6_neighbours_are_one_line_of_a_cidr_table",
     "unit: the file is a cidr table and holds all that is known"),
    ("SW7", "hosts of one's own, and those not wanted", W + "Spf.test_sw7_domains_that_are_not_wanted",
     W + "Spf.test_sw7_the_file_of_unwanted_ones_is_a_denylist"),
    ("SW8", "refreshed by itself", W + "Spf.test_sw8_a_change_is_found_by_itself_and_on_demand",
     "unit: a new mailer is due at once, and then by its TTL within bounds"),
)


def e2e_tests():
    """file.Class.name of all, read and not run: the programs they need may not be here."""
    found = set()
    for path in HERE.glob("*_test.py"):
        where = ""
        for line in path.read_text().splitlines():
            if match := re.match(r"class (\w+)", line):
                where = match.group(1)
            elif match := re.match(r"    def (test_\w+)\(", line):
                found.add(f"{path.stem}.{where}.{match.group(1)}")
    return found


def unit_tests():
    found = set()
    for path in (HERE.parent / "unit").rglob("*.cpp"):
        for name in re.findall(r'TEST_CASE\(\s*((?:"(?:[^"\\]|\\.)*"\s*)+)', path.read_text()):
            found.add("unit: " + "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', name)))
    return found


def behaviours():
    return {"postscreen: " + row.name for row in postscreen_rows.ROWS}


def faults():
    there = e2e_tests() | unit_tests() | behaviours()
    proved = {row[0] for row in ROWS}
    out = [f"{row[0]}: no test is called {name!r}" for row in ROWS for name in row[2:] if name not in there]
    out += [f"{row[0]}: no test" for row in ROWS if len(row) < 3]
    out += [f"{goal}: no row" for goal in WANTED if goal not in proved | AWAITED]
    out += [f"{goal}: has a row, so it is not awaited" for goal in sorted(proved & AWAITED)]
    out += [f"{goal}: is no goal" for goal in sorted((proved | AWAITED) - set(WANTED))]
    if len(proved) < len(ROWS):
        out.append("a goal has two rows")
    return out


if __name__ == "__main__":
    wrong = faults()
    print("\n".join(wrong) or f"{len(ROWS)} goals, {len(AWAITED)} awaited")
    sys.exit(1 if wrong else 0)
