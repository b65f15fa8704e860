#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// What Swift's Glibc module leaves out.
static inline int chot_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }
static inline void chot_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }
// An unnamed file in memory, close-on-exec. By number: glibc hides the function from C without GNU extensions.
static inline int chot_memory_file(const char *name) { return (int)syscall(SYS_memfd_create, name, 1U); }
