/* SPDX-License-Identifier: MIT */
/*
 * The pair: two threads on two processors, with a message path between them.
 * How fast that can be depends on where the host has put the processors, and
 * it moves them; so a cache line is bounced between the same two threads just
 * before and just after each run, and the sample goes by that.
 */
#ifndef PEAL_BENCH_PAIR_H
#define PEAL_BENCH_PAIR_H

/* A line that takes longer from one core to the other comes from far away. */
#define PAIR_FAR_NS 150

enum pair_regime { PAIR_NEAR, PAIR_FAR };

/* One path: two functions that run at once. Any of them may stop the program. */
struct pair_path {
	const char *name;
	void (*prepare)(void);
	void (*send)(void);    /* on the calling thread */
	void (*receive)(void); /* on the other */
};

struct pair_sample {
	double took_ns;   /* from the start until both are done */
	double bounce_ns; /* a cache line, one way: the faster of the two times */
};

/* Skips the program when it has not two processors. */
struct pair_sample pair_run(const struct pair_path *path);

/* In a loop that waits for the other thread. */
static inline void pair_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
	__asm__ volatile("yield" : : : "memory");
#endif
}

#endif
