// account_list.js -- the user's accounts in a sheet: one is chosen or opened, a team is made, an invitation accepted.
import { post } from "../api.js";
import { bdi, drawItems, el, showFailure } from "../dom.js";
import { FieldError } from "../forms.js";
import { openPart } from "../later.js";
import { makeField, makeForm, makeList, openSheet } from "../sheet.js";
import { choose, enter, getHere, getUser, listAccounts, onListed } from "./accounts.js";

const NO_INVITATION = "This invitation does not count for you: it is used, older than a week, or for another email.";

let sheet = null;

export function open() {
  sheet = openSheet("accounts", "Accounts", { leave: "Close accounts", size: "small-sheet" },
    makeList("accounts-list"),
    makeForm("team-new", "Create", async ({ name }) => {
      await enter(await post("/v1/accounts", { name: name.value.trim() }));
      sheet.close();
    }, el("h3", {}, "New team"), makeField("team-new-name", "name", "Name of the team", { dir: "auto", maxlength: "100" })),
    makeForm("team-join", "Join", async ({ token }) => {
      await enter(await acceptInvitation(token.value.trim()));
      sheet.close();
    }, el("h3", {}, "Join a team"),
    makeField("team-join-token", "token", "Your invitation", { maxlength: "200", spellcheck: "false", placeholder: "parley_invite_…" })));
  drawAccounts();
}

async function acceptInvitation(token) {
  try {
    return await post("/v1/invitations/accept", { token });
  } catch (error) {
    throw error.status === 404 ? new FieldError("token", NO_INVITATION) : error;
  }
}

function drawAccounts() {
  const rows = listAccounts().map((account) => ({ ...account, isHere: account.id === getHere().id }));
  drawItems(sheet.querySelector("#accounts-list"), rows, makeAccount);
}

function makeAccount(account) {
  const openTeam = () => {
    sheet.close();
    openPart(() => import("./team.js"), getUser(), account);
  };
  return el("li", {},
    el("button", {
      type: "button", class: "choice", "aria-pressed": String(account.isHere),
      onclick: () => choose(account).then(() => sheet.close(), showFailure),
    }, bdi(account.name), el("span", { class: "tag" }, account.kind === "personal" ? "personal" : account.role)),
    el("button", { type: "button", class: "plain", "aria-label": `Members and agents of ${account.name}`, onclick: openTeam }, "Open"));
}

onListed(() => sheet?.open && drawAccounts());
