// The module's memory as JavaScript sees it: README.md beside this file. Works in browsers and in Node.

const ABOUT = ["window", "hop", "channels", "classes", "periodUs", "profileBytes", "mostWindows",
               "sample", "settings", "decision", "rotation", "profile"];
const SETTINGS = ["hop", "smoothing", "votes", "alpha", "threshold", "hysteresis", "minDwell"];

// What push returns; negative: an error in the call (edgehar.h, enum edgehar_status).
export const STATUS = {kept: 0, decision: 1, duplicate: 2, nan: 3, gap: 4, backward: 5, rate: 6, aligned: 7};

// Why a label is unsure: the best score is under the threshold, or the device is worn as the model was never trained.
const REASONS = [null, "score", "placement"];

// The smallest module that has SIMD: a function that returns a splatted byte's lane.
const PROBE = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0,
                              253, 15, 253, 98, 11]);

/** Whether this engine runs edgehar_simd.wasm. */
export function hasSimd() {
    return WebAssembly.validate(PROBE);
}

/** One model and one stream, from the bytes of a module, or a compiled WebAssembly.Module. */
export async function open(source) {
    const made = await WebAssembly.instantiate(source);
    return new Stream((made.instance ?? made).exports);
}

export class Stream {
    #wasm; #at; #sample; #settings; #numbers; #time; #p; #rotation; #profile;

    constructor(wasm) {
        const memory = wasm.memory.buffer;
        const about = new Int32Array(memory, wasm.about(), ABOUT.length);
        const at = Object.fromEntries(ABOUT.map((name, index) => [name, about[index]]));
        this.#wasm = wasm;
        this.#at = at;
        this.#sample = new Float32Array(memory, at.sample, at.channels);
        this.#settings = new Int32Array(memory, at.settings, SETTINGS.length);
        this.#time = new Float64Array(memory, at.decision, 1);
        this.#numbers = new Int32Array(memory, at.decision + 8, 3 + at.classes);
        this.#p = new Uint8Array(memory, at.decision + 20 + 4 * at.classes, at.classes);
        this.#rotation = new Int16Array(memory, at.rotation, 9);
        this.#profile = new Uint8Array(memory, at.profile, at.profileBytes);
        this.labels = Array.from({length: at.classes}, (_, index) => this.#text(wasm.label(index)));
    }

    get window() { return this.#at.window; }
    get channels() { return this.#at.channels; }
    get periodUs() { return this.#at.periodUs; }
    get canAdapt() { return this.#at.profileBytes > 0; }
    get mostWindows() { return this.#at.mostWindows; }

    /** The settings that the next init takes: hop, smoothing, votes, alpha, threshold, hysteresis, minDwell. */
    get settings() {
        return Object.fromEntries(SETTINGS.map((name, index) => [name, this.#settings[index]]));
    }

    /** Begin a stream, with some settings changed; everything learned is forgotten. Throws where one is out of range. */
    init(changes = {}) {
        for (const [name, value] of Object.entries(changes)) {
            const index = SETTINGS.indexOf(name);
            if (index < 0 || !Number.isInteger(value)) {
                throw new RangeError(`expected ${SETTINGS.join(", ")} and whole numbers, got ${name}: ${value}`);
            }
            this.#settings[index] = value;
        }
        this.#checked(this.#wasm.init(), "init");
    }

    /** Take a sample, m/s², one number for each channel, at whole microseconds, or without a time. Returns a STATUS. */
    push(sample, timeUs = NaN) {
        this.#sample.set(sample);
        return this.#checked(this.#wasm.push(timeUs), "push");
    }

    /** What the last decision was: p in 1/256, scores in 1/32768; label -1 is unsure, and reason says why. */
    get decision() {
        const [label, raw, reason, ...scores] = this.#numbers;
        return {timeUs: this.#time[0], label, raw, reason: REASONS[reason], p: [...this.#p], scores};
    }

    /** Forget all samples: a new recording begins. */
    reset() { this.#wasm.reset(); }

    /** The next sample does not follow the one before: forget the window, but not what walking has told. */
    flush(timeUs = NaN) { return this.push(new Float32Array(this.#at.channels).fill(NaN), timeUs); }

    /** Wait for 8 s of walking and turn samples by it (push then returns STATUS.aligned); false: no longer. */
    align(on = true) { this.#checked(this.#wasm.align(on ? 1 : 0), "align"); }

    /** The rotation that walking has told, as setRotation takes it; null: not yet. */
    get aligned() { return this.#wasm.aligned() ? [...this.#rotation] : null; }

    /** Turn every sample by nine integers in units of 1/16384, row by row, or by null not any more. */
    setRotation(rotation) {
        if (rotation) {
            this.#rotation.set(rotation);
        }
        this.#checked(this.#wasm.set_rotation(rotation ? 1 : 0), "set_rotation");
    }

    /** Use a profile file's bytes, or with null the model as it was trained. */
    setProfile(bytes) {
        if (bytes && bytes.length > this.#at.profileBytes) {
            throw new RangeError(`expected a profile of ${this.#at.profileBytes} bytes, got ${bytes.length}`);
        }
        if (bytes) {
            this.#profile.set(bytes);
        }
        this.#checked(this.#wasm.set_profile(bytes ? bytes.length : 0), "set_profile");
    }

    /** The window of the decision just made shows this label: returns how many windows are remembered. */
    remember(label) { return this.#checked(this.#wasm.remember(label), "remember"); }

    /** Forget the windows that were remembered. */
    forget() { this.#wasm.forget(); }

    /** Learn the last layer from the windows remembered: the bytes of a profile, with a rotation if one is given. */
    adapt(rotation = null) {
        if (rotation) {
            this.#rotation.set(rotation);
        }
        return this.#profile.slice(0, this.#checked(this.#wasm.adapt(rotation ? 1 : 0), "adapt"));
    }

    /** The bytes of a profile with the last layer in use and a rotation, or none. */
    writeProfile(rotation) {
        if (rotation) {
            this.#rotation.set(rotation);
        }
        return this.#profile.slice(0, this.#checked(this.#wasm.write_profile(rotation ? 1 : 0), "write_profile"));
    }

    #checked(status, name) {
        if (status < 0) {
            const reason = ["argument", "memory", "configuration", "profile", "model"][-status - 1] ?? status;
            throw new Error(`edgehar ${name}: wrong ${reason}`);
        }
        return status;
    }

    #text(at) {
        const bytes = new Uint8Array(this.#wasm.memory.buffer, at);
        return new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
    }
}
