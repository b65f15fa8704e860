#include <curl/curl.h>

// curl_easy_setopt and curl_easy_getinfo are variadic: one inline a kind of value.
static inline CURLcode chot_curl_long(CURL *c, CURLoption o, long v) { return curl_easy_setopt(c, o, v); }
static inline CURLcode chot_curl_string(CURL *c, CURLoption o, const char *v) { return curl_easy_setopt(c, o, v); }
static inline CURLcode chot_curl_pointer(CURL *c, CURLoption o, const void *v) { return curl_easy_setopt(c, o, v); }
static inline CURLcode chot_curl_write(CURL *c, size_t (*f)(char *, size_t, size_t, void *), void *ctx) {
    curl_easy_setopt(c, CURLOPT_WRITEDATA, ctx);
    return curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, f);
}
static inline CURLcode chot_curl_header(CURL *c, size_t (*f)(char *, size_t, size_t, void *), void *ctx) {
    curl_easy_setopt(c, CURLOPT_HEADERDATA, ctx);
    return curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, f);
}
static inline CURLcode chot_curl_progress(CURL *c, int (*f)(void *, curl_off_t, curl_off_t, curl_off_t, curl_off_t), void *ctx) {
    curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(c, CURLOPT_XFERINFODATA, ctx);
    return curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, f);
}
static inline CURLcode chot_curl_status(CURL *c, long *status) {
    return curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, status);
}
static inline CURLcode chot_curl_read(CURL *c, size_t (*f)(char *, size_t, size_t, void *), void *ctx) {
    curl_easy_setopt(c, CURLOPT_READDATA, ctx);
    return curl_easy_setopt(c, CURLOPT_READFUNCTION, f);
}
// The option was renamed in 8.2; both names have the same number.
static inline CURLcode chot_curl_some_recipients_suffice(CURL *c) {
#if LIBCURL_VERSION_NUM >= 0x080200
    return curl_easy_setopt(c, CURLOPT_MAIL_RCPT_ALLOWFAILS, 1L);
#else
    return curl_easy_setopt(c, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);
#endif
}
