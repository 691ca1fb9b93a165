// service_worker.js -- keeps the page and its parts in the browser: it opens without the network, and with it at once.
// The server writes the version of the parts into the name.
const CACHE = "parley-parts-VERSION";
const PAGE = "/";
const PART = /^\/web\/[0-9a-f]{16}\//;
const PATIENCE_MS = 4_000; // what a slow network gets before the kept page is shown

// The page names the parts that it begins with. They are in the browser's own cache already, so nothing is fetched twice.
async function keepPage() {
  const cache = await caches.open(CACHE);
  const page = await fetch(PAGE, { cache: "no-cache" });
  if (!page.ok) throw new Error(`The page could not be kept: ${page.status}`);
  const text = await page.clone().text();
  const parts = [...text.matchAll(/(?:src|href)="(\/web\/[^"]+)"/g)].map(([, address]) => address);
  await cache.addAll([...new Set(parts)]);
  await cache.put(PAGE, page);
}

async function forgetOthers() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith("parley-parts-") && name !== CACHE).map((name) => caches.delete(name)));
  await clients.claim();
}

async function openPage(request) {
  const fresh = fetch(request);
  const kept = await caches.match(PAGE);
  if (!kept) return fresh;
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS, kept));
  return Promise.race([fresh.catch(() => kept), late]);
}

// Under its name a part never changes. One of another version is asked for, and given by name, where it is kept.
async function openPart(request) {
  const kept = await caches.match(request);
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok) await (await caches.open(CACHE)).put(request, answer.clone());
  return answer;
}

addEventListener("install", (event) => {
  skipWaiting();
  event.waitUntil(keepPage());
});
addEventListener("activate", (event) => event.waitUntil(forgetOthers()));
addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (request.mode === "navigate" && pathname === PAGE) event.respondWith(openPage(request));
  else if (PART.test(pathname)) event.respondWith(openPart(request));
});
