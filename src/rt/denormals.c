/* SPDX-License-Identifier: MIT */
/* Denormals; see denormals.h. Audio thread. */
#include "rt/denormals.h"

#if defined(__SSE__)
#include <xmmintrin.h>

int denormals_flush(void)
{
	/* MXCSR bit 15 flushes results, bit 6 takes denormal operands as zero
	 * (Intel SDM vol. 1, 10.2.3) */
	_mm_setcsr(_mm_getcsr() | 1u << 15 | 1u << 6);
	return 1;
}

#elif defined(__aarch64__)

int denormals_flush(void)
{
	unsigned long fpcr;

	/* FPCR.FZ, bit 24 (Arm ARM, C5.2) */
	__asm__ volatile("mrs %0, fpcr" : "=r"(fpcr));
	__asm__ volatile("msr fpcr, %0" : : "r"(fpcr | 1ul << 24));
	return 1;
}

#elif defined(__arm__) && defined(__ARM_FP)

int denormals_flush(void)
{
	unsigned int fpscr;

	/* FPSCR.FZ, bit 24 (Arm ARM, A2.5) */
	__asm__ volatile("vmrs %0, fpscr" : "=r"(fpscr));
	__asm__ volatile("vmsr fpscr, %0" : : "r"(fpscr | 1u << 24));
	return 1;
}

#else

int denormals_flush(void)
{
	return 0;
}

#endif
