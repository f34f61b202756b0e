#include "gateway/publish.h"

#include "base/metric.h"
#include "test/dir.h"

struct ring {
	struct journal journal;
	struct bells bells;
	struct publish p;
	struct buf out;
	struct journal_cursor at;
};

static struct ring ring_open(const char *name)
{
	struct ring r = {0};
	struct why why;
	struct journal_options options = {
		.dir = in_dir(name), .size = 65536, .max_event = 4096, .shards = 4, .now_ms = 1000};
	assert_int_equal(journal_open_write(&r.journal, &options, &why), 0);
	assert_int_equal(bells_open(&r.bells, options.dir, &why), 0);
	r.at = journal_head(&r.journal);
	return r;
}

static void ring_close(struct ring *r)
{
	buf_done(&r->out);
	bells_close(&r->bells);
	journal_close(&r->journal, true);
}

static const struct publish_from shard_2 = {.shard = 2, .session = 5, .received_us = 77};

static void put(struct ring *r, const char *text, const struct publish_from *from)
{
	struct envelope e;
	r->p = (struct publish){.journal = &r->journal, .bells = &r->bells, .max_event = 4096};
	assert_int_equal(envelope_read(&e, str_c(text)), 0);
	publish_event(&r->p, from, &e, e.d, 0);
}

static struct wire_header next(struct ring *r, struct str *payload)
{
	struct wire_header h;
	r->out.n = 0;
	assert_int_equal(journal_read(&r->journal, &r->at, &r->out, &h, payload), JOURNAL_RECORD);
	return h;
}

static void a_message_becomes_a_record_with_all_that_is_known(void **state)
{
	struct str payload;
	(void)state;
	struct ring r = ring_open("a");
	put(&r,
	    "{\"t\":\"MESSAGE_CREATE\",\"s\":9,\"op\":0,"
	    "\"d\":{\"id\":\"3\",\"channel_id\":\"7\",\"guild_id\":\"1\",\"content\":\"x\"}}",
	    &shard_2);
	struct wire_header h = next(&r, &payload);
	assert_int_equal(h.type, EVENT_MESSAGE_CREATE);
	assert_int_equal(h.flags, 0);
	assert_int_equal(h.shard, 2);
	assert_int_equal(h.session, 5);
	assert_int_equal(h.s, 9);
	assert_int_equal(h.guild_id, 1);
	assert_int_equal(h.received, 77);
	assert_str(h.topic, "MESSAGE_CREATE.1.7.");
	assert_str(payload,
		   "{\"id\":\"3\",\"channel_id\":\"7\",\"guild_id\":\"1\",\"content\":\"x\"}");
	assert_true(journal_slot(&r.journal, 2) == ((uint64_t)5 << 32 | 9));
	ring_close(&r);
}

static void a_guild_stands_in_d_id_of_its_own_events(void **state)
{
	struct str payload;
	(void)state;
	struct ring r = ring_open("b");
	put(&r, "{\"t\":\"GUILD_DELETE\",\"s\":1,\"op\":0,\"d\":{\"id\":\"41\"}}", &shard_2);
	struct wire_header h = next(&r, &payload);
	assert_str(h.topic, "GUILD_DELETE.41.0.");
	assert_int_equal(h.guild_id, 41);
	ring_close(&r);
}

static void an_event_nobody_knows_passes_under_its_name(void **state)
{
	struct str payload;
	(void)state;
	struct ring r = ring_open("c");
	put(&r, "{\"t\":\"BRAND_NEW\",\"s\":1,\"op\":0,\"d\":{\"guild_id\":\"4\"}}", &shard_2);
	struct wire_header h = next(&r, &payload);
	assert_int_equal(h.type, 0);
	assert_str(h.topic, "BRAND_NEW.4.0.");
	put(&r, "{\"t\":\"no name\",\"s\":2,\"op\":0,\"d\":{}}", &shard_2);
	h = next(&r, &payload);
	assert_str(h.topic, "UNKNOWN.0.0.");
	ring_close(&r);
}

static void what_discord_replays_is_flagged(void **state)
{
	struct publish_from from = shard_2;
	struct str payload;
	(void)state;
	struct ring r = ring_open("d");
	from.is_replayed = true;
	put(&r, "{\"t\":\"TYPING_START\",\"s\":1,\"op\":0,\"d\":{}}", &from);
	assert_int_equal(next(&r, &payload).flags, WIRE_DISCORD_REPLAYED);
	ring_close(&r);
}

static void what_is_too_large_is_announced_and_the_cursor_moves_on(void **state)
{
	struct buf text = {0};
	struct str payload;
	(void)state;
	struct ring r = ring_open("e");
	uint64_t before = metric_get(METRIC_gateway_too_large);
	buf_adds(&text, STR("{\"t\":\"MESSAGE_CREATE\",\"s\":8,\"op\":0,"
			    "\"d\":{\"guild_id\":\"1\",\"content\":\""));
	for (int i = 0; i < 5000; i++)
		buf_addc(&text, 'x');
	buf_addf(&text, "\"}}%c", 0);
	put(&r, text.p, &shard_2);
	struct wire_header h = next(&r, &payload);
	assert_int_equal(h.type, EVENT_TUTTI_TOO_LARGE);
	assert_int_equal(h.flags, WIRE_MADE_HERE);
	assert_int_equal(h.s, 8);
	assert_str(h.topic, "TUTTI_TOO_LARGE.1.0.");
	assert_str(payload, "{\"t\":\"MESSAGE_CREATE\",\"s\":8,\"bytes\":5029}");
	assert_true(journal_slot(&r.journal, 2) == ((uint64_t)5 << 32 | 8));
	assert_int_equal(metric_get(METRIC_gateway_too_large), before + 1);
	buf_done(&text);
	ring_close(&r);
}

