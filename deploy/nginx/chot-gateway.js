// The gateway's whole logic: ask the agent about a query, then forward the query or answer the
// refusal. nginx does everything else (see gateway.conf). Written for njs 0.7.9 of Debian 12.
//
// The subrequest is given no body of its own: nginx lets a subrequest share its parent's, so the
// agent reads the client's bytes from where nginx read them, and @npd sends the same bytes again.

// Verdicts of the agent that are answers, not trouble. 204 is "allow" and comes before these.
const REFUSALS = [400, 401, 403, 413, 415, 429];

// What a refusal carries over from the agent's answer to the client.
const COPIED = ['Content-Type', 'X-Chot-Verdict', 'X-Chot-Reason', 'Retry-After'];

function authorize(r) {
    // nginx wrote the body to a file: longer than the buffer (a chunked body made of tiny chunks).
    // Queries are personal data and belong on no disk, so it counts as too large.
    if (r.variables.request_body_file) {
        r.return(413);
        return;
    }
    if (repeatsItself(r)) {
        r.return(400);
        return;
    }
    r.subrequest('/__chot_authorize', { method: r.method }, function (reply) {
        if (reply.status === 204) {
            r.internalRedirect('@npd');
        } else if (REFUSALS.includes(reply.status)) {
            refuse(r, reply);
        } else {
            agentDown(r, reply.status);
        }
    });
}

// Two Content-Types, or two encodings: the agent would judge by one, the NPD might read by the
// other.
function repeatsItself(r) {
    const seen = {};
    return r.rawHeadersIn.some(function (pair) {
        const name = pair[0].toLowerCase();
        if (name !== 'content-type' && name !== 'content-encoding') {
            return false;
        }
        const again = seen[name] === true;
        seen[name] = true;
        return again;
    });
}

// Common SOAP stacks throw away the body of any status but 200 and 500, and with it the reason: a
// Fault that says "denied" goes out as 500 (SOAP 1.1, 6.2), unless soapFaultStatus is "verdict".
function refuse(r, reply) {
    COPIED.forEach(function (name) {
        const value = reply.headersOut[name];
        if (value) {
            r.headersOut[name] = value;
        }
    });
    const denied = [401, 403, 429].includes(reply.status);
    const isFault = (reply.headersOut['Content-Type'] || '').startsWith('text/xml');
    const asFault = denied && isFault && r.variables.chot_soap_fault_status === '500';
    r.return(asFault ? 500 : reply.status, reply.responseText || '');
}

// No answer from the agent, or one that makes no sense: nothing was counted, so nothing may pass,
// unless the centre lets this unit go on and count from the log afterwards.
function agentDown(r, status) {
    if (r.variables.chot_on_agent_down === 'pass') {
        r.internalRedirect('@npd_unchecked');
        return;
    }
    r.error('chot: no verdict from the agent (status ' + status + ')');
    r.headersOut['Content-Type'] = r.variables.chot_fault_type;
    r.headersOut['X-Chot-Verdict'] = 'deny';
    r.headersOut['X-Chot-Reason'] = 'agent-down';
    r.headersOut['Retry-After'] = '5';
    r.return(503, r.variables.chot_agent_down_fault);
}

export default { authorize };
