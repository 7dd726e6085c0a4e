// The twin on Node.js: `node server.js PORT [WORKERS]`, answering on 127.0.0.1. All of it runs in the event loop.
//   /            nothing
//   /cpu?n=1000  n turns of a small loop
//   /pace        how many such turns take 1 ms of CPU just now, measured over 20 ms
'use strict';
const cluster = require('cluster');
const http = require('http');

let sink = 0;

function spin(turns) {
    let x = sink | 0;
    for (let i = 0; i < turns; i++) x = (Math.imul(x, 1103515245) + 12345) | 0;
    sink = x;
}

function usedMs() {
    const used = process.cpuUsage(); // in microseconds
    return (used.user + used.system) / 1000;
}

function pace() {
    const begin = usedMs();
    let turns = 0;
    while (usedMs() - begin < 20) {
        spin(10000);
        turns += 10000;
    }
    return turns / (usedMs() - begin);
}

function answer(request, response) {
    const at = request.url.indexOf('?');
    const path = at < 0 ? request.url : request.url.slice(0, at);
    let text = 'hello';
    if (path === '/cpu') {
        const turns = Number(new URLSearchParams(request.url.slice(at + 1)).get('n'));
        if (!(turns >= 0 && turns <= 1e10)) response.statusCode = 400;
        else spin(turns);
    } else if (path === '/pace') {
        text = String(Math.round(pace()));
    } else if (path !== '/') {
        response.statusCode = 404;
    }
    response.end(text);
}

const [port, workers] = process.argv.slice(2).map(Number);
if (!(port > 0)) {
    console.error('usage: node server.js PORT [WORKERS]');
    process.exit(2);
}
if (workers > 1 && cluster.isPrimary) {
    for (let i = 0; i < workers; i++) cluster.fork();
} else {
    http.createServer(answer).listen(port, '127.0.0.1');
}
