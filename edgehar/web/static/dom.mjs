// The page's elements.

export const byId = (id) => document.getElementById(id);

export function element(name, text = "", attributes = {}) {
    const made = document.createElement(name);
    made.textContent = text;
    for (const [key, value] of Object.entries(attributes)) {
        made.setAttribute(key, value);
    }
    return made;
}

/** What a screen reader is told, too: said only where it is new. */
export function announce(id, words) {
    if (byId(id).textContent !== words) {
        byId(id).textContent = words;
    }
}

export function say(words, wrong = false) {
    byId("message").textContent = words;
    byId("message").classList.toggle("error", wrong);
}

/** Run what a person asked for; what goes wrong is said, not thrown. */
export const tell = (work) => async (...given) => {
    try {
        await work(...given);
    } catch (error) {
        say(error.message, true);
    }
};
