// The page: what the buttons do and what is shown.
import {hasSimd, open} from "./edgehar.mjs";
import {drawSignal, drawTimeline} from "./charts.mjs";
import {announce, byId, element, say, tell} from "./dom.mjs";
import {decisionsCsv, readRecording, recordingCsv, save} from "./files.mjs";
import {Session} from "./session.mjs";
import {alignmentOf, becauseOf, nameOf} from "./words.mjs";

const SIGNAL_SECONDS = 8, TIMELINE_SECONDS = 120, MOST_ROWS = 2_000_000;
const state = {models: [], model: null, session: null, samples: [], decisions: [], rows: [], recording: false,
               shown: null, lock: null, listening: false, now: 0, drawn: false, quiet: false};

function showModels() {
    byId("models").replaceChildren(...state.models.map((model, index) => {
        const label = element("label");
        const choice = element("input", "", {type: "radio", name: "model", value: String(index)});
        choice.addEventListener("change", tell(() => choose(model)));
        label.append(choice, element("strong", model.name), element("small", model.worn), element("small", model.figure));
        return label;
    }));
}

/** Open a model; the sensor stops, and what was decided by the one before is forgotten. */
async function choose(model) {
    stop();
    say(`Loading ${model.name} …`);
    const response = await fetch(hasSimd() ? model.simd : model.plain);
    if (!response.ok) {
        throw new Error(`cannot load ${model.name}: ${response.status} ${response.statusText}`);
    }
    const stream = await open(await response.arrayBuffer());
    Object.assign(state, {model, samples: [], decisions: [], shown: null});
    state.session = new Session(model, stream, {decision: decided, flush: flushed, sample: sampled, remembered, aligned});
    byId("models").querySelectorAll("input").forEach((one, index) => { one.checked = state.models[index] === model; });
    byId("probabilities").replaceChildren(...stream.labels.map((name) => {
        const row = element("li");
        row.append(element("span", name), element("meter", "", {min: 0, max: 256, value: 0, "aria-label": name}),
                   element("span", "–"));
        return row;
    }));
    byId("adapt").hidden = !stream.canAdapt;
    byId("shown").replaceChildren(...stream.labels.map((name, index) => {
        const button = element("button", name, {type: "button", "aria-pressed": "false"});
        button.addEventListener("click", tell(() => show(index)));
        return button;
    }));
    byId("truth").replaceChildren(element("option", "none", {value: ""}),
                                  ...stream.labels.map((name) => element("option", name, {value: name})));
    byId("rate").replaceChildren(element("option", "measured", {value: ""}),
                                 ...model.rates.map((rate) => element("option", `${rate} Hz`, {value: rate})));
    byId("changes").replaceChildren();
    showLabel(null);
    const kept = localStorage.getItem(key());
    use(kept ? Uint8Array.from(atob(kept), (one) => one.charCodeAt(0)) : null, kept ? "The profile of this browser." : "");
    say(`${model.name} is ready.`);
    buttons();
    draw();
}

const key = () => `edgehar profile ${state.model.sha256}`;

function buttons() {
    const {session, listening} = state;
    byId("start").disabled = listening || !session;
    byId("stop").disabled = !listening;
    byId("record").disabled = !listening;
    byId("record").setAttribute("aria-pressed", String(state.recording));
    byId("save-recording").disabled = byId("replay-own").disabled = state.recording || !state.rows.length;
    byId("save-decisions").disabled = !state.decisions.length;
    byId("learn").disabled = !session?.canLearn;
    byId("plain").disabled = byId("save-profile").disabled = !session?.profile;
    byId("align").disabled = !session || Boolean(state.model.unalignable);
    byId("align").setAttribute("aria-pressed", String(session?.alignment === "waiting"));
    if (session) {
        announce("alignment", alignmentOf(session, state.model));
    }
    byId("shown").querySelectorAll("button").forEach((button, index) => {
        button.disabled = !listening;
        button.setAttribute("aria-pressed", String(session?.pending?.label === index));
    });
}

