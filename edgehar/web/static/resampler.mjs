// A phone's samples at the model's rate: the arithmetic of edgehar/streaming/resampler.py, in the same order, so that
// the same events give the same bits.

/** Samples on an even grid of times by linear interpolation between those that came: a phone delivers when it likes. */
class Grid {
    constructor(rate) {
        this.rate = rate;
        this.clear();
    }

    clear() {
        this.last = null;
        this.count = 0;
    }

    /** Points [time, sample] of the grid that lie up to this sample. */
    push(time, sample) {
        const points = [];
        if (this.last === null) {
            this.start = time;
        }
        for (;;) {
            const at = this.start + Math.floor(this.count * 1e6 / this.rate + 0.5);
            if (at > time) {
                break;
            }
            points.push([at, this.last === null || at === time ? sample : this.#between(at, time, sample)]);
            this.count += 1;
        }
        this.last = [time, sample];
        return points;
    }

    #between(at, time, sample) {
        const [before, from] = this.last;
        const share = (at - before) / (time - before);
        return sample.map((value, axis) => from[axis] + (value - from[axis]) * share);
    }
}

/** From one rate to another through the filter that Python made. */
class Polyphase {
    constructor({up, down, half}) {
        const taps = [...half, ...half.slice(0, -1).reverse()];
        const middle = taps.length >> 1;
        this.up = up;
        this.down = down;
        this.reach = Math.floor(middle / up) + 1;
        this.weights = Array.from({length: up}, (_, phase) => {
            const row = [];
            for (let offset = -this.reach; offset <= this.reach; offset++) {
                row.push(taps[middle + phase - offset * up] ?? 0);
            }
            return row;
        });
        this.clear();
    }

    clear() {
        this.near = [];
        this.times = [];
        this.first = -this.reach;
        this.next = 0;
    }

    /** Outputs [time, sample] that can be made now. */
    push(time, sample) {
        if (!this.near.length) {
            for (let count = 0; count < this.reach; count++) {
                this.near.push(sample);
                this.times.push(time);
            }
        }
        this.near.push(sample);
        this.times.push(time);
        const made = [];
        for (;;) {
            const place = this.next * this.down, phase = place % this.up;
            const row = Math.floor(place / this.up) - this.first;
            if (row + this.reach >= this.near.length) {
                break;
            }
            const step = this.times[row + 1] - this.times[row];
            made.push([this.times[row] + Math.floor(step * phase / this.up), this.#filtered(row, this.weights[phase])]);
            this.next += 1;
        }
        const done = Math.max(0, Math.min(Math.floor(this.next * this.down / this.up) - this.first - this.reach,
                                          this.near.length));
        this.near.splice(0, done);
        this.times.splice(0, done);
        this.first += done;
        return made;
    }

    #filtered(row, weights) {
        const sums = weights[0] === undefined ? [] : this.near[row - this.reach].map((value) => weights[0] * value);
        for (let index = 1; index < weights.length; index++) {
            const sample = this.near[row - this.reach + index];
            for (let axis = 0; axis < sums.length; axis++) {
                sums[axis] += weights[index] * sample[axis];
            }
        }
        return sums.map(Math.fround);
    }
}

/** Samples of one rate in, samples of the model's rate out; a pause, a step back or no number begins anew. */
export class Resampler {
    #grid; #filter; #kept = null; #longest;

    /** filter: {up, down, half} of Python, or null where the rates are equal. */
    constructor(fromHz, toHz, filter) {
        this.#grid = new Grid(fromHz);
        this.#filter = filter && new Polyphase(filter);
        this.#longest = 2 * Math.floor(1e6 / Math.min(fromHz, toHz) + 0.5);
    }

    clear() {
        this.#grid.clear();
        this.#filter?.clear();
        this.#kept = null;
    }

    /** Calls take(time, sample) for each output, and flush(reason) where samples are forgotten. Times are µs. */
    push(time, sample, take, flush) {
        if (!sample.every(Number.isFinite)) {
            this.clear();
            flush("nan");
            return;
        }
        const kept = this.#kept;
        if (kept !== null && (time < kept || time - kept > this.#longest)) {
            this.clear();
            flush(time < kept ? "backward" : "gap");
        } else if (time === kept) {
            return;
        }
        this.#kept = time;
        const values = sample.map(Math.fround);
        if (!this.#filter) {
            take(time, values);
            return;
        }
        for (const [at, point] of this.#grid.push(time, values)) {
            for (const [when, made] of this.#filter.push(at, point)) {
                take(when, made);
            }
        }
    }
}
