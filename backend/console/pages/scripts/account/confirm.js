// confirm.js -- asks for the password where the server wants it once more, and sends the request again with it.
import { $, clearErrors, dialog, fail, showErrors } from  "../dom.js";

const REQUIRED = "urn:parley:problem:password-required";
const box = dialog("confirm");
const form = box.querySelector("form");

// The person closed the question: what they asked for was not done, and nothing has to be said about it.
export class NotConfirmed extends Error {}

// `send(fields)` is the request; the fields of the second one hold the password.
export async function confirmed(send) {
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
        if (showErrors(form, error)) fail(error);
      } finally {
        button.disabled = false;
      }
    };
    box.onclose = () => reject(new NotConfirmed());
    box.showModal();
  });
}