function draw() {
    if (state.drawn) {
        return;
    }
    state.drawn = true;
    requestAnimationFrame(() => {
        state.drawn = false;
        const {session, model} = state;
        drawSignal(byId("signal"), state.samples, SIGNAL_SECONDS);
        drawTimeline(byId("timeline"), state.decisions.slice(-TIMELINE_SECONDS), session.stream.labels,
                     {hopUs: model.hop * session.stream.periodUs, seconds: TIMELINE_SECONDS, placement: model.placement});
    });
}

function sampled(time, values) {
    state.samples.push([time, values]);
    const old = time - SIGNAL_SECONDS * 1e6;
    while (state.samples[0][0] < old) {
        state.samples.shift();
    }
    if (!state.quiet) {
        draw();
    }
}

/** What is decided and why it is unsure, in words; null: nothing yet. */
function showLabel(decision) {
    announce("label", decision ? state.session.stream.labels[decision.label] ?? "unsure" : "–");
    announce("why", decision ? becauseOf(decision.reason, state.model) : "");
}

function decided(decision) {
    state.decisions.push(decision);
    const name = nameOf(decision, state.session.stream.labels);
    if (name !== state.shown) {
        state.shown = name;
        byId("changes").prepend(element("li", `${(decision.timeUs / 1e6).toFixed(1)} s: ${name}`));
        while (byId("changes").children.length > 100) {
            byId("changes").lastChild.remove();
        }
    }
    if (!state.quiet) {
        showLabel(decision);
        showProbabilities(decision);
    }
}

function showProbabilities({p}) {
    byId("probabilities").querySelectorAll("li").forEach((row, index) => {
        row.children[1].value = p[index];
        row.children[2].textContent = `${Math.round(p[index] / 2.56)} %`;
    });
    byId("save-decisions").disabled = false;
    draw();
}

function flushed(time, reason) {
    state.shown = null;
    if (!state.quiet) {
        showLabel(null);
        say(`Samples were forgotten${reason ? ` (${reason})` : ""}; the next decision comes in four seconds.`);
    }
}

/** Walking has told how the phone is turned: kept at once, for the next time and for the microcontroller. */
function aligned(time) {
    const {session} = state;
    state.shown = null;
    byId("changes").prepend(element("li", `${(time / 1e6).toFixed(1)} s: aligned by walking`));
    if (session.profile) {
        keep(session.profile);
        announce("profile", `The profile holds the rotation, ${session.profile.length} bytes. Windows that were shown `
            + "before it are forgotten.");
    }
    if (!state.quiet) {
        showLabel(null);
        say("Aligned; the next decision comes in four seconds.");
    }
    buttons();
}

function align() {
    state.session.align(state.session.alignment !== "waiting");
    state.shown = null;
    showLabel(null);
    buttons();
}

function remembered(label, count) {
    byId("profile").textContent = `${count} of at most ${state.session.stream.mostWindows} windows shown; the last one: `
        + `${state.session.stream.labels[label]}.${state.session.canLearn ? "" : " Show another activity."}`;
    buttons();
}

/** A motion event of the phone. */
function moved(event) {
    const {x, y, z} = event.accelerationIncludingGravity ?? {};
    if (x === null || x === undefined) {
        return;
    }
    const sign = byId("opposite").checked ? -1 : 1;
    const time = Math.round(event.timeStamp * 1000), sample = [sign * x, sign * y, sign * z];
    state.now = time;
    if (state.recording) {
        state.rows.push([time, sample, byId("truth").value]);
        if (state.rows.length === MOST_ROWS) {
            record();
            say("The recording is full and was ended; save it.", true);
        }
    }
    state.session.push(time, sample);
}

const chosenRate = () => byId("rate").value ? Number(byId("rate").value) : null;

async function start() {
    if (typeof DeviceMotionEvent === "undefined") {
        throw new Error("this browser has no motion sensor; replay a CSV instead");
    }
    if (!isSecureContext) {
        throw new Error("a phone gives its sensor to https pages and to localhost only");
    }
    if (typeof DeviceMotionEvent.requestPermission === "function"
        && await DeviceMotionEvent.requestPermission() !== "granted") {
        throw new Error("the sensor was refused; allow motion in the browser's settings for this page");
    }
    state.decisions = [];
    state.session.begin(chosenRate());
    addEventListener("devicemotion", moved);
    state.listening = true;
    state.now = 0;
    buttons();
    say("Waiting for the sensor …");
    setTimeout(() => {
        if (state.listening) {
            say(state.now ? `Samples at about ${state.session.rate} Hz. Keep the screen on.`
                          : "No sample has come: this device may have no motion sensor; replay a CSV instead.", !state.now);
        }
    }, 2500);
    state.lock = await navigator.wakeLock?.request("screen").catch(() => null);
}

