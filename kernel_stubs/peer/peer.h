/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What mm/page_table_check.c of any tree needs to be compiled and run in user space.
 *
 * Every header that it includes is a file with one line, #include "peer.h"; only
 * linux/page_table_check.h is the tree's own. BUG() goes back to the driver, warnings are
 * counted, pages and their page_ext are arrays. Entries are 64-bit words in the layout below, or,
 * with PTC_ARCH, in that of an architecture, whose functions are linked in.
 */
#ifndef PTC_PEER_H
#define PTC_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t s32;
typedef int64_t s64;
typedef unsigned int gfp_t;

#define CONFIG_64BIT 1
#define CONFIG_MMU 1
#define CONFIG_PAGE_EXTENSION 1
#define CONFIG_PAGE_TABLE_CHECK 1
#define CONFIG_PAGE_TABLE_CHECK_ENFORCED 1
#define CONFIG_TRANSPARENT_HUGEPAGE 1
#define CONFIG_PGTABLE_LEVELS 4

/* Kconfig and compiler */

#define PTC_IF_1 ~,
#define PTC_SECOND(first, second, ...) second
#define PTC_ENABLED(junk) PTC_SECOND(junk 1, 0, 0)
#define PTC_PASTE(value) PTC_ENABLED(PTC_IF_##value)
#define IS_ENABLED(option) PTC_PASTE(option)
#define IS_BUILTIN(option) IS_ENABLED(option)

