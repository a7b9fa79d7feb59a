// SPDX-License-Identifier: GPL-2.0-only
/*
 * The only process of a kernel that is tried out: makes the kernel change user
 * page tables in every way that it has, then says so and ends the machine.
 * Written for ptcheck; the lines it prints are read by analyzer/boot/verdict.py.
 *
 * Each scene prints "SCENE name" before it starts, so that the place where a
 * kernel stopped is known even if nothing else is, and its outcome afterwards:
 * 1 as expected, 0 wrong data came back, -1 this kernel does not offer it.
 */
#include <linux/mman.h>
#include <linux/fcntl.h>
#include <linux/ioctl.h>
#include <linux/userfaultfd.h>
#include "entry.h"

#define KIB 1024UL
#define MIB (1024 * KIB)
#define RW (PROT_READ | PROT_WRITE)
#define AT_FDCWD_ (-100)

/* newer than the headers of some compilers */
#define ADVICE_COLD 20
#define ADVICE_PAGEOUT 21
#define ADVICE_POPULATE_READ 22
#define ADVICE_POPULATE_WRITE 23
#define ADVICE_COLLAPSE 25
#define PUNCH_HOLE 3	/* and keep the size */

static word page, huge;
static int wrong;

/* -- text in and out */

static word length(const char *s)
{
	word n = 0;

	while (s[n])
		n++;
	return n;
}

static int starts(const char *s, const char *with)
{
	while (*with)
		if (*s++ != *with++)
			return 0;
	return 1;
}

static void say(const char *s)
{
	call(write, 1, s, length(s));
}

static void say_number(word n)
{
	char text[24], *p = text + sizeof(text) - 1;

	*p = 0;
	do
		*--p = '0' + n % 10;
	while (n /= 10);
	say(p);
}

static void remark(const char *what, word n)
{
	say("NOTE ");
	say(what);
	say(" ");
	say_number(n);
	say("\n");
}

static int open_file(const char *path, int flags)
{
	return call(openat, AT_FDCWD_, path, flags, 0600);
}

static int tell(const char *path, const char *text)
{
	int fd = open_file(path, O_WRONLY);
	long done;

	if (fd < 0)
		return 0;
	done = call(write, fd, text, length(text));
	call(close, fd);
	return done > 0;
}

/* the first number behind `key` in a file of /proc or /sys */
static word ask(const char *path, const char *key)
{
	static char text[16 * 1024];
	word size = 0, value = 0;
	long got;
	char *p;
	int fd = open_file(path, O_RDONLY);

	if (fd < 0)
		return 0;
	while ((got = call(read, fd, text + size, sizeof(text) - 1 - size)) > 0)
		size += got;
	call(close, fd);
	text[size] = 0;
	for (p = text; *p && !starts(p, key); p++)
		;
	if (!*p)
		return 0;
	for (p += length(key); *p && (*p < '0' || *p > '9'); p++)
		;
	while (*p >= '0' && *p <= '9')
		value = 10 * value + (*p++ - '0');
	return value;
}

/* -- memory */

static char *map(word size, int prot, int flags, int fd)
{
	long p = map_pages(0, size, prot, flags | (fd < 0 ? MAP_ANONYMOUS : 0), fd, 0);

	return p < 0 && p > -4096 ? 0 : (char *)p;
}

/* at an address where a huge page fits */
static char *map_aligned(word size, int flags, int fd)
{
	char *room = map(size + huge, PROT_NONE, MAP_PRIVATE, -1);
	word p = ((word)room + huge - 1) & ~(huge - 1);

	call(munmap, room, size + huge);
	flags |= MAP_FIXED | (fd < 0 ? MAP_ANONYMOUS : 0);
	return (long)map_pages(p, size, RW, flags, fd, 0) == (long)p ? (char *)p : 0;
}

static char *map_small(word pages)
{
	char *p = map(pages * page, RW, MAP_PRIVATE, -1);

	if (p)
		call(madvise, p, pages * page, MADV_NOHUGEPAGE);
	return p;
}

static void put(char *p, word size, int value)
{
	for (word at = 0; at < size; at += page)
		*(volatile char *)(p + at) = value;
}

static int holds(char *p, word size, int value)
{
	for (word at = 0; at < size; at += page)
		if (*(volatile char *)(p + at) != (char)value)
			return 0;
	return 1;
}

static int wait_for(long child)
{
	int status = -1;

	call(wait4, child, &status, 0, 0);
	return child > 0 && status == 0;
}

