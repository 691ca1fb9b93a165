// confirm.js -- asks for the password when the server requires it again, and repeats the request with it.
import { $, clearErrors, setUpDialog, showFailure, showErrors } from "../dom.js";

const REQUIRED = "urn:parley:problem:password-required";
const box = setUpDialog("confirm");
const form = box.querySelector("form");

// The user closed the dialog: the request was not made, and no message is needed.
export class NotConfirmed extends Error {}

// `send(fields)` makes the request; the fields of the second one hold the password.
export async function sendConfirmed(send) {
  try {
    return await send({});
  } catch (error) {
    if (error.type !== REQUIRED) throw error;
  }
  return new Promise((resolve, reject) => {
    form.reset();
    clearErrors(form);
    form.onsubmit = async (event) => {
      event.preventDefault();
      clearErrors(form);
      const button = form.querySelector("button.primary");
      button.disabled = true;
      try {
        resolve(await send({ current_password: form.elements.current_password.value }));
        box.close();
      } catch (error) {
        if (showErrors(form, error)) showFailure(error);
      } finally {
        button.disabled = false;
      }
    };
    box.onclose = () => reject(new NotConfirmed());
    box.showModal();
  });
}
