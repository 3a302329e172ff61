/* SPDX-License-Identifier: MIT */
/* The burst; see burst.h. */
#include "burst.h"

#include <string.h>

#include "control/guard.h"
#include "harness.h"
#include "peer_ck.h"
#include "shared/message_words.h"

/*
 * Messages as a program makes them: in registers for the ring, field by field
 * just before the call for the library. The n-th command has the id n.
 */
#define FIRST ((uint64_t)ENGINE_PING)
#define NEXT ((uint64_t)1 << 32)
#define END (FIRST + BURST * NEXT)

static struct message_words reply(uint32_t n)
{
	return (struct message_words){ .head = message_head(ENGINE_PONG, 0, n),
				       .frame = 3 * n, .a = 5 * n, .b = 7 * n };
}

/* What a run took: the heads added up, and every word read. */
static uint64_t taken;

static void use(uint64_t *sum, struct message_words words)
{
	*sum += words.head;
	__asm__ volatile("" : : "r"(words.frame), "r"(words.a), "r"(words.b));
}

static void use_message(uint64_t *sum, const struct engine_message *message)
{
	struct message_words words;

	memcpy(&words, message, sizeof(words));
	use(sum, words);
}

/* ---- pushing */

static unsigned run_push(struct solo *solo, const struct calls *calls)
{
	struct message_words words = { .head = FIRST, .b = 1 };

	(void)calls;
	while (words.head != END && message_ring_push(&solo->lane.in, words))
		words.head += NEXT;
	return message_id(words.head);
}

/* The least that a public call can cost: the ring, and one thread at a time. */
static unsigned run_guarded_push(struct solo *solo, const struct calls *calls)
{
	struct message_words words = { .head = FIRST, .b = 1 };
	bool pushed;

	(void)calls;
	while (words.head != END && guard_take(&solo->engine.own.sending)) {
		pushed = message_ring_push(&solo->lane.in, words);
		guard_give(&solo->engine.own.sending);
		if (!pushed)
			break;
		words.head += NEXT;
	}
	return message_id(words.head);
}

static unsigned run_send_ping(struct solo *solo, const struct calls *calls)
{
	unsigned n = 0;

	while (n < BURST && calls->send_ping(&solo->engine, n) == 0)
		n++;
	return n;
}

static unsigned run_send(struct solo *solo, const struct calls *calls)
{
	unsigned n;

	for (n = 0; n < BURST; n++) {
		struct engine_message message = { .type = ENGINE_PING, .id = n };

		if (calls->send(&solo->engine, &message) < 0)
			break;
	}
	return n;
}

static unsigned run_send_stamped(struct solo *solo, const struct calls *calls)
{
	unsigned n;

	for (n = 0; n < BURST; n++) {
		struct engine_message message = { .type = ENGINE_PING, .id = n,
						  .ping.time_ns = 1 };

		if (calls->send(&solo->engine, &message) < 0)
			break;
	}
	return n;
}

static unsigned run_send_batch(struct solo *solo, const struct calls *calls)
{
	struct engine_message messages[BURST_BATCH] = { 0 };
	unsigned n;

	for (n = 0; n < BURST; n += BURST_BATCH) {
		for (unsigned i = 0; i < BURST_BATCH; i++) {
			messages[i].type = ENGINE_PING;
			messages[i].id = n + i;
		}
		if (calls->send_batch(&solo->engine, messages, BURST_BATCH) < 0)
			break;
	}
	return n;
}

/* ---- popping */

static unsigned run_pop(struct solo *solo, const struct calls *calls)
{
	struct message_words words;
	uint64_t sum = 0;
	unsigned n;

	(void)calls;
	for (n = 0; n < BURST && message_ring_pop(&solo->lane.out, &words); n++)
		use(&sum, words);
	taken = sum;
	return n;
}

static unsigned run_guarded_pop(struct solo *solo, const struct calls *calls)
{
	struct message_words words;
	uint64_t sum = 0;
	unsigned n;
	bool popped;

	(void)calls;
	for (n = 0; n < BURST && guard_take(&solo->engine.own.receiving); n++) {
		popped = message_ring_pop(&solo->lane.out, &words);
		guard_give(&solo->engine.own.receiving);
		if (!popped)
			break;
		use(&sum, words);
	}
	taken = sum;
	return n;
}

static unsigned run_try_recv(struct solo *solo, const struct calls *calls)
{
	struct engine_message message;
	uint64_t sum = 0;
	unsigned n;

	for (n = 0; n < BURST && calls->try_recv(&solo->engine, &message) == 1; n++)
		use_message(&sum, &message);
	taken = sum;
	return n;
}

static unsigned run_try_recv_batch(struct solo *solo, const struct calls *calls)
{
	struct engine_message messages[BURST_BATCH];
	uint64_t sum = 0;
	unsigned n = 0;
	int count;

	while (n < BURST) {
		count = calls->try_recv_batch(&solo->engine, messages, BURST_BATCH);
		if (count <= 0)
			break;
		for (int i = 0; i < count; i++)
			use_message(&sum, &messages[i]);
		n += (unsigned)count;
	}
	taken = sum;
	return n;
}

/* ---- beside them */

