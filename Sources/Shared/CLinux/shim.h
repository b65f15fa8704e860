#include <malloc.h>
#include <sys/epoll.h>
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

static inline int chot_epoll(void) { return epoll_create1(02000000 /* EPOLL_CLOEXEC */); }
// Watches a descriptor for reading (1), writing (2), both (3) or no more (0); `tag` comes back with its events.
static inline int chot_epoll_watch(int epoll, int fd, int what, unsigned tag, int is_known) {
    struct epoll_event event = {0};
    if (what == 0) return epoll_ctl(epoll, EPOLL_CTL_DEL, fd, &event);
    event.events = ((what & 1) ? EPOLLIN : 0) | ((what & 2) ? EPOLLOUT : 0);
    event.data.u64 = ((unsigned long long)tag << 32) | (unsigned)fd;
    return epoll_ctl(epoll, is_known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
}
// Up to 512 events: descriptor, tag and 1 readable | 2 writable | 4 broken of each.
static inline int chot_epoll_wait(int epoll, int milliseconds, int *fds, unsigned *tags, int *what) {
    struct epoll_event events[512];
    int count = epoll_wait(epoll, events, 512, milliseconds);
    for (int i = 0; i < count; i++) {
        fds[i] = (int)(events[i].data.u64 & 0xffffffff);
        tags[i] = (unsigned)(events[i].data.u64 >> 32);
        what[i] = ((events[i].events & EPOLLIN) ? 1 : 0) | ((events[i].events & EPOLLOUT) ? 2 : 0)
            | ((events[i].events & (EPOLLERR | EPOLLHUP)) ? 4 : 0);
    }
    return count;
}
// As many open files as this user may have.
static inline void chot_open_files_most(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}
