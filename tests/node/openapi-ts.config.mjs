// openapi-ts.config.mjs -- how hey-api makes its client: with the imports that Node takes.
export default {
  input: "openapi.json",
  output: { path: "client", importFileExtension: ".js" },
  plugins: ["@hey-api/client-fetch", "@hey-api/sdk", "@hey-api/typescript"],
};
