// doing.js -- what is done with one task: a change or its deletion is shown at once, sent, and can be taken back.
import { get } from "../api.js";
import { bdi, showFailure } from "../dom.js";
import { fetchChanges } from "../later.js";
import { dropTask, noteReturned } from "./store.js";
import { applyChange, applyDeletion, drawList, findItem, showTask } from "./list.js";

// A change that can be taken back; the task as it is then.
export async function sendChange(task, method, said, fields) {
  const { change } = await fetchChanges();
  const comeBack = () => showAgain(task.id);
  const [changed] = await change([[method, `/v1/tasks/${task.id}`, fields]], { said, comeBack });
  return changed;
}

async function showAgain(id) {
  noteReturned(id);
  applyChange(await get(`/v1/tasks/${id}`));
  findItem(id)?.querySelector(".task-text").focus();
}

// Shows the change at once; the server's response corrects it.
export async function changeTask(task, fields, said) {
  showTask({ ...task, ...fields });
  try {
    applyChange(await sendChange(task, "PATCH", [`${said}: `, bdi(task.title)], fields));
  } catch (error) {
    showTask(task);
    showFailure(error);
  }
}

export async function deleteTask(task) {
  dropTask(task.id);
  drawList();
  try {
    await sendChange(task, "DELETE", ["Deleted “", bdi(task.title), "”"]);
    applyDeletion(task.id);
  } catch (error) {
    if (error.status === 404) return;
    showTask(task);
    showFailure(error);
  }
}
