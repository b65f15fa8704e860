#include <microhttpd.h>
#include <sys/socket.h>

// Variadic calls and closed enums that Swift does not import.
static inline struct MHD_Daemon *chot_mhd_start(
    MHD_AccessHandlerCallback handler, MHD_RequestCompletedCallback completed,
    MHD_NotifyConnectionCallback notify, void *context,
    int listen_socket, unsigned connections, size_t connection_memory, unsigned idle_seconds,
    unsigned threads) {
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC;
    if (threads > 1)
        return MHD_start_daemon(
            flags, 0, NULL, NULL, handler, context, MHD_OPTION_NOTIFY_COMPLETED, completed, context,
            MHD_OPTION_NOTIFY_CONNECTION, notify, context,
            MHD_OPTION_LISTEN_SOCKET, listen_socket, MHD_OPTION_CONNECTION_LIMIT, connections,
            MHD_OPTION_CONNECTION_MEMORY_LIMIT, connection_memory, MHD_OPTION_CONNECTION_TIMEOUT,
            idle_seconds, MHD_OPTION_THREAD_POOL_SIZE, threads, MHD_OPTION_END);
    return MHD_start_daemon(
        flags, 0, NULL, NULL, handler, context, MHD_OPTION_NOTIFY_COMPLETED, completed, context,
            MHD_OPTION_NOTIFY_CONNECTION, notify, context,
        MHD_OPTION_LISTEN_SOCKET, listen_socket, MHD_OPTION_CONNECTION_LIMIT, connections,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, connection_memory, MHD_OPTION_CONNECTION_TIMEOUT,
        idle_seconds, MHD_OPTION_END);
}

static inline int chot_mhd_is_start(enum MHD_ConnectionNotificationCode what) {
    return what == MHD_CONNECTION_NOTIFY_STARTED;
}

static inline int chot_mhd_socket(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info == NULL ? -1 : info->connect_fd;
}

static inline const char *chot_mhd_header(struct MHD_Connection *connection, const char *name,
                                          size_t name_length) {
    const char *value = NULL;
    size_t length;
    return MHD_lookup_connection_value_n(connection, MHD_HEADER_KIND, name, name_length, &value,
                                         &length) == MHD_YES
               ? value
               : NULL;
}

static inline const char *chot_mhd_argument(struct MHD_Connection *connection, const char *name) {
    return MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, name);
}

static inline struct MHD_Response *chot_mhd_response(size_t count, const void *bytes) {
    return MHD_create_response_from_buffer(count, (void *)bytes, MHD_RESPMEM_MUST_COPY);
}

// Of the other end of a unix socket; 0 on failure.
static inline int chot_peer(int fd, int *pid, unsigned *uid, unsigned *gid) {
    struct { int pid; unsigned uid; unsigned gid; } peer;
    socklen_t length = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, 17 /* SO_PEERCRED, hidden without _GNU_SOURCE */, &peer, &length) != 0) return 0;
    *pid = peer.pid; *uid = peer.uid; *gid = peer.gid;
    return 1;
}
