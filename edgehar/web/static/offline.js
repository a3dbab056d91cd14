// Everything of the page is kept at the first load, under the page's own version, so that it works without a network.
const VERSION = "VERSION", FILES = FILES_LIST;

addEventListener("install", (event) => event.waitUntil(
    caches.open(VERSION).then((cache) => cache.addAll(FILES)).then(() => skipWaiting())));
addEventListener("activate", (event) => event.waitUntil(
    caches.keys().then((names) => Promise.all(names.filter((name) => name.startsWith("edgehar ") && name !== VERSION)
        .map((name) => caches.delete(name)))).then(() => clients.claim())));
addEventListener("fetch", (event) => {
    if (event.request.method === "GET") {
        event.respondWith(caches.match(event.request, {ignoreSearch: true}).then((kept) => kept ?? fetch(event.request)));
    }
});
