#include <curl/curl.h>
#include <stdint.h>
#include <time.h>

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
// Of OpenSSL, declared here so that its headers come in by CCrypto alone.
struct ssl_ctx_st;
struct X509_VERIFY_PARAM_st;
struct X509_VERIFY_PARAM_st *SSL_CTX_get0_param(struct ssl_ctx_st *context);
void X509_VERIFY_PARAM_set_time(struct X509_VERIFY_PARAM_st *param, time_t seconds);

// By which time certificates are judged, for a machine whose clock is wrong. libcurl is Debian's with OpenSSL.
static inline CURLcode chot_curl_set_verify_time(CURL *c, void *context, void *seconds) {
    (void)c;
    X509_VERIFY_PARAM_set_time(SSL_CTX_get0_param((struct ssl_ctx_st *)context), *(long *)seconds);
    return CURLE_OK;
}
static inline CURLcode chot_curl_verify_time(CURL *c, long *seconds) {
    curl_easy_setopt(c, CURLOPT_SSL_CTX_DATA, seconds);
    return curl_easy_setopt(c, CURLOPT_SSL_CTX_FUNCTION, chot_curl_set_verify_time);
}

// Whether the certificate failed by the time alone (X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED).
static inline int chot_curl_failed_by_time(CURL *c) {
    long result = 0;
    if (curl_easy_getinfo(c, CURLINFO_SSL_VERIFYRESULT, &result) != CURLE_OK) return 0;
    return result == 9 || result == 10;
}

struct ssl_st;
struct x509_st;
struct asn1_string_st;
struct x509_st *SSL_get1_peer_certificate(const struct ssl_st *ssl);
void X509_free(struct x509_st *certificate);
const struct asn1_string_st *X509_get0_notBefore(const struct x509_st *certificate);
const struct asn1_string_st *X509_get0_notAfter(const struct x509_st *certificate);
int ASN1_TIME_to_tm(const struct asn1_string_st *time, struct tm *tm);
time_t timegm(struct tm *tm);

// From when to when the certificate of the other end is valid, seconds since 1970; 0: not known. Only in a callback.
static inline int chot_curl_peer_validity(CURL *c, int64_t *from, int64_t *to) {
    struct curl_tlssessioninfo *info = NULL;
    if (curl_easy_getinfo(c, CURLINFO_TLS_SSL_PTR, &info) != CURLE_OK || !info || !info->internals) return 0;
    if (info->backend != CURLSSLBACKEND_OPENSSL) return 0;
    struct x509_st *certificate = SSL_get1_peer_certificate((const struct ssl_st *)info->internals);
    if (!certificate) return 0;
    struct tm first = {0}, last = {0};
    int known = ASN1_TIME_to_tm(X509_get0_notBefore(certificate), &first) == 1
        && ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &last) == 1;
    if (known) {
        *from = (int64_t)timegm(&first);
        *to = (int64_t)timegm(&last);
    }
    X509_free(certificate);
    return known;
}

// Many transfers at once.
static inline void chot_curl_multi_callbacks(
    CURLM *m, int (*socket)(CURL *, curl_socket_t, int, void *, void *), int (*timer)(CURLM *, long, void *),
    void *ctx) {
    curl_multi_setopt(m, CURLMOPT_SOCKETDATA, ctx);
    curl_multi_setopt(m, CURLMOPT_SOCKETFUNCTION, socket);
    curl_multi_setopt(m, CURLMOPT_TIMERDATA, ctx);
    curl_multi_setopt(m, CURLMOPT_TIMERFUNCTION, timer);
}
static inline CURLMcode chot_curl_multi_long(CURLM *m, CURLMoption o, long v) { return curl_multi_setopt(m, o, v); }
static inline CURLcode chot_curl_set_private(CURL *c, void *p) { return curl_easy_setopt(c, CURLOPT_PRIVATE, p); }
static inline void *chot_curl_private(CURL *c) {
    char *p = NULL;
    curl_easy_getinfo(c, CURLINFO_PRIVATE, &p);
    return p;
}
static inline CURLcode chot_curl_offset(CURL *c, CURLoption o, curl_off_t v) { return curl_easy_setopt(c, o, v); }
// The next transfer that ended: its handle, and how; NULL: none.
static inline CURL *chot_curl_multi_ended(CURLM *m, CURLcode *how) {
    int left;
    CURLMsg *message;
    while ((message = curl_multi_info_read(m, &left)) != NULL) {
        if (message->msg == CURLMSG_DONE) {
            *how = message->data.result;
            return message->easy_handle;
        }
    }
    return NULL;
}