#define __init
#define __initdata
#define __initconst
#define __meminit
#define __ro_after_init
#define __read_mostly
#define __always_inline inline __attribute__((__always_inline__))
#define noinline __attribute__((__noinline__))
#define __maybe_unused __attribute__((__unused__))
#define __must_check
#define __force
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define READ_ONCE(x) (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, value) (*(volatile __typeof__(x) *)&(x) = (value))
#define barrier() __asm__ __volatile__("" : : : "memory")
#define EXPORT_SYMBOL(name)
#define EXPORT_SYMBOL_GPL(name)
#define MODULE_LICENSE(text)
#define BIT(n) (1UL << (n))
#define IS_ALIGNED(x, a) (((x) & ((a) - 1)) == 0)
#define min(a, b) ((a) < (b) ? (a) : (b))
#define max(a, b) ((a) > (b) ? (a) : (b))
#define BUILD_BUG_ON(condition) _Static_assert(!(condition), #condition)
#define early_param(name, function) \
	int (*const ptc_param_##function)(char *) __attribute__((__unused__)) = function
#define __setup(name, function) early_param(name, function)

/* Reports instead of deaths */

void ptc_bug(int line) __attribute__((__noreturn__));
bool ptc_warn(bool condition);

#define BUG() ptc_bug(__LINE__)
#define BUG_ON(condition) do { if (unlikely(condition)) ptc_bug(__LINE__); } while (0)
#define VM_BUG_ON(condition) BUG_ON(condition)
#define VM_BUG_ON_PAGE(condition, page) BUG_ON(condition)
#define WARN_ON(condition) ptc_warn(!!(condition))
#define WARN_ON_ONCE(condition) ptc_warn(!!(condition))
#define WARN(condition, ...) ptc_warn(!!(condition))
#define WARN_ONCE(condition, ...) ptc_warn(!!(condition))
#define VM_WARN_ON(condition) ptc_warn(!!(condition))
#define VM_WARN_ON_ONCE(condition) ptc_warn(!!(condition))
#define pr_info(...) ((void)0)
#define pr_warn(...) ((void)0)
#define pr_err(...) ((void)0)
#define pr_alert(...) ((void)0)
#define dump_page(page, why) ((void)(page))
#define panic(...) ptc_bug(__LINE__)

/* Atomics: one thread runs */

typedef struct {
	int counter;
} atomic_t;

static inline int atomic_add_return(int i, atomic_t *v)
{
	return v->counter += i;
}

#define atomic_read(v) (*(const volatile int *)&(v)->counter)
#define atomic_set(v, i) ((v)->counter = (i))
#define atomic_inc_return(v) atomic_add_return(1, v)
#define atomic_dec_return(v) atomic_add_return(-1, v)
#define atomic_sub_return(i, v) atomic_add_return(-(i), v)
#define atomic_inc(v) ((void)atomic_add_return(1, v))
#define atomic_dec(v) ((void)atomic_add_return(-1, v))
#define atomic_add(i, v) ((void)atomic_add_return(i, v))
#define atomic_sub(i, v) ((void)atomic_add_return(-(i), v))
#define rcu_read_lock() ((void)0)
#define rcu_read_unlock() ((void)0)

/* Static keys */

struct static_key_true {
	bool on;
};

struct static_key_false {
	bool on;
};

#define DEFINE_STATIC_KEY_TRUE(name) struct static_key_true name = { true }
#define DEFINE_STATIC_KEY_FALSE(name) struct static_key_false name = { false }
#define DECLARE_STATIC_KEY_TRUE(name) extern struct static_key_true name
#define DECLARE_STATIC_KEY_FALSE(name) extern struct static_key_false name
#define static_branch_likely(key) ((key)->on)
#define static_branch_unlikely(key) ((key)->on)
#define static_branch_enable(key) ((void)((key)->on = true))
#define static_branch_disable(key) ((void)((key)->on = false))

static inline int kstrtobool(const char *text, bool *result)
{
	bool yes = !strcmp(text, "on") || !strcmp(text, "1") || !strcmp(text, "y");

	if (!yes && strcmp(text, "off") && strcmp(text, "0") && strcmp(text, "n"))
		return -22;
	*result = yes;
	return 0;
}

#define strtobool(text, result) kstrtobool(text, result)

/* Pages: what they are is told by the driver */

enum ptc_kind {
	PTC_ANON,
	PTC_FILE,
	PTC_SLAB,
	PTC_ZERO,
	PTC_NO_PAGE_EXT,
	PTC_INVALID,
};

struct page {
	enum ptc_kind kind;
	atomic_t anon_map_count;	/* for trees that count in here */
	atomic_t file_map_count;
};

struct folio {
	struct page page;
};

struct mm_struct {
	int number;
};

struct vm_area_struct {
	struct mm_struct *vm_mm;
};

extern struct mm_struct init_mm;

bool pfn_valid(unsigned long pfn);
struct page *pfn_to_page(unsigned long pfn);
unsigned long page_to_pfn(const struct page *page);

#define page_folio(p) ((struct folio *)(p))
#define folio_page(folio, n) (&(folio)->page + (n))
#define compound_head(page) (page)
#define PageSlab(page) ((page)->kind == PTC_SLAB)
#define PageAnon(page) ((page)->kind == PTC_ANON)
#define folio_test_slab(folio) PageSlab(&(folio)->page)
#define folio_test_anon(folio) PageAnon(&(folio)->page)
#define is_huge_zero_page(page) ((page)->kind == PTC_ZERO)
#define is_huge_zero_folio(folio) is_huge_zero_page(&(folio)->page)
#define is_huge_zero_pfn(pfn) (pfn_valid(pfn) && is_huge_zero_page(pfn_to_page(pfn)))
#define is_huge_zero_pmd(pmd) is_huge_zero_pfn(pmd_pfn(pmd))
#define is_zero_pfn(pfn) is_huge_zero_pfn(pfn)

/* page_ext, in all the forms it has had */

struct page_ext {
	unsigned long flags;
	char data[PTC_EXT_SIZE];
};

struct page_ext_operations {
	size_t offset;
	size_t size;
	bool (*need)(void);
	void (*init)(void);
	bool need_shared_flags;
};

struct page_ext_iter {
	unsigned long index;
	unsigned long start_pfn;
	struct page_ext *page_ext;
};

struct page_ext *lookup_page_ext(const struct page *page);

#define page_ext_get(page) lookup_page_ext(page)
#define page_ext_lookup(pfn) lookup_page_ext(pfn_to_page(pfn))
#define page_ext_put(page_ext) ((void)(page_ext))
#define page_ext_next(page_ext) ((page_ext) + 1)
#define page_ext_data(page_ext, ops) ((void *)((char *)(page_ext) + (ops)->offset))

static inline struct page_ext *ptc_ext_at(struct page_ext_iter *iter, unsigned long start,
					  unsigned long index, unsigned long count)
{
	bool there = index < count && pfn_valid(start + index);

	iter->start_pfn = start;
	iter->index = index;
	iter->page_ext = there ? lookup_page_ext(pfn_to_page(start + index)) : NULL;
	return iter->page_ext;
}

#define for_each_page_ext(__page, __count, __ext, __iter) \
	for ((__ext) = ptc_ext_at(&(__iter), page_to_pfn(__page), 0, (__count)); (__ext); \
	     (__ext) = ptc_ext_at(&(__iter), (__iter).start_pfn, (__iter).index + 1, (__count)))

/* Entries */

typedef struct {
	u64 v;
} pte_t;

typedef struct {
	u64 v;
} pmd_t;

typedef struct {
	u64 v;
} pud_t;

typedef struct {
	u64 v;
} swp_entry_t;

typedef swp_entry_t softleaf_t;

#define PAGE_SHIFT 12
#define PMD_SHIFT (PAGE_SHIFT + 2)
#define PUD_SHIFT (PAGE_SHIFT + 4)
#define PAGE_SIZE (1UL << PAGE_SHIFT)
#define PMD_SIZE (1UL << PMD_SHIFT)
#define PUD_SIZE (1UL << PUD_SHIFT)
#define PMD_PAGE_SIZE PMD_SIZE
#define PUD_PAGE_SIZE PUD_SIZE
#define PAGE_MASK (~(PAGE_SIZE - 1))
#define PMD_MASK (~(PMD_SIZE - 1))
#define PTRS_PER_PTE PTC_TABLE
#define MAX_ORDER_NR_PAGES 8UL	/* page_ext is contiguous within so many */

#define pte_val(entry) ((entry).v)
#define pmd_val(entry) ((entry).v)
#define pud_val(entry) ((entry).v)
#define __pte(x) ((pte_t){ (x) })
#define __pmd(x) ((pmd_t){ (x) })
#define __pud(x) ((pud_t){ (x) })

/* our layout; a table of ptes is told from a leaf in it even with PTC_ARCH */
#define _PAGE_PRESENT 0x1UL
#define _PAGE_USER 0x2UL
#define _PAGE_RW 0x4UL
#define PTC_SPECIAL 0x8UL
#define PTC_LEAF 0x10UL
#define PTC_UFFD_WP 0x20UL
#define PTC_SWP_WRITE 0x40UL
#define PTC_BAD 0x80UL
#define PTC_PFN_SHIFT 12

#ifdef PTC_ARCH

unsigned long ptc_pte_user(u64), ptc_pte_pfn(u64), ptc_pte_write(u64), ptc_pte_special(u64);
unsigned long ptc_pte_present(u64), ptc_pte_none(u64), ptc_pte_uffd_wp(u64);
unsigned long ptc_pte_swp_uffd_wp(u64), ptc_pte_swp_write(u64);
unsigned long ptc_pmd_user(u64), ptc_pmd_pfn(u64), ptc_pmd_write(u64), ptc_pmd_special(u64);
unsigned long ptc_pmd_present(u64), ptc_pmd_none(u64), ptc_pmd_uffd_wp(u64);
unsigned long ptc_pmd_swp_uffd_wp(u64), ptc_pmd_swp_write(u64);
unsigned long ptc_pud_user(u64), ptc_pud_pfn(u64), ptc_pud_write(u64), ptc_pud_special(u64);
unsigned long ptc_pud_present(u64), ptc_pud_none(u64), ptc_pud_uffd_wp(u64);
unsigned long ptc_pud_swp_uffd_wp(u64), ptc_pud_swp_write(u64);

#else

#define PTC_LEVEL(level, leaf) \
static inline unsigned long ptc_##level##_present(u64 v) { return v & _PAGE_PRESENT; } \
static inline unsigned long ptc_##level##_none(u64 v) { return !v; } \
static inline unsigned long ptc_##level##_user(u64 v) \
{ \
	u64 all = _PAGE_PRESENT | _PAGE_USER | (leaf); \
\
	return (v & all) == all; \
} \
static inline unsigned long ptc_##level##_pfn(u64 v) { return v >> PTC_PFN_SHIFT; } \
static inline unsigned long ptc_##level##_write(u64 v) { return !!(v & _PAGE_RW); } \
static inline unsigned long ptc_##level##_special(u64 v) { return !!(v & PTC_SPECIAL); } \
static inline unsigned long ptc_##level##_uffd_wp(u64 v) { return !!(v & PTC_UFFD_WP); } \
static inline unsigned long ptc_##level##_swp_uffd_wp(u64 v) { return !!(v & PTC_UFFD_WP); } \
static inline unsigned long ptc_##level##_swp_write(u64 v) { return !!(v & PTC_SWP_WRITE); }

PTC_LEVEL(pte, 0)
PTC_LEVEL(pmd, PTC_LEAF)
PTC_LEVEL(pud, PTC_LEAF)

#endif

/* the predicate takes (entry), (entry, addr) or (mm, addr, entry) */
#define PTC_PICK(a, b, c, name, ...) name
#define PTC_ENTRY_1(entry) (entry)
#define PTC_ENTRY_2(entry, addr) ((void)(addr), (entry))
#define PTC_ENTRY_3(mm, addr, entry) ((void)(mm), (void)(addr), (entry))
#define PTC_ENTRY(...) \
	PTC_PICK(__VA_ARGS__, PTC_ENTRY_3, PTC_ENTRY_2, PTC_ENTRY_1, 0)(__VA_ARGS__)

#ifndef PTC_OWN_PREDICATES
#define pte_user_accessible_page(...) ((bool)ptc_pte_user(PTC_ENTRY(__VA_ARGS__).v))
#define pmd_user_accessible_page(...) ((bool)ptc_pmd_user(PTC_ENTRY(__VA_ARGS__).v))
#define pud_user_accessible_page(...) ((bool)ptc_pud_user(PTC_ENTRY(__VA_ARGS__).v))
#endif

#define pte_pfn(entry) ptc_pte_pfn((entry).v)
#define pmd_pfn(entry) ptc_pmd_pfn((entry).v)
#define pud_pfn(entry) ptc_pud_pfn((entry).v)
#define pte_write(entry) (!!ptc_pte_write((entry).v))
#define pmd_write(entry) (!!ptc_pmd_write((entry).v))
#define pud_write(entry) (!!ptc_pud_write((entry).v))
#define pte_special(entry) (!!ptc_pte_special((entry).v))
#define pmd_special(entry) (!!ptc_pmd_special((entry).v))
#define pud_special(entry) (!!ptc_pud_special((entry).v))
#define pte_present(entry) (!!ptc_pte_present((entry).v))
#define pmd_present(entry) (!!ptc_pmd_present((entry).v))
#define pud_present(entry) (!!ptc_pud_present((entry).v))
#define pte_none(entry) (!!ptc_pte_none((entry).v))
#define pmd_none(entry) (!!ptc_pmd_none((entry).v))
#define pud_none(entry) (!!ptc_pud_none((entry).v))
#define pte_uffd_wp(entry) (!!ptc_pte_uffd_wp((entry).v))
#define pmd_uffd_wp(entry) (!!ptc_pmd_uffd_wp((entry).v))
#define pte_swp_uffd_wp(entry) (!!ptc_pte_swp_uffd_wp((entry).v))
#define pmd_swp_uffd_wp(entry) (!!ptc_pmd_swp_uffd_wp((entry).v))
#define is_swap_pte(entry) (!pte_none(entry) && !pte_present(entry))
#define is_swap_pmd(entry) (!pmd_none(entry) && !pmd_present(entry))
#define pmd_leaf(entry) (!!((entry).v & PTC_LEAF))
#define pud_leaf(entry) (!!((entry).v & PTC_LEAF))
#define pmd_large(entry) pmd_leaf(entry)
#define pud_large(entry) pud_leaf(entry)
#define pmd_bad(entry) (!!((entry).v & PTC_BAD))

/* a swap entry is the entry itself; what is asked of it is whether it was writable */
#define pte_to_swp_entry(entry) ((swp_entry_t){ ptc_pte_swp_write((entry).v) })
#define pmd_to_swp_entry(entry) ((swp_entry_t){ ptc_pmd_swp_write((entry).v) })
#define softleaf_from_pte(entry) pte_to_swp_entry(entry)
#define softleaf_from_pmd(entry) pmd_to_swp_entry(entry)
#define is_writable_migration_entry(entry) (!!(entry).v)
#define is_writable_device_private_entry(entry) false
#define is_writable_device_exclusive_entry(entry) false
#define softleaf_is_migration_write(entry) (!!(entry).v)
#define softleaf_is_device_private_write(entry) false
#define softleaf_is_device_exclusive_write(entry) false

extern pte_t *ptc_range;

#define ptep_get(ptep) (*(ptep))
#define pmdp_get(pmdp) (*(pmdp))
#define pudp_get(pudp) (*(pudp))
#define pte_offset_map(pmdp, addr) ((void)(addr), (void)(pmdp), ptc_range)
#define pte_offset_kernel(pmdp, addr) pte_offset_map(pmdp, addr)
#define pte_unmap(ptep) ((void)(ptep))

#endif