/* What the loops cost that surround all this. */
static unsigned run_nothing(struct solo *solo, const struct calls *calls)
{
	struct message_words words = { .head = FIRST, .b = 1 };

	(void)solo;
	(void)calls;
	for (; words.head != END; words.head += NEXT)
		__asm__ volatile("" : : "r"(words.head));
	return message_id(words.head);
}

/* The time stamp that a ping carries. */
static unsigned run_clock(struct solo *solo, const struct calls *calls)
{
	unsigned n = 0;

	(void)solo;
	(void)calls;
	while (n < BURST && bench_now_ns() != 0)
		n++;
	return n;
}

#ifdef HAVE_CK
static struct peer_ck peer_ck;

static unsigned run_ck_push(struct solo *solo, const struct calls *calls)
{
	struct message_words words = { .head = FIRST, .b = 1 };

	(void)solo;
	(void)calls;
	while (words.head != END && peer_ck_push(&peer_ck, words))
		words.head += NEXT;
	return message_id(words.head);
}

static unsigned run_ck_pop(struct solo *solo, const struct calls *calls)
{
	struct message_words words;
	uint64_t sum = 0;
	unsigned n;

	(void)solo;
	(void)calls;
	for (n = 0; n < BURST && peer_ck_pop(&peer_ck, &words); n++)
		use(&sum, words);
	taken = sum;
	return n;
}
#endif

/* ---- the other end */

static bool take_in(struct message_words *words)
{
	return message_ring_pop(&solo_get()->lane.in, words);
}

static bool put_out(struct message_words words)
{
	return message_ring_push(&solo_get()->lane.out, words);
}

#ifdef HAVE_CK
static bool take_ck(struct message_words *words)
{
	return peer_ck_pop(&peer_ck, words);
}

static bool put_ck(struct message_words words)
{
	return peer_ck_push(&peer_ck, words);
}
#endif

/* The bare ring first: the others are compared with it. */
const struct burst bursts[] = {
	{ "ring push", BURST_PUSH, false, run_push, .take = take_in },
	{ "ring push, guarded", BURST_PUSH, false, run_guarded_push, .take = take_in },
	{ "engine_send_ping", BURST_PUSH, false, run_send_ping, .take = take_in },
	{ "engine_send", BURST_PUSH, false, run_send, .take = take_in },
	{ "engine_send, with a time", BURST_PUSH, false, run_send_stamped, .take = take_in },
	{ "engine_send_batch of 64", BURST_PUSH, false, run_send_batch, .take = take_in },
	{ "engine_send_ping, libpeal.so", BURST_PUSH, true, run_send_ping, .take = take_in },
	{ "engine_send, libpeal.so", BURST_PUSH, true, run_send, .take = take_in },
	{ "the loop by itself", BURST_PUSH, false, run_nothing, .take = NULL },
	{ "clock_gettime", BURST_PUSH, false, run_clock, .take = NULL },
#ifdef HAVE_CK
	{ "ck_ring push", BURST_PUSH, false, run_ck_push, .take = take_ck },
#endif
	{ "ring pop", BURST_POP, false, run_pop, .put = put_out },
	{ "ring pop, guarded", BURST_POP, false, run_guarded_pop, .put = put_out },
	{ "engine_try_recv", BURST_POP, false, run_try_recv, .put = put_out },
	{ "engine_try_recv_batch of 64", BURST_POP, false, run_try_recv_batch, .put = put_out },
	{ "engine_try_recv, libpeal.so", BURST_POP, true, run_try_recv, .put = put_out },
#ifdef HAVE_CK
	{ "ck_ring pop", BURST_POP, false, run_ck_pop, .put = put_ck },
#endif
};

const size_t burst_count = sizeof(bursts) / sizeof(bursts[0]);
_Static_assert(sizeof(bursts) / sizeof(bursts[0]) <= BURST_ROWS, "room for all of them");

bool burst_possible(const struct burst *burst)
{
	return !burst->shared || calls_shared();
}

void burst_prepare(const struct burst *burst)
{
#ifdef HAVE_CK
	static bool ready;

	if (!ready)
		peer_ck_init(&peer_ck);
	ready = true;
#endif
	for (uint32_t n = 0; burst->put && n < BURST; n++)
		if (!burst->put(reply(n)))
			bench_fail("%s: no room for message %u", burst->name, n);
}

unsigned burst_run(const struct burst *burst)
{
	return burst->run(solo_get(), burst->shared ? calls_shared() : &calls_static);
}

static void verify_pushed(const struct burst *burst)
{
	struct message_words words;

	for (uint32_t n = 0; n < BURST; n++)
		if (!burst->take(&words) || message_as_sent(words.head) != message_head(ENGINE_PING, 0, n) ||
		    words.frame != 0 || words.a != 0 || words.b == 0)
			bench_fail("%s: message %u is lost or another", burst->name, n);
	if (burst->take(&words))
		bench_fail("%s: more messages than were sent", burst->name);
}

static void verify_popped(const struct burst *burst)
{
	uint64_t sum = 0;

	for (uint32_t n = 0; n < BURST; n++)
		sum += reply(n).head;
	if (sum != taken)
		bench_fail("%s: the messages are not those that were sent", burst->name);
}

void burst_verify(const struct burst *burst, unsigned went)
{
	if (went != BURST)
		bench_fail("%s: message %u was refused", burst->name, went);
	if (burst->take)
		verify_pushed(burst);
	if (burst->put)
		verify_popped(burst);
}