/* a child finds the same memory, and may write to it */
static int in_child(char *p, word size, int value, int writes)
{
	long child = split_process();

	if (!child) {
		int same = holds(p, size, value);

		if (writes)
			put(p, size, value + 1);
		call(exit_group, same ? 0 : 1);
	}
	return wait_for(child);
}

static int file_of(const char *path, word size)
{
	int fd = open_file(path, O_RDWR | O_CREAT);

	if (fd >= 0)
		call(ftruncate, fd, size);
	return fd;
}

/* -- scenes */

static int anonymous(void)
{
	word size = 48 * page;
	char *p = map_small(48);
	int ok = holds(p, size, 0);	/* the zero page, replaced when written to */

	put(p, size, 1);
	ok &= in_child(p, size, 1, 0);
	ok &= in_child(p, size, 1, 1);
	put(p, size, 2);
	ok &= in_child(p, size, 2, 1);
	put(p, size / 2, 3);
	ok &= holds(p, size / 2, 3) && holds(p + size / 2, size / 2, 2);
	call(munmap, p + 3 * page, 7 * page);
	call(munmap, p, size);
	return ok;
}

static int protection(void)
{
	word size = 32 * page;
	char *p = map_small(32);
	int ok;

	put(p, size, 1);
	call(mprotect, p, size, PROT_READ);
	ok = holds(p, size, 1);
	call(mprotect, p + 4 * page, 9 * page, PROT_NONE);
	ok &= in_child(p, 4 * page, 1, 0);
	call(mprotect, p, size, RW);
	put(p, size, 2);
	call(mprotect, p, size, PROT_NONE);
	call(madvise, p, 2 * page, MADV_DONTNEED);
	call(mprotect, p, size, RW | PROT_EXEC);
	ok &= holds(p, 2 * page, 0) && holds(p + 2 * page, size - 2 * page, 2);
	call(mprotect, p, size, PROT_EXEC);
	call(mprotect, p, size, RW);
	put(p, size, 3);
	ok &= holds(p, size, 3);
	call(munmap, p, size);
	return ok;
}

static int advice(void)
{
	word size = 64 * page;
	char *p = map_small(64);
	int ok;

	call(madvise, p, size, ADVICE_POPULATE_READ);
	call(madvise, p, size, ADVICE_POPULATE_WRITE);
	put(p, size, 4);
	call(madvise, p, 16 * page, MADV_DONTNEED);
	call(madvise, p + 16 * page, 16 * page, MADV_FREE);
	call(madvise, p + 32 * page, 16 * page, ADVICE_COLD);
	ok = holds(p, 16 * page, 0) && holds(p + 32 * page, 32 * page, 4);
	put(p, size, 5);
	call(mlock, p, 8 * page);
	ok &= holds(p, size, 5);
	call(munlock, p, 8 * page);
	call(munmap, p, size);
	return ok;
}

static int moving(void)
{
	word size = 16 * page;
	char *p = map_small(16);
	char *q = map(4 * size, PROT_NONE, MAP_PRIVATE, -1);
	int ok;

	put(p, size, 6);
	p = (char *)call(mremap, p, size, 2 * size, MREMAP_MAYMOVE | MREMAP_FIXED, q);
	ok = p == q && holds(p, size, 6);
	put(p, 2 * size, 7);
	p = (char *)call(mremap, p, 2 * size, size, 0);
	ok &= holds(p, size, 7) && in_child(p, size, 7, 1);
	call(munmap, q, 4 * size);
	return ok;
}

static int files(void)
{
	word size = 64 * page;
	int fd = file_of("/tmp/file", size), ok;
	char *shared = map(size, RW, MAP_SHARED, fd);
	char *own = map(size, RW, MAP_PRIVATE, fd);

	put(shared, size, 1);
	ok = holds(own, size, 1);		/* several around each fault */
	put(own, size / 2, 2);			/* a page of the file becomes one of ours */
	ok &= in_child(shared, size, 1, 1) && holds(shared, size, 2);
	ok &= in_child(own, size / 2, 2, 1) && holds(own + size / 2, size / 2, 2);
	call(msync, shared, size, MS_SYNC);
	call(mprotect, shared, size / 2, PROT_READ);
	call(fallocate, fd, PUNCH_HOLE, 4 * page, 4 * page);
	ok &= holds(shared + 4 * page, 4 * page, 0) && holds(own, size / 2, 2);
	call(ftruncate, fd, size / 4);		/* under both mappings */
	ok &= holds(shared, 4 * page, 2);
	call(munmap, shared, size);
	call(munmap, own, size);
	call(close, fd);
	call(unlinkat, AT_FDCWD_, "/tmp/file", 0);
	return ok;
}

