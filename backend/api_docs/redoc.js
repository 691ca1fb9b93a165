// redoc.js -- shows the API's own description, to be read. Its styles are allowed by the nonce of this answer.
Redoc.init("/openapi.json", { nonce: document.currentScript.nonce }, document.getElementById("redoc"));
