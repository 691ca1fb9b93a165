// confirm.js -- asks for the password when the server requires it again, and repeats the request with it.
import { el } from "../dom.js";
import { NotConfirmed } from "../forms.js";
import { makeField, makeForm, openSheet } from "../sheet.js";

const REQUIRED = "urn:parley:problem:password-required";

// `send(fields)` makes the request; the fields of the second one hold the password.
export async function sendConfirmed(send) {
  try {
    return await send({});
  } catch (error) {
    if (error.type !== REQUIRED) throw error;
  }
  return new Promise((resolve, reject) => {
    const form = makeForm("confirm-form", "Go on", async ({ current_password: { value } }) => {
      resolve(await send({ current_password: value }));
      box.close();
    },
    el("p", { class: "muted" }, "This needs your password, since you signed in a while ago."),
    makeField("confirm-password", "current_password", "Your password", { type: "password", autocomplete: "current-password", autofocus: true }));
    const box = openSheet("confirm", "Is it you?", { leave: "Close without doing it", size: "small-sheet" }, form);
    box.addEventListener("close", () => reject(new NotConfirmed()));
  });
}