static int programs(void)
{
	long child = split_process();

	if (!child) {
		const char *arguments[] = { "/init", 0 }, *environment[] = { 0 };

		call(execve, "/init", arguments, environment);
		call(exit_group, 1);
	}
	return wait_for(child);
}

static int huge_anonymous(void)
{
	word size = 4 * huge;
	char *p = map_aligned(size, MAP_PRIVATE, -1), *q;
	int ok;

	if (!p)
		return -1;
	call(madvise, p, size, MADV_HUGEPAGE);
	ok = holds(p, huge, 0);			/* the huge zero page */
	call(madvise, p, huge, MADV_DONTNEED);
	put(p, size, 1);
	remark("kB in huge pages", ask("/proc/self/smaps_rollup", "AnonHugePages:"));
	ok &= in_child(p, size, 1, 0);
	ok &= in_child(p, size, 1, 1);		/* copied in small pieces */
	call(mprotect, p, size, PROT_READ);
	call(mprotect, p + huge, huge, PROT_NONE);
	call(mprotect, p, size, RW);
	put(p, size, 2);
	q = map_aligned(2 * huge, MAP_PRIVATE, -1);
	call(munmap, q, huge);
	q = (char *)call(mremap, p, huge, huge, MREMAP_MAYMOVE | MREMAP_FIXED, q);
	ok &= holds(q, huge, 2);		/* moved as a whole */
	call(munmap, q + 3 * page, 5 * page);	/* each of these splits one */
	call(mprotect, p + huge + page, page, PROT_READ);
	call(madvise, p + 2 * huge, page, MADV_DONTNEED);
	call(madvise, p + 3 * huge, huge, MADV_FREE);
	put(p + 3 * huge, huge, 7);
	call(madvise, p + 3 * huge, huge, MADV_DONTNEED);
	ok &= holds(p + 3 * huge, huge, 0);
	call(munmap, q, 2 * huge);
	call(munmap, p, size);
	return ok;
}

static int collapse(void)
{
	char *p = map_aligned(2 * huge, MAP_PRIVATE, -1);
	int ok;

	if (!p)
		return -1;
	call(madvise, p, 2 * huge, MADV_NOHUGEPAGE);
	put(p, 2 * huge, 3);
	call(madvise, p, 2 * huge, MADV_HUGEPAGE);
	remark("collapse refused", call(madvise, p, 2 * huge, ADVICE_COLLAPSE) != 0);
	ok = holds(p, 2 * huge, 3) && in_child(p, 2 * huge, 3, 1);
	put(p, 2 * huge, 4);
	call(munmap, p, 2 * huge);
	return ok;
}

static int huge_files(void)
{
	int fd = file_of("/huge/file", 2 * huge), ok;
	char *shared = map_aligned(2 * huge, MAP_SHARED, fd);
	char *own = map_aligned(2 * huge, MAP_PRIVATE, fd);

	if (fd < 0 || !shared || !own)
		return -1;
	put(shared, 2 * huge, 4);
	ok = holds(own, 2 * huge, 4);
	remark("kB of files in huge pages", ask("/proc/meminfo", "ShmemPmdMapped:"));
	put(own, huge, 5);
	ok &= in_child(shared, huge, 4, 1) && holds(shared, huge, 5);
	call(mprotect, shared + huge, huge, PROT_READ);
	call(madvise, shared + huge, page, MADV_DONTNEED);
	call(madvise, shared, huge, ADVICE_COLLAPSE);
	ok &= holds(shared, huge, 5);
	call(ftruncate, fd, huge + page);
	ok &= holds(shared, huge, 5);
	call(munmap, shared, 2 * huge);
	call(munmap, own, 2 * huge);
	call(close, fd);
	call(unlinkat, AT_FDCWD_, "/huge/file", 0);
	return ok;
}

static int references(void)
{
	word size = huge ? 2 * huge : 32 * page;
	char *p = huge ? map_aligned(size, MAP_PRIVATE, -1) : map_small(32);
	int ok;

	put(p, size, 1);
	tell("/proc/self/clear_refs", "1");
	ok = holds(p, size, 1);
	tell("/proc/self/clear_refs", "4");	/* write-protects where the kernel tracks writes */
	put(p, size, 2);
	call(munmap, p, size);
	return ok;
}

