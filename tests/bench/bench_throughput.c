/* SPDX-License-Identifier: MIT */
/*
 * What a message costs when one thread sends and another receives as fast as
 * they can: ns per message, of which each is checked. A side that finds the
 * ring full or empty tries again at once.
 */
#include "harness.h"
#include "pair.h"
#include "peer_ck.h"
#include "shared/message_words.h"
#include "solo.h"

static unsigned messages; /* a sample */

static struct message_words nth(uint32_t n)
{
	return (struct message_words){ .head = message_head(ENGINE_PING, 0, n), .frame = 3 * n,
				       .a = 5 * n, .b = 7 * n + 1 };
}

static void check(struct message_words words, uint32_t n)
{
	struct message_words want = nth(n);

	if (words.head != want.head || words.frame != want.frame || words.a != want.a ||
	    words.b != want.b)
		bench_fail("message %u is another, or torn", n);
}

/* A command that the library has made of an id. */
static void check_ping(struct message_words words, uint32_t n)
{
	if (message_as_sent(words.head) != message_head(ENGINE_PING, 0, n) || words.frame ||
	    words.a || !words.b)
		bench_fail("ping %u is another, or torn", n);
}

static void init_rings(void)
{
	message_ring_init(&solo_get()->lane.in, 0);
	message_ring_init(&solo_get()->lane.out, 0);
}

/* ---- the bare ring */

static void push(void)
{
	struct message_ring *ring = &solo_get()->lane.out;

	for (uint32_t n = 0; n < messages; n++)
		while (!message_ring_push(ring, nth(n)))
			pair_relax();
}

static void pop(void)
{
	struct message_ring *ring = &solo_get()->lane.out;
	struct message_words words;

	for (uint32_t n = 0; n < messages; n++) {
		while (!message_ring_pop(ring, &words))
			pair_relax();
		check(words, n);
	}
}

/* ---- the public calls, with the ring at the other end */

static void send_pings(void)
{
	struct engine *engine = &solo_get()->engine;

	for (uint32_t n = 0; n < messages; n++)
		while (engine_send_ping(engine, n) < 0)
			pair_relax();
}

static void send_messages(void)
{
	struct engine *engine = &solo_get()->engine;

	for (uint32_t n = 0; n < messages; n++) {
		struct engine_message message = { .type = ENGINE_PING, .id = n,
						  .ping.time_ns = 1 };

		while (engine_send(engine, &message) < 0)
			pair_relax();
	}
}

static void pop_pings(void)
{
	struct message_ring *ring = &solo_get()->lane.in;
	struct message_words words;

	for (uint32_t n = 0; n < messages; n++) {
		while (!message_ring_pop(ring, &words))
			pair_relax();
		check_ping(words, n);
	}
}

static void receive_messages(void)
{
	struct engine *engine = &solo_get()->engine;
	struct engine_message message;

	for (uint32_t n = 0; n < messages; n++) {
		while (engine_try_recv(engine, &message) != 1)
			pair_relax();
		check(message_pack(&message), n);
	}
}

/* Both ends of one port in use at once; the audio thread's part is the receiver's too. */
static void answer_and_receive(void)
{
	struct solo *solo = solo_get();
	struct engine_message message;
	struct message_words words;

	for (uint32_t n = 0; n < messages; n++) {
		while (!message_ring_pop(&solo->lane.in, &words))
			pair_relax();
		check_ping(words, n);
		if (!message_ring_push(&solo->lane.out, nth(n)) ||
		    engine_try_recv(&solo->engine, &message) != 1)
			bench_fail("reply %u did not come through", n);
		check(message_pack(&message), n);
	}
}

/* ---- peers */

#ifdef HAVE_CK
static struct peer_ck peer_ck;

static void init_ck(void)
{
	peer_ck_init(&peer_ck);
}

static void push_ck(void)
{
	for (uint32_t n = 0; n < messages; n++)
		while (!peer_ck_push(&peer_ck, nth(n)))
			pair_relax();
}

static void pop_ck(void)
{
	struct message_words words;

	for (uint32_t n = 0; n < messages; n++) {
		while (!peer_ck_pop(&peer_ck, &words))
			pair_relax();
		check(words, n);
	}
}
#endif

static const struct pair_path paths[] = {
	{ "ring push to ring pop", init_rings, push, pop },
	{ "engine_send_ping to ring pop", init_rings, send_pings, pop_pings },
	{ "engine_send to ring pop", init_rings, send_messages, pop_pings },
	{ "engine_send to engine_try_recv", init_rings, send_messages, answer_and_receive },
	{ "ring push to engine_try_recv", init_rings, push, receive_messages },
#ifdef HAVE_CK
	{ "ck_ring", init_ck, push_ck, pop_ck },
#endif
};

#define PATHS (sizeof(paths) / sizeof(paths[0]))

/* The last row: the cache line that was bounced beside each of the others. */
static struct bench_row rows[PATHS + 1];

static void measure(struct bench_row *row)
{
	struct pair_sample sample = pair_run(row->arg);
	unsigned regime = sample.bounce_ns < PAIR_FAR_NS ? PAIR_NEAR : PAIR_FAR;

	bench_add(row, regime, sample.took_ns / messages);
	bench_add(&rows[PATHS], regime, sample.bounce_ns);
}

int main(void)
{
	struct bench_table table = {
		.name = "throughput", .title = "a message from thread to thread", .unit = "ns",
		.regimes = { [PAIR_NEAR] = "near", [PAIR_FAR] = "far" },
		.rows = rows, .count = PATHS + 1,
	};

	messages = bench_choose(200000, 50000);
	for (size_t i = 0; i < PATHS; i++)
		rows[i] = (struct bench_row){
			.name = paths[i].name, .measure = measure, .arg = &paths[i],
		};
	rows[PATHS].name = "a cache line, one way";
	bench_measure(&table, bench_choose(51, 5));
	bench_report(&table, "near: a cache line takes less than 150 ns");
	return 0;
}
