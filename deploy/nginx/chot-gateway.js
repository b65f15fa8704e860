// The gateway's part of a query: ask the agent, body included, then forward or refuse. For njs 0.7.9.
// nginx does HTTP, TLS, limits and forwarding; the agent decides and has counted when it answers.

const ANSWERS = [400, 401, 403, 413, 415, 429];
const COPIED = ['Content-Type', 'X-Chot-Verdict', 'X-Chot-Reason', 'Retry-After'];

function gate(r) {
    r.subrequest('/__chot_authorize', { method: r.method, body: r.requestBuffer || '' }, function (answer) {
        if (answer.status === 204) {
            r.internalRedirect('@npd');
        } else if (ANSWERS.includes(answer.status)) {
            refuse(r, answer);
        } else {
            agentDown(r);
        }
    });
}

// Common SOAP stacks show a Fault only with status 500 (SOAP 1.1, 6.2).
function refuse(r, answer) {
    COPIED.forEach(function (name) {
        if (answer.headersOut[name]) {
            r.headersOut[name] = answer.headersOut[name];
        }
    });
    const isFault = [401, 403, 429].includes(answer.status)
        && String(answer.headersOut['Content-Type']).startsWith('text/xml');
    const status = isFault && r.variables.chot_soap_fault_status === '500' ? 500 : answer.status;
    r.return(status, answer.responseBuffer || '');
}

function agentDown(r) {
    if (r.variables.chot_on_agent_down === 'pass') {
        r.internalRedirect('@npd');
        return;
    }
    r.headersOut['Content-Type'] = 'text/xml; charset=utf-8';
    r.headersOut['Retry-After'] = '5';
    r.headersOut['X-Chot-Verdict'] = 'deny';
    r.headersOut['X-Chot-Reason'] = 'agent-down';
    r.return(503, fault);
}

export default { gate };