static int reserved(void)
{
	word one = ask("/proc/meminfo", "Hugepagesize:") * KIB, size = 2 * one;
	char *p, *shared;
	int ok;

	if (!one || !tell("/proc/sys/vm/nr_hugepages", "8"))
		return -1;
	p = map(size, RW, MAP_PRIVATE | MAP_HUGETLB, -1);
	shared = map(size, RW, MAP_SHARED | MAP_HUGETLB, -1);
	if (!p || !shared)
		return -1;
	put(p, size, 6);
	put(shared, size, 6);
	ok = in_child(p, one, 6, 1) && in_child(shared, size, 6, 1);
	ok &= holds(p, size, 6) && holds(shared, size, 7);
	call(mprotect, p, size, PROT_READ);
	ok &= holds(p, size, 6);
	call(mprotect, p, size, PROT_NONE);
	call(mprotect, p, size, RW);
	put(p, size, 7);
	call(madvise, p, one, MADV_DONTNEED);
	call(munmap, shared, one);
	call(munmap, shared + one, one);
	call(munmap, p, size);
	tell("/proc/sys/vm/nr_hugepages", "0");
	return ok;
}

static int swapping(void)
{
	static char header[64 * 1024];
	word size = 256 * page;
	int fd, ok;
	char *p;

	tell("/sys/block/zram0/disksize", "64M");
	fd = open_file("/dev/zram0", O_RDWR);
	if (fd < 0 || page > sizeof(header))
		return -1;
	*(unsigned int *)(header + KIB) = 1;				/* version */
	*(unsigned int *)(header + KIB + 4) = 64 * MIB / page - 1;	/* last page */
	memcpy(header + page - 10, "SWAPSPACE2", 10);
	call(write, fd, header, page);
	call(close, fd);
	if (call(swapon, "/dev/zram0", 0))
		return -1;
	p = map_small(256);
	put(p, size, 8);
	call(madvise, p, size, ADVICE_PAGEOUT);
	remark("kB swapped out", ask("/proc/self/smaps_rollup", "Swap:"));
	ok = in_child(p, size, 8, 1);		/* a swap entry is copied, too */
	call(madvise, p, size / 4, MADV_DONTNEED);
	put(p + size / 4, size / 4, 9);
	call(mremap, p, size, size / 2, 0);
	ok &= holds(p + size / 4, size / 4, 9) && holds(p, size / 4, 0);
	if (huge) {
		char *q = map_aligned(huge, MAP_PRIVATE, -1);

		put(q, huge, 1);
		call(madvise, q, huge, ADVICE_PAGEOUT);
		ok &= holds(q, huge, 1);
		call(munmap, q, huge);
	}
	call(swapoff, "/dev/zram0");
	ok &= holds(p + size / 4, size / 4, 9);
	call(munmap, p, size);
	return ok;
}

static void rest(word milliseconds)
{
	long long span[2] = { 0, milliseconds * 1000000LL };

	call(nanosleep, span, 0);
}

static int merging(void)
{
	word size = 64 * page, sharing = 0;
	char *p = map_small(64);
	int ok;

	put(p, size, 3);
	if (call(madvise, p, size, MADV_MERGEABLE))
		return -1;
	tell("/sys/kernel/mm/ksm/sleep_millisecs", "5");
	tell("/sys/kernel/mm/ksm/pages_to_scan", "1000");
	tell("/sys/kernel/mm/ksm/run", "1");
	for (int tries = 0; tries < 60 && sharing < 32; tries++) {
		rest(20);
		sharing = ask("/sys/kernel/mm/ksm/pages_sharing", "");
	}
	remark("pages merged", sharing);
	ok = holds(p, size, 3) && in_child(p, size, 3, 1);
	put(p, size / 2, 4);
	tell("/sys/kernel/mm/ksm/run", "2");	/* undo */
	ok &= holds(p, size / 2, 4) && holds(p + size / 2, size / 2, 3);
	call(munmap, p, size);
	return ok;
}

static int watched(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register watch = { .mode = UFFDIO_REGISTER_MODE_WP };
	struct uffdio_writeprotect guard = { .mode = UFFDIO_WRITEPROTECT_MODE_WP };
	word size = 16 * page;
	int fd = call(userfaultfd, O_CLOEXEC), ok;
	char *p;

	api.features = 1 << 13 | 1 << 15;	/* empty ones too; resolved by the kernel itself */
	if (fd < 0 || call(ioctl, fd, UFFDIO_API, &api))
		return -1;
	p = map_small(16);
	put(p, size / 2, 1);
	watch.range.start = guard.range.start = (word)p;
	watch.range.len = guard.range.len = size;
	if (call(ioctl, fd, UFFDIO_REGISTER, &watch) ||
	    call(ioctl, fd, UFFDIO_WRITEPROTECT, &guard))
		return -1;
	call(mprotect, p, size / 4, PROT_READ);
	call(mprotect, p, size / 4, RW);
	put(p, size, 2);
	ok = in_child(p, size, 2, 1);
	call(munmap, p, size);
	call(close, fd);
	return ok;
}

