// tokens.js -- in the settings: the apps that the user has let in, and the API tokens of programs, each to be revoked.
import { getList, remove } from "../api.js";
import { announce, bdi, drawItems, el, formatDay, showFailure } from "../dom.js";
import { makeCarefulButton, makeList, makeSection } from "../sheet.js";

const list = makeList("tokens");
const none = el("p", { class: "muted", id: "tokens-none" }, "None yet. An app that you connect asks you here.");

export const makeTokens = () => makeSection("tokens-part", "Apps and API tokens", none, list);

export async function showTokens() {
  const tokens = await getList("/v1/me/tokens");
  none.hidden = tokens.length > 0;
  drawItems(list, tokens, makeToken);
}

function makeToken(token) {
  const used = token.last_used_at ? `last used ${formatDay(token.last_used_at).toLowerCase()}` : "not used yet";
  return el("li", {},
    el("div", {},
      el("p", {}, bdi(token.name), token.client_id && el("span", { class: "tag" }, "app")),
      el("p", { class: "muted small" }, `${token.scopes.join(", ")} · ${used}`)),
    makeCarefulButton("Revoke", `Revoke ${token.name}`, () => revoke(token)));
}

async function revoke(token) {
  try {
    await remove(`/v1/me/tokens/${token.id}`);
    announce("Revoked");
    await showTokens();
  } catch (error) {
    showFailure(error);
  }
}
