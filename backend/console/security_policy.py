# console/security_policy.py -- the headers that tell a browser what the console's page may do, above all its CSP.
# Only resources of this host, nothing inline, no framing, no form or base that leads to another host.
POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types parley parley-worker",
    ]
)
# Of a script or a style that somebody opens by itself: it is text, and there is nothing that it may do.
PART_POLICY = "default-src 'none'; frame-ancestors 'none'"
PART_HEADERS = {
    "Content-Security-Policy": PART_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# The console's service worker fetches the page and its parts, and nothing else.
WORKER_HEADERS = {
    **PART_HEADERS,
    "Content-Security-Policy": "default-src 'none'; connect-src 'self'; frame-ancestors 'none'",
}
HEADERS = {
    **PART_HEADERS,
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    # Revalidated on each use and answered with 304 while unchanged: an upgrade shows at once.
    "Cache-Control": "no-cache",
}
