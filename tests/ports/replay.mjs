// Runs a job of test_wasm.py: standard input is JSON, standard output a line for each thing that happened.
import fs from "node:fs";
import {pathToFileURL} from "node:url";

const job = JSON.parse(fs.readFileSync(0, "utf8"));
const {STATUS, open} = await import(pathToFileURL(job.binding));
const say = (row) => console.log(JSON.stringify(row));
const reasons = Object.fromEntries(Object.entries(STATUS).map(([name, status]) => [status, name]));
const numbers = (file, Type) => {
    const bytes = fs.readFileSync(file);
    return new Type(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
};

const stream = await open(fs.readFileSync(job.module));
say({labels: stream.labels, window: stream.window, channels: stream.channels, canAdapt: stream.canAdapt,
     periodUs: stream.periodUs});
for (const step of job.steps) {
    try {
        if (step.do === "push") {
            const samples = numbers(step.samples, Float32Array), times = numbers(step.times, Float64Array);
            const shown = new Map(step.shown ?? []);
            for (let index = 0; index < times.length; index++) {
                const at = index * stream.channels;
                const status = stream.push(samples.subarray(at, at + stream.channels), times[index]);
                if (status === STATUS.decision) {
                    say(stream.decision);
                    if (shown.has(index)) {
                        say({remembered: stream.remember(shown.get(index))});
                    }
                } else if (status >= STATUS.nan) {
                    say({timeUs: times[index], reason: reasons[status]});
                }
            }
        } else {
            const named = stream[step.do];
            const result = typeof named === "function" ? named.apply(stream, step.with ?? []) : named;
            say({did: step.do, result: result instanceof Uint8Array ? [...result] : result ?? null});
        }
    } catch (error) {
        say({did: step.do, error: error.message});
    }
}
