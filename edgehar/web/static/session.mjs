// One model on one stream of sensor events: resampling, the engine, what is remembered of a person.
import {STATUS} from "./edgehar.mjs";
import {Resampler} from "./resampler.mjs";

/** The rate of the list that lies nearest to the median distance of times (µs). */
export function nearestRate(times, rates) {
    const steps = times.slice(1).map((time, index) => time - times[index]).filter((step) => step > 0).sort((a, b) => a - b);
    const hz = 1e6 / steps[steps.length >> 1];
    return rates.reduce((best, rate) => Math.abs(Math.log(rate / hz)) < Math.abs(Math.log(best / hz)) ? rate : best);
}

export class Session {
    #stream; #resampler = null; #model; #waiting = [];

    /**
     * model: an entry of models.json; stream: edgehar.mjs; on: {decision, flush, sample, remembered}.
     */
    constructor(model, stream, on) {
        this.#model = model;
        this.#stream = stream;
        this.on = on;
        this.pending = null;
        this.shown = new Set();
        stream.init({hop: model.hop});
    }

    get stream() { return this.#stream; }

    /** Begin a stream whose samples come at this rate; null: it is measured over the first second. */
    begin(rate) {
        this.#waiting = [];
        this.#resampler = rate === null ? null : this.#at(rate);
        this.#stream.reset();
        this.pending = null;
        this.rate = rate;
    }

    #at(rate) {
        return new Resampler(rate, this.#model.rate, this.#model.filters[rate] ?? null);
    }

    /** An event: time in µs, x, y, z in m/s², Android's signs. */
    push(time, sample) {
        if (this.#resampler) {
            this.#take(time, sample);
            return;
        }
        this.#waiting.push([time, sample]);
        if (time - this.#waiting[0][0] >= 1e6) {
            this.end();
        }
    }

    /** Nothing more comes: what was waiting for a rate is taken. */
    end() {
        if (this.#resampler || this.#waiting.length < 2) {
            return;
        }
        this.rate = nearestRate(this.#waiting.map(([time]) => time), this.#model.rates);
        this.#resampler = this.#at(this.rate);
        for (const [time, sample] of this.#waiting.splice(0)) {
            this.#take(time, sample);
        }
    }

    #take(time, sample) {
        this.#resampler.push(time, sample, (when, values) => {
            this.on.sample(when, values);
            const status = this.#stream.push(values, when);
            if (status === STATUS.decision) {
                this.#decided(this.#stream.decision);
            } else if (status > STATUS.duplicate) {
                this.on.flush(when);
            }
        }, (reason) => {
            this.#stream.reset();
            this.on.flush(time, reason);
        });
    }

    /** From the next window that lies wholly after this moment on, it shows this label. */
    show(label, time) {
        this.pending = {label, from: time + (this.#stream.window - 1) * this.#stream.periodUs};
    }

    #decided(decision) {
        if (this.pending && decision.timeUs >= this.pending.from) {
            const {label} = this.pending;
            const count = this.#stream.remember(label);
            this.shown.add(label);
            this.pending = null;
            this.on.remembered(label, count);
        }
        this.on.decision(decision);
    }

    /** Whether there is something to tell apart: two activities were shown. */
    get canLearn() { return this.shown.size > 1; }

    /** The bytes of a profile learned from what was shown; it is in use from now on. */
    learn() {
        const profile = this.#stream.adapt();
        this.use(profile);
        this.forget();
        return profile;
    }

    /** Use a profile's bytes, or with null the model as it ships. */
    use(profile) { this.#stream.setProfile(profile); }

    forget() {
        this.#stream.forget();
        this.shown.clear();
        this.pending = null;
    }
}
