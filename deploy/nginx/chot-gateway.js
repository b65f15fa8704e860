// The gateway's part of a query: ask the agent, body included, then forward it or refuse.
// nginx does HTTP, TLS, limits and forwarding; the agent decides and has counted when it answers.
// For njs 0.7.9 of Debian 12.

// Verdicts of the agent that are answers, not trouble. 204 is "allow" and comes before these.
const REFUSALS = [400, 401, 403, 413, 415, 429];

// What a refusal carries over from the agent's answer to the client.
const COPIED = ['Content-Type', 'X-Chot-Verdict', 'X-Chot-Reason', 'Retry-After'];

function gate(r) {
    // nginx wrote the body to a file: longer than its buffer (a chunked body of tiny chunks).
    // Queries are personal data and belong on no disk, so it counts as too large.
    if (r.variables.request_body_file) {
        r.return(413);
        return;
    }
    if (repeatsItself(r) || isOverlong(r) || claimsToBeUs(r) || isOfTwoMinds(r)) {
        r.return(400);
        return;
    }
    // No body is given here: a subrequest shares its parent's, so the agent reads the client's
    // bytes from where nginx has them, and @npd sends the same bytes again.
    r.subrequest('/__chot_authorize', { method: r.method }, function (answer) {
        if (answer.status === 204) {
            r.internalRedirect('@npd');
        } else if (REFUSALS.includes(answer.status)) {
            refuse(r, answer);
        } else if (answer.status >= 400 && answer.status < 500) {
            // The agent lives and did not take the request: that is no reason to let it pass.
            r.return(400);
        } else {
            agentDown(r, answer.status);
        }
    });
}

// Two Content-Types or encodings: the agent would judge by one, the NPD might read by the other.
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

// Headers beginning X-Chot- are ours. Those that the configuration knows are cleared; any other is no
// header of a client, and one nobody reads today may be read tomorrow.
const CLEARED = ['x-chot-account', 'x-chot-service', 'x-chot-subject', 'x-chot-verdict',
    'x-chot-reason'];

function claimsToBeUs(r) {
    return r.rawHeadersIn.some(function (pair) {
        const name = pair[0].toLowerCase();
        return name.replace(/_/g, '-').startsWith('x-chot-') && !CLEARED.includes(name);
    });
}

// What the agent could not read would look like an agent that is down.
function isOverlong(r) {
    return ['Content-Type', 'Content-Encoding'].some(function (name) {
        return (r.headersIn[name] || '').length > 256;
    }) || /[\x00-\x1f\x7f]/.test(r.variables.remote_user || '');
}

// Headers by which several systems are told apart: each at most once (nginx reads X_Y as X-Y), and none
// longer than the agent reads.
function isOfTwoMinds(r) {
    const names = r.variables.chot_matched_headers;
    if (!names) {
        return false;
    }
    const matched = names.split(' ');
    const seen = {};
    return r.rawHeadersIn.some(function (pair) {
        const name = pair[0].toLowerCase().replace(/_/g, '-');
        if (!matched.includes(name)) {
            return false;
        }
        const again = seen[name] === true;
        seen[name] = true;
        return again || pair[1].length > 1024;
    });
}

// Common SOAP stacks throw away the body of any status but 200 and 500, and with it the reason: a
// Fault that says "denied" goes out as 500 (SOAP 1.1, 6.2), unless soapFaultStatus is "verdict".
function refuse(r, answer) {
    COPIED.forEach(function (name) {
        if (answer.headersOut[name]) {
            r.headersOut[name] = answer.headersOut[name];
        }
    });
    const isFault = [401, 403, 429].includes(answer.status)
        && String(answer.headersOut['Content-Type']).startsWith('text/xml');
    const asFault = isFault && r.variables.chot_soap_fault_status === '500';
    r.return(asFault ? 500 : answer.status, answer.responseText || '');
}

// No answer from the agent, or one that makes no sense: nothing was counted, so nothing may pass,
// unless the unit is allowed to go on; then the log names the request, to be counted afterwards.
function agentDown(r, status) {
    if (r.variables.chot_on_agent_down === 'pass') {
        r.warn('chot: passed unchecked, request ' + r.variables.request_id);
        r.internalRedirect('@npd');
        return;
    }
    const fault = r.variables.chot_agent_down_fault;
    r.error('chot: no verdict from the agent (status ' + status + ')');
    r.headersOut['Content-Type'] =
        fault.startsWith('<') ? 'text/xml; charset=utf-8' : 'application/problem+json';
    r.headersOut['Retry-After'] = '5';
    r.headersOut['X-Chot-Verdict'] = 'deny';
    r.headersOut['X-Chot-Reason'] = 'agent-down';
    r.return(503, fault);
}

export default { gate };
