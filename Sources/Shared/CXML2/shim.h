#include <libxml/parser.h>
#include <libxml/xmlerror.h>

static inline void chot_xml_ignore_error(void *ctx, const xmlError *error) { (void)ctx; (void)error; }
static inline void chot_xml_be_silent(xmlParserCtxtPtr ctxt) {
    ctxt->sax->serror = NULL;
    ctxt->sax->error = NULL;
    ctxt->sax->warning = NULL;
    ctxt->sax->fatalError = NULL;
}
