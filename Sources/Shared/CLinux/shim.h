#include <sys/eventfd.h>
#include <sys/prctl.h>

// What Swift's Glibc module leaves out.
static inline int chot_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }
static inline void chot_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }
