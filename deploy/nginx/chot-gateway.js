// The script of the gateway: what nginx's own configuration cannot look at.
// nginx sends each query to the agent, body included; the agent decides and has counted when it answers,
// and what it allows it sends on by X-Accel-Redirect to @npd. For njs 0.7.9 of Debian 12.

// Headers beginning X-Chot- are ours. Those that the configuration knows are cleared; any other is no
// header of a client, and one nobody reads today may be read tomorrow.
const CLEARED = ['x-chot-account', 'x-chot-service', 'x-chot-subject', 'x-chot-verdict',
    'x-chot-reason'];

// "1" for a query that the agent and the NPD might read differently, else "". Asked before the agent is,
// for every query, which counts it and refuses it: most names are passed over by their first letter.
function malformed(r) {
    const headers = r.rawHeadersIn;
    let types = 0;
    let encodings = 0;
    let actions = 0;
    for (let i = 0; i < headers.length; i++) {
        const letter = headers[i][0].charCodeAt(0) | 32;
        if (letter === 0x63) {  // c
            const name = headers[i][0].toLowerCase().replace(/_/g, '-');
            // One too long counts as two: the agent would not read it, and would look like one that is down. So does
            // content_type, which some servers read as this one and nginx does not.
            const weight = headers[i][1].length > 256 || headers[i][0].includes('_') ? 2 : 1;
            if (name === 'content-type') {
                types += weight;
            } else if (name === 'content-encoding') {
                encodings += weight;
            }
        } else if (letter === 0x73) {  // s
            if (headers[i][0].toLowerCase() === 'soapaction') {
                actions += headers[i][1].length > 256 ? 2 : 1;
            }
        } else if (letter === 0x78) {  // x
            const name = headers[i][0].toLowerCase();
            if (name.replace(/_/g, '-').startsWith('x-chot-') && !CLEARED.includes(name)) {
                return '1';
            }
        }
    }
    return types > 1 || encodings > 1 || actions > 1 ? '1' : '';
}

// As malformed, where headers tell several systems or accounts apart: each of those at most once (nginx reads X_Y
// as X-Y), and none longer than the agent reads.
function malformedOrOfTwoMinds(r) {
    const matched = r.variables.chot_matched_headers.split(' ');
    const seen = {};
    const isOfTwoMinds = r.rawHeadersIn.some(function (pair) {
        const name = pair[0].toLowerCase().replace(/_/g, '-');
        if (!matched.includes(name)) {
            return false;
        }
        const again = seen[name] === true;
        seen[name] = true;
        return again || pair[1].length > 1024;
    });
    return isOfTwoMinds ? '1' : malformed(r);
}

// The agent did not answer, or said that it cannot count.
function down(r) {
    if (r.variables.chot_malformed) {
        r.return(400);
        return;
    }
    // nginx wrote the body to a file: longer than its buffer (a chunked body of tiny chunks).
    // Queries are personal data and belong on no disk, so it counts as too large.
    if (r.variables.request_body_file) {
        r.return(413);
        return;
    }
    agentDown(r, r.variables.upstream_status);
}

// No answer from the agent, or one that makes no sense: nothing was counted, so nothing may pass,
// unless the unit is allowed to go on; then a log names the request, to be counted afterwards.
function agentDown(r, status) {
    if (r.variables.chot_on_agent_down === 'pass') {
        // Written to passed.log before the query goes on, for the agent to count it when it is back.
        const way = r.variables.chot_way;
        r.subrequest('/__chot_passed', function () {
            r.internalRedirect(way);
        });
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

export default { malformed, malformedOrOfTwoMinds, down };