static int migration(void)
{
	word size = 24 * MIB, before = ask("/proc/vmstat", "pgmigrate_success");
	char *p = map(size, RW, MAP_PRIVATE, -1);
	int ok = 1;

	call(madvise, p, size, MADV_NOHUGEPAGE);
	put(p, size, 1);
	for (word at = 0; at < size; at += 2 * page)	/* holes, to be compacted */
		call(madvise, p + at, page, MADV_DONTNEED);
	tell("/proc/sys/vm/compact_memory", "1");
	for (word at = page; at < size; at += 2 * page)
		ok &= *(volatile char *)(p + at) == 1;
	remark("pages migrated", ask("/proc/vmstat", "pgmigrate_success") - before);
	call(munmap, p, size);
	return ok;
}

static const struct {
	const char *name;
	int (*play)(void);
	int needs_huge;
} scenes[] = {
	{ "anonymous", anonymous, 0 },
	{ "protection", protection, 0 },
	{ "advice", advice, 0 },
	{ "moving", moving, 0 },
	{ "files", files, 0 },
	{ "programs", programs, 0 },
	{ "huge-anonymous", huge_anonymous, 1 },
	{ "collapse", collapse, 1 },
	{ "huge-files", huge_files, 1 },
	{ "references", references, 0 },
	{ "reserved", reserved, 0 },
	{ "swapping", swapping, 0 },
	{ "merging", merging, 0 },
	{ "watched", watched, 0 },
	{ "migration", migration, 0 },
};

static void mount(const char *type, const char *at, const char *options)
{
	call(mkdirat, AT_FDCWD_, at, 0755);
	call(mount, "none", at, type, 0, options);
}

/* the swap device, by the numbers that the kernel gave it ("254:0") */
static void make_device(void)
{
	word major = ask("/sys/block/zram0/dev", ""), minor = ask("/sys/block/zram0/dev", ":");

	if (major)
		call(mknodat, AT_FDCWD_, "/dev/zram0", 0060600, major << 8 | minor);
}

static void perform(word from, word to)
{
	for (word i = from; i < to; i++) {
		int outcome = -1;

		say("SCENE ");
		say(scenes[i].name);
		say("\n");
		if (huge || !scenes[i].needs_huge)
			outcome = scenes[i].play();
		say(outcome > 0 ? "DONE " : outcome ? "SKIP " : "WRONG ");
		say(scenes[i].name);
		say("\n");
		wrong += !outcome;
	}
}

/* what a kernel with a tracer has recorded, for whoever listens (docs/event-log.md) */
static void show_trace(void)
{
	static char text[16 * 1024];
	long got;
	int fd;

	mount("tracefs", "/sys/kernel/tracing", 0);
	if (!tell("/sys/kernel/tracing/tracing_on", "0"))
		return;
	fd = open_file("/sys/kernel/tracing/trace", O_RDONLY);
	while ((got = call(read, fd, text, sizeof(text))) > 0)
		call(write, 1, text, got);
	call(close, fd);
}

void begin(word *stack)
{
	word *vector = stack + 1;

	if (call(getpid) != 1)			/* started by programs() */
		call(exit_group, 0);
	while (*vector++)			/* arguments */
		;
	while (*vector++)			/* environment */
		;
	for (; *vector; vector += 2)
		if (*vector == 6)		/* AT_PAGESZ */
			page = vector[1];
	mount("proc", "/proc", 0);
	mount("sysfs", "/sys", 0);
	mount("tmpfs", "/tmp", 0);
	mount("tmpfs", "/huge", "huge=always");
	make_device();
	huge = ask("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", "");
	remark("bytes in a page", page);
	remark("bytes in a huge page", huge);
	perform(0, sizeof(scenes) / sizeof(scenes[0]));
	show_trace();
	say(wrong ? "VERDICT WRONG\n" : "VERDICT PASS\n");
	call(sync);
	call(reboot, 0xfee1dead, 672274793, 0x01234567, 0);
	for (;;)
		rest(100000);
}