function stop() {
    if (!state.listening) {
        return;
    }
    removeEventListener("devicemotion", moved);
    state.listening = false;
    if (state.recording) {
        record();
    }
    state.lock?.release();
    state.session.pending = null;
    say("Stopped.");
    buttons();
}

function show(label) {
    state.session.show(label, state.now);
    byId("profile").textContent = `Go on ${state.session.stream.labels[label]} for four seconds …`;
    buttons();
}

function use(profile, words) {
    try {
        state.session.use(profile);
    } catch (error) {
        localStorage.removeItem(key());
        throw new Error(`this profile is not for ${state.model.name}, or damaged`);
    }
    byId("profile").textContent = profile ? words : "No profile.";
    buttons();
}

const keep = (profile) => localStorage.setItem(key(), btoa(String.fromCharCode(...profile)));

function learn() {
    const profile = state.session.learn();
    keep(profile);
    use(profile, `Learned, ${profile.length} bytes, kept in this browser. Save it for the microcontroller.`);
}

function plain() {
    localStorage.removeItem(key());
    state.session.forget();
    state.session.align(false);
    use(null);
}

async function openProfile() {
    const [file] = byId("open-profile").files;
    if (file) {
        use(new Uint8Array(await file.arrayBuffer()), `The profile of ${file.name}.`);
        keep(state.session.profile);
    }
}

function record() {
    state.recording = !state.recording;
    if (state.recording) {
        state.rows = [];
    }
    byId("recorded").textContent = state.recording ? "Recording …" : `${state.rows.length} samples recorded.`;
    buttons();
}

/** Rows through the model as fast as it can, a slice at a time so that the page stays alive. */
async function replay(rows) {
    stop();
    state.decisions = [];
    state.samples = [];
    state.shown = null;
    byId("changes").replaceChildren();
    state.session.begin(chosenRate());
    state.quiet = true;
    try {
        for (let start = 0; start < rows.length; start += 20_000) {
            say(`Replaying, ${Math.round(100 * start / rows.length)} % …`);
            await new Promise((resume) => setTimeout(resume));
            rows.slice(start, start + 20_000).forEach(([time, values]) => state.session.push(time, values));
        }
        state.session.end();
    } finally {
        state.quiet = false;
    }
    const last = state.decisions.at(-1);
    showLabel(last ?? null);
    if (last) {
        showProbabilities(last);
    }
    say(`Replayed ${rows.length} samples at ${state.session.rate} Hz: ${state.decisions.length} decisions.`);
    buttons();
}

async function replayFile() {
    const [file] = byId("replay").files;
    if (file) {
        await replay(readRecording(await file.text()));
    }
}

const ACTIONS = {
    start, stop, align, learn, plain, record,
    "save-profile": () => save(`${state.model.name}.profile`, state.session.profile, "application/octet-stream"),
    "save-recording": () => save("recording.csv", recordingCsv(state.rows), "text/csv"),
    "save-decisions": () => save("decisions.csv", decisionsCsv(state.decisions, state.session.stream.labels), "text/csv"),
    "replay-own": () => replay(state.rows),
};
for (const [id, action] of Object.entries(ACTIONS)) {
    byId(id).addEventListener("click", tell(action));
}
byId("open-profile").addEventListener("change", tell(openProfile));
byId("replay").addEventListener("change", tell(replayFile));
addEventListener("resize", () => state.session && draw());
// WebKit on iPhones and iPads reports gravity with the opposite sign; of all engines it alone knows this property there.
byId("opposite").checked = CSS.supports("-webkit-touch-callout", "none");

await tell(async () => {
    const told = await (await fetch("models.json")).json();
    state.models = told.models.map((model) => ({...model, filters: told.filters[model.rate]}));
    showModels();
    await choose(state.models[0]);
    await navigator.serviceWorker?.register("offline.js").catch(() => null);
})();
