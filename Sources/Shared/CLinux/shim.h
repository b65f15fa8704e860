#include <malloc.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

// What Swift's Glibc module leaves out.
static inline int chot_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }
static inline void chot_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }
// An unnamed file in memory, close-on-exec. By number: glibc hides the function from C without GNU extensions.
static inline int chot_memory_file(const char *name) { return (int)syscall(SYS_memfd_create, name, 1U); }
// A pipe whose ends no other program inherits; by number for the same reason.
static inline int chot_pipe(int ends[2]) { return (int)syscall(SYS_pipe2, ends, 02000000); }
static inline void chot_stand_back(int process, int niceness) { setpriority(PRIO_PROCESS, (id_t)process, niceness); }
// Of the calling thread: it takes no processor from a thread that runs, has a smaller share of a contended one, and is
// made to give it up after 0.1 ms (SCHED_BATCH; the slice from Linux 6.12 on). sched_setattr has no function in glibc.
static inline void chot_thread_stands_back(void) {
    struct {
        unsigned int size, policy;
        unsigned long long flags;
        int nice;
        unsigned int priority;
        unsigned long long slice, deadline, period;
    } wanted = {.size = sizeof wanted, .policy = 3, .nice = 5, .slice = 100000};
    syscall(SYS_sched_setattr, 0, &wanted, 0);
}

// One arena for all threads; buffers from 64 KiB on mapped on their own, for good; the heap's top given back.
static inline void chot_malloc_stays_small(void) {
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_MMAP_THRESHOLD, 64 << 10);
    mallopt(M_TRIM_THRESHOLD, 256 << 10);
}
static inline void chot_malloc_give_back(void) { malloc_trim(0); }
