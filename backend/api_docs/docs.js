// docs.js -- shows the API's own description, and lets one try it.
SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  validatorUrl: null, // which would send the description to a server elsewhere
});
