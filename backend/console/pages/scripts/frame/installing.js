// installing.js -- has the browser keep the page and its parts, so that it opens without the network and can be installed.

// Where pages may run no worker, as without https, nothing is kept.
export async function keepParts() {
  if (!navigator.serviceWorker) return;
  const address = "/service_worker.js";
  const policy = window.trustedTypes?.createPolicy("parley-worker", { createScriptURL: () => address });
  await navigator.serviceWorker.register(policy ? policy.createScriptURL(address) : address);
}
