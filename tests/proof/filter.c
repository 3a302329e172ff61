/* SPDX-License-Identifier: MIT */
/* The filter; see filter.h. */
#include "filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

static void (*tell)(int number, const long *arguments);
static bool clock_is_a_call;

/* The one instruction from which the filter lets everything pass; the program
 * counter that it sees is that of the next one. */
extern const char filter_passed[];
long filter_gate(long number, const long *arguments);

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
__asm__(".text\n"
	".type filter_gate, @function\n"
	"filter_gate:\n"
	"	.cfi_startproc\n"
	"	mov %rdi, %rax\n"
	"	mov %rsi, %r11\n"
	"	mov 0(%r11), %rdi\n"
	"	mov 8(%r11), %rsi\n"
	"	mov 16(%r11), %rdx\n"
	"	mov 24(%r11), %r10\n"
	"	mov 32(%r11), %r8\n"
	"	mov 40(%r11), %r9\n"
	"	syscall\n"
	"filter_passed:\n"
	"	ret\n"
	"	.cfi_endproc\n"
	".size filter_gate, . - filter_gate\n");

static void registers(ucontext_t *context, long *arguments)
{
	static const int order[] = { REG_RDI, REG_RSI, REG_RDX, REG_R10, REG_R8, REG_R9 };

	for (size_t i = 0; i < 6; i++)
		arguments[i] = context->uc_mcontext.gregs[order[i]];
}

static void answer(ucontext_t *context, long result)
{
	context->uc_mcontext.gregs[REG_RAX] = result;
}
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
__asm__(".text\n"
	".type filter_gate, %function\n"
	"filter_gate:\n"
	"	.cfi_startproc\n"
	"	mov x8, x0\n"
	"	mov x9, x1\n"
	"	ldp x0, x1, [x9]\n"
	"	ldp x2, x3, [x9, #16]\n"
	"	ldp x4, x5, [x9, #32]\n"
	"	svc #0\n"
	"filter_passed:\n"
	"	ret\n"
	"	.cfi_endproc\n"
	".size filter_gate, . - filter_gate\n");

static void registers(ucontext_t *context, long *arguments)
{
	for (size_t i = 0; i < 6; i++)
		arguments[i] = (long)context->uc_mcontext.regs[i];
}

static void answer(ucontext_t *context, long result)
{
	context->uc_mcontext.regs[0] = (unsigned long)result;
}
#else
#define ARCH 0
const char filter_passed[1];

long filter_gate(long number, const long *arguments)
{
	(void)number, (void)arguments;
	return -ENOSYS;
}

static void registers(ucontext_t *context, long *arguments)
{
	(void)context, (void)arguments;
}

static void answer(ucontext_t *context, long result)
{
	(void)context, (void)result;
}
#endif

long filter_pass(long number, const long *arguments)
{
	return filter_gate(number, arguments);
}

/* A call that changes the signal mask changes it until the handler returns, and
 * no longer: so SIGSYS stays unblocked while the thread ends. */
static void handle(int signal, siginfo_t *info, void *context)
{
	int number = info->si_syscall, error = errno;
	long arguments[6];

	(void)signal;
	registers(context, arguments);
	tell(number, arguments);
	answer(context, filter_gate(number, arguments));
	errno = error;
}

/* ---- the program; 64-bit arguments are compared by halves, the lower first */

#define FIELD(name) ((uint32_t)offsetof(struct seccomp_data, name))
#define ARGUMENT(n, half) (FIELD(args) + 8 * (n) + 4 * (half))
#define LOAD(offset) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset)
#define SKIP_UNLESS(value, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skip)
#define RETURN(what) BPF_STMT(BPF_RET | BPF_K, what)
#define ALLOW(number) SKIP_UNLESS(number, 1), RETURN(SECCOMP_RET_ALLOW)
/* eventfds and timerfds, whose every transfer is 8 bytes */
#define ALLOW_8_BYTES(number)                                                                      \
	SKIP_UNLESS(number, 6), LOAD(ARGUMENT(2, 0)), SKIP_UNLESS(8, 3), LOAD(ARGUMENT(2, 1)),      \
		SKIP_UNLESS(0, 1), RETURN(SECCOMP_RET_ALLOW), RETURN(SECCOMP_RET_TRAP)

static bool install(struct sock_filter *filter, size_t count)
{
	struct sock_fprog program = { .len = (unsigned short)count, .filter = filter };

	return ARCH && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

bool filter_enter(void)
{
	uint64_t passed = (uintptr_t)filter_passed;
	struct sock_filter filter[] = {
		LOAD(FIELD(arch)), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0),
		RETURN(SECCOMP_RET_TRAP),
		LOAD(FIELD(instruction_pointer)), SKIP_UNLESS((uint32_t)passed, 3),
		LOAD(FIELD(instruction_pointer) + 4),
		SKIP_UNLESS((uint32_t)(passed >> 32), 1), RETURN(SECCOMP_RET_ALLOW),
		LOAD(FIELD(nr)),
		ALLOW(SYS_ppoll),
		ALLOW(SYS_timerfd_settime),
		ALLOW(SYS_rt_sigreturn),
		ALLOW(SYS_exit),
		ALLOW(clock_is_a_call ? SYS_clock_gettime : SYS_exit),
		ALLOW_8_BYTES(SYS_read),
		ALLOW_8_BYTES(SYS_write),
		SKIP_UNLESS(SYS_ioctl, 4), LOAD(ARGUMENT(1, 0)),
		/* the type of the request is its second byte: a PCM's is 'A' */
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xff00), SKIP_UNLESS('A' << 8, 1),
		RETURN(SECCOMP_RET_ALLOW),
		RETURN(SECCOMP_RET_TRAP),
	};

	return install(filter, sizeof(filter) / sizeof(filter[0]));
}

/* Usually the kernel's page of code answers, without a call: found out where
 * the call would fail. */
static bool find_clock_is_a_call(void)
{
	struct sock_filter filter[] = {
		LOAD(FIELD(nr)), ALLOW(SYS_exit_group),
		RETURN(SECCOMP_RET_ERRNO | EPERM),
	};
	struct timespec now;
	int status;
	pid_t child = fork();

	if (child == 0) {
		if (!install(filter, sizeof(filter) / sizeof(filter[0])))
			_exit(0);
		_exit(clock_gettime(CLOCK_MONOTONIC, &now) != 0);
	}
	return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 1;
}

void filter_init(void (*trapped)(int number, const long *arguments))
{
	struct sigaction action = { .sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_NODEFER };

	tell = trapped;
	clock_is_a_call = find_clock_is_a_call();
	sigaction(SIGSYS, &action, NULL);
}
