/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A program without a C library: the first instruction of a process, the
 * system call instruction, and the few functions that compilers call by
 * themselves. A new architecture needs one block here.
 */
#ifndef PTC_BOOT_ENTRY_H
#define PTC_BOOT_ENTRY_H

#include <asm/unistd.h>

typedef unsigned long word;

void begin(word *stack) __attribute__((noreturn, used));

#if defined(__x86_64__)

asm(".globl _start\n"
    "_start:\n"
    "	xor %ebp, %ebp\n"
    "	mov %rsp, %rdi\n"
    "	and $-16, %rsp\n"
    "	call begin\n");

static long enter(long nr, word a, word b, word c, word d, word e, word f)
{
	register word r10 asm("r10") = d;
	register word r8 asm("r8") = e;
	register word r9 asm("r9") = f;
	long result;

	asm volatile("syscall" : "=a" (result)
		     : "0" (nr), "D" (a), "S" (b), "d" (c), "r" (r10), "r" (r8), "r" (r9)
		     : "rcx", "r11", "memory");
	return result;
}

#elif defined(__aarch64__)

asm(".globl _start\n"
    "_start:\n"
    "	mov x0, sp\n"
    "	and sp, x0, #-16\n"
    "	bl begin\n");

static long enter(long nr, word a, word b, word c, word d, word e, word f)
{
	register long x8 asm("x8") = nr;
	register word x0 asm("x0") = a;
	register word x1 asm("x1") = b;
	register word x2 asm("x2") = c;
	register word x3 asm("x3") = d;
	register word x4 asm("x4") = e;
	register word x5 asm("x5") = f;

	asm volatile("svc #0" : "+r" (x0)
		     : "r" (x8), "r" (x1), "r" (x2), "r" (x3), "r" (x4), "r" (x5) : "memory");
	return x0;
}

#elif defined(__riscv)

asm(".globl _start\n"
    "_start:\n"
    "	.option push\n"
    "	.option norelax\n"
    "	lla gp, __global_pointer$\n"
    "	.option pop\n"
    "	mv a0, sp\n"
    "	andi sp, sp, -16\n"
    "	call begin\n");

static long enter(long nr, word a, word b, word c, word d, word e, word f)
{
	register long a7 asm("a7") = nr;
	register word a0 asm("a0") = a;
	register word a1 asm("a1") = b;
	register word a2 asm("a2") = c;
	register word a3 asm("a3") = d;
	register word a4 asm("a4") = e;
	register word a5 asm("a5") = f;

	asm volatile("ecall" : "+r" (a0)
		     : "r" (a7), "r" (a1), "r" (a2), "r" (a3), "r" (a4), "r" (a5) : "memory");
	return a0;
}

#elif defined(__powerpc64__)

asm(".globl _start\n"
    ".type _start, @function\n"
    "_start:\n"
    "	addis 2, 12, .TOC.-_start@ha\n"
    "	addi 2, 2, .TOC.-_start@l\n"
    "	.localentry _start, .-_start\n"
    "	mr 3, 1\n"
    "	clrrdi 1, 1, 4\n"
    "	li 0, 0\n"
    "	stdu 0, -128(1)\n"
    "	bl begin\n");

static long enter(long nr, word a, word b, word c, word d, word e, word f)
{
	register long r0 asm("r0") = nr;
	register word r3 asm("r3") = a;
	register word r4 asm("r4") = b;
	register word r5 asm("r5") = c;
	register word r6 asm("r6") = d;
	register word r7 asm("r7") = e;
	register word r8 asm("r8") = f;

	/* an error is a positive number and a bit of the condition register */
	asm volatile("sc\n"
		     "	bns+ 1f\n"
		     "	neg 3, 3\n"
		     "1:"
		     : "+r" (r0), "+r" (r3), "+r" (r4), "+r" (r5), "+r" (r6), "+r" (r7), "+r" (r8)
		     : : "r9", "r10", "r11", "r12", "ctr", "cr0", "memory");
	return r3;
}

#elif defined(__s390x__)

asm(".globl _start\n"
    "_start:\n"
    "	lgr %r2, %r15\n"
    "	aghi %r15, -160\n"
    "	xc 0(8,%r15), 0(%r15)\n"
    "	jg begin\n");

static long enter(long nr, word a, word b, word c, word d, word e, word f)
{
	register long r1 asm("r1") = nr;
	register word r2 asm("r2") = a;
	register word r3 asm("r3") = b;
	register word r4 asm("r4") = c;
	register word r5 asm("r5") = d;
	register word r6 asm("r6") = e;
	register word r7 asm("r7") = f;

	asm volatile("svc 0" : "+d" (r2)
		     : "d" (r1), "d" (r3), "d" (r4), "d" (r5), "d" (r6), "d" (r7) : "memory");
	return r2;
}

#else
#error "this architecture has no block in entry.h"
#endif

void *memset(void *to, int value, word size)
{
	volatile unsigned char *p = to;

	while (size--)
		*p++ = value;
	return to;
}

void *memcpy(void *to, const void *from, word size)
{
	volatile unsigned char *p = to;
	const unsigned char *q = from;

	while (size--)
		*p++ = *q++;
	return to;
}

#define ENTER(nr, a, b, c, d, e, f, ...) \
	enter(nr, (word)(a), (word)(b), (word)(c), (word)(d), (word)(e), (word)(f))
#define call(name, ...) ENTER(__NR_##name, ##__VA_ARGS__, 0, 0, 0, 0, 0, 0)

static long map_pages(word address, word size, int prot, int flags, int fd, word offset)
{
#ifdef __s390x__	/* takes its arguments from memory */
	word arguments[6] = { address, size, prot, flags, fd, offset };

	return call(mmap, arguments);
#else
	return call(mmap, address, size, prot, flags, fd, offset);
#endif
}

static long split_process(void)
{
#ifdef __s390x__	/* the stack comes first */
	return call(clone, 0, 17);
#else
	return call(clone, 17 /* SIGCHLD */, 0);
#endif
}

#endif
