// One model on one stream of sensor events: resampling, the engine, what is remembered of a person.
import {STATUS} from "./edgehar.mjs";
import {Resampler} from "./resampler.mjs";

/** The rotation of a profile's bytes (docs/spec.md), nine integers; null: none. */
export function rotationOf(profile) {
    const view = profile && new DataView(profile.buffer, profile.byteOffset, profile.byteLength);
    return view && view.getUint16(4, true) & 1
        ? Array.from({length: 9}, (_, index) => view.getInt16(20 + 2 * index, true)) : null;
}

/** The rate of the list that lies nearest to the median distance of times (µs). */
export function nearestRate(times, rates) {
    const steps = times.slice(1).map((time, index) => time - times[index]).filter((step) => step > 0).sort((a, b) => a - b);
    const hz = 1e6 / steps[steps.length >> 1];
    return rates.reduce((best, rate) => Math.abs(Math.log(rate / hz)) < Math.abs(Math.log(best / hz)) ? rate : best);
}

export class Session {
    #stream; #resampler = null; #model; #waiting = [];

    /**
     * model: an entry of models.json; stream: edgehar.mjs; on: {decision, flush, sample, remembered, aligned}.
     *
     * profile: the bytes in use, or null; rotation: what samples are turned by, or null; alignment: "waiting" for
     * walking, "aligned" in this stream, or null.
     */
    constructor(model, stream, on) {
        this.#model = model;
        this.#stream = stream;
        this.on = on;
        this.pending = null;
        this.shown = new Set();
        this.profile = this.rotation = this.alignment = null;
        stream.init({hop: model.hop});
    }

    get stream() { return this.#stream; }

    /** Begin a stream whose samples come at this rate; null: it is measured over the first second. */
    begin(rate) {
        this.#waiting = [];
        this.#resampler = rate === null ? null : this.#at(rate);
        if (this.alignment === "aligned") {
            this.#turn();
        }
        this.#stream.reset();
        this.pending = null;
        this.rate = rate;
    }

    /** What walking told of one stream is what the next one begins with. */
    #turn() {
        const {profile, rotation} = this;
        this.alignment = null;
        this.#stream.align(false);
        if (profile) {
            this.#stream.setProfile(profile);
        } else {
            this.#stream.setRotation(rotation);
        }
    }

    /** From now on wait for somebody to walk for eight seconds, and turn samples by it; or no longer. */
    align(on) {
        if (this.alignment === "aligned") {
            this.#turn();
        }
        this.#stream.align(on);
        this.alignment = on ? "waiting" : null;
    }

    #aligned(time) {
        this.alignment = "aligned";
        this.rotation = this.#stream.aligned;
        this.profile = this.#stream.canAdapt ? this.#stream.writeProfile(this.rotation) : null;
        // Windows that were shown before were turned otherwise.
        this.#stream.forget();
        this.shown.clear();
        this.on.aligned(time);
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
            } else if (status === STATUS.aligned) {
                this.#aligned(when);
            } else if (status > STATUS.duplicate) {
                this.on.flush(when);
            }
        }, (reason) => {
            this.#stream.flush(time);
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
        const profile = this.#stream.adapt(this.rotation);
        this.use(profile);
        this.forget();
        return profile;
    }

    /** Use a profile's bytes, or with null the model as it ships. */
    use(profile) {
        if (this.#stream.canAdapt) {
            this.#stream.setProfile(profile);
        } else {
            this.#stream.setRotation(null);
        }
        const rotation = rotationOf(profile);
        if (String(rotation) !== String(this.rotation)) {
            this.forget();
        }
        Object.assign(this, {profile, rotation});
        if (this.alignment === "aligned") {
            this.align(false);
        }
    }

    forget() {
        this.#stream.forget();
        this.shown.clear();
        this.pending = null;
    }
}