static void what_was_skipped_is_announced_in_its_place(void **state)
{
	struct str payload;
	(void)state;
	struct ring r = ring_open("h");
	r.p = (struct publish){.journal = &r.journal, .bells = &r.bells, .max_event = 4096};
	uint64_t before = metric_get(METRIC_gateway_skipped);
	publish_skipped(&r.p, &shard_2, 9, STR("no \"JSON\"\x01"));
	struct wire_header h = next(&r, &payload);
	assert_int_equal(h.type, EVENT_TUTTI_SKIPPED);
	assert_int_equal(h.flags, WIRE_MADE_HERE);
	assert_int_equal(h.s, 9);
	assert_str(h.topic, "TUTTI_SKIPPED.0.0.");
	assert_str(payload, "{\"shard\":2,\"s\":9,\"why\":\"no \\\"JSON\\\"\\u0001\"}");
	assert_true(journal_slot(&r.journal, 2) == ((uint64_t)5 << 32 | 9));
	assert_int_equal(metric_get(METRIC_gateway_skipped), before + 1);
	ring_close(&r);
}

/* A kill between the record and the slot's store; the journal repairs it from its last record. */
static void a_kill_behind_an_announcement_does_not_repeat_it(void **state)
{
	(void)state;
	for (int is_large = 0; is_large <= 1; is_large++) {
		char name[] = {'k', (char)('0' + is_large), 0};
		struct ring r = ring_open(name);
		struct envelope e;
		struct publish p = {.journal = &r.journal, .bells = &r.bells, .max_event = 4096};
		assert_int_equal(envelope_read(&e, STR("{\"t\":\"X\",\"s\":8,\"op\":0,\"d\":{}}")),
				 0);
		if (is_large)
			publish_event(&p, &shard_2, &e, e.d, 5000);
		else
			publish_skipped(&p, &shard_2, 8, STR("x"));
		journal_slot_set(&r.journal, 2, (uint64_t)5 << 32 | 7);
		journal_close(&r.journal, false);
		ring_close(&r);
		r = ring_open(name);
		assert_false(r.journal.is_new);
		assert_true(journal_slot(&r.journal, 2) == ((uint64_t)5 << 32 | 8));
		ring_close(&r);
	}
}

static void a_lost_session_is_an_event(void **state)
{
	struct str payload;
	(void)state;
	struct ring r = ring_open("f");
	put(&r, "{\"t\":\"RESUMED\",\"s\":1,\"op\":0,\"d\":{}}", &shard_2);
	publish_session_lost(&r.p, &shard_2, "discord");
	(void)next(&r, &payload);
	struct wire_header h = next(&r, &payload);
	assert_str(h.topic, "TUTTI_SESSION_LOST.0.0.");
	assert_int_equal(h.flags, WIRE_MADE_HERE);
	assert_str(payload, "{\"shard\":2,\"session\":5,\"why\":\"discord\"}");
	ring_close(&r);
}

static void the_bell_rings_once_a_turn_and_only_for_a_sleeper(void **state)
{
	(void)state;
	struct ring r = ring_open("g");
	uint64_t before = metric_get(METRIC_gateway_bell_rings);
	put(&r, "{\"t\":\"RESUMED\",\"s\":1,\"op\":0,\"d\":{}}", &shard_2);
	publish_turn(&r.p); /* nobody sleeps */
	bell_sleep(&r.bells.of[BELL_BUS]);
	publish_turn(&r.p); /* nothing new */
	assert_int_equal(metric_get(METRIC_gateway_bell_rings), before);
	put(&r, "{\"t\":\"RESUMED\",\"s\":2,\"op\":0,\"d\":{}}", &shard_2);
	put(&r, "{\"t\":\"RESUMED\",\"s\":3,\"op\":0,\"d\":{}}", &shard_2);
	publish_turn(&r.p);
	publish_turn(&r.p);
	assert_int_equal(metric_get(METRIC_gateway_bell_rings), before + 1);
	ring_close(&r);
}

int main(void)
{
	return run_unit_in_dir(test(a_message_becomes_a_record_with_all_that_is_known),
			       test(a_guild_stands_in_d_id_of_its_own_events),
			       test(an_event_nobody_knows_passes_under_its_name),
			       test(what_discord_replays_is_flagged),
			       test(what_is_too_large_is_announced_and_the_cursor_moves_on),
			       test(what_was_skipped_is_announced_in_its_place),
			       test(a_kill_behind_an_announcement_does_not_repeat_it),
			       test(a_lost_session_is_an_event),
			       test(the_bell_rings_once_a_turn_and_only_for_a_sleeper));
}
