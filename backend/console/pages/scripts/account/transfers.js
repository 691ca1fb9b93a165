// transfers.js -- in the settings: all of the user's data as a file, and files of other products.
import { getAccessToken, renewToken } from "./session.js";
import { openFile } from "../api.js";
import { announce, el, formatCount, showFailure } from "../dom.js";
import { ApiError, Unreachable } from "../http.js";
import { makeSection } from "../sheet.js";

const NOUNS = [["tasks", "task"], ["conversations", "conversation"], ["messages", "message"]];

export function makeTransfers() {
  const take = el("button", { type: "button", class: "plain", id: "export" }, "Download all of it");
  take.addEventListener("click", () => hold(take, download));
  const file = el("input", { type: "file", id: "import-file", accept: ".json,.jsonl,.csv" });
  const bar = el("progress", { id: "import-progress", max: "1", value: "0", "aria-label": "Progress of the import", hidden: true });
  const said = el("p", { class: "saved", role: "status", id: "import-said" });
  const rest = el("ul", { class: "muted small", id: "import-rest" });
  file.addEventListener("change", () => file.files.length && hold(file, () => bring(file, { bar, said, rest })));
  return makeSection("transfers", "Your data",
    el("p", { class: "muted" }, "All that is yours and that you may read, as a file of JSON lines."),
    el("div", { class: "row" }, take),
    el("div", { class: "field" },
      el("label", { for: "import-file" }, "Bring conversations and tasks: an export of Parley, ChatGPT's conversations.json, Open WebUI's chats, or a CSV of Todoist"),
      file),
    bar, said, rest);
}

// Until the work is done its control cannot be used again.
async function hold(control, work) {
  control.disabled = true;
  try {
    await work();
  } catch (error) {
    showFailure(error);
  } finally {
    control.disabled = false;
    control.focus();
  }
}

async function download() {
  const { name, data } = await openFile("/v1/me/export");
  const end = await data.slice(-10_000).text();
  const last = JSON.parse(end.trimEnd().split("\n").at(-1));
  if (last.type !== "footer") throw new Error(last.problem?.detail ?? "The file is cut. Try again.");
  const address = URL.createObjectURL(data);
  el("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
  announce("Downloaded");
}

async function bring(file, { bar, said, rest }) {
  rest.replaceChildren();
  said.textContent = "Reading the file …";
  bar.hidden = false;
  try {
    const report = await sendFile("/v1/me/import", file.files[0], (share) => (bar.value = share));
    said.textContent = describe(report);
    rest.append(...report.left_out.map(({ what, why, count, examples }) =>
      el("li", {}, `Left out: ${what} (${count}). ${why}`, examples.length > 0 && ` For example: ${examples.join("; ")}.`)));
  } catch (error) {
    said.textContent = "";
    throw error;
  } finally {
    bar.hidden = true;
    file.value = "";
  }
}

const count = (found) => NOUNS.filter(([key]) => found[key]).map(([key, one]) => formatCount(found[key], one)).join(", ");

function describe({ imported, skipped, problem }) {
  const made = count(imported);
  const there = count(skipped);
  const words = [made ? `Made: ${made}.` : "Nothing new was made.", there && `There already: ${there}.`];
  return [...words, problem && `Not all of it could be read. ${problem.detail}`].filter(Boolean).join(" ");
}

// The report of an import. The server takes the file no faster than it stores it: what is sent is done.
async function sendFile(path, file, showShare) {
  const token = await getAccessToken();
  let answer = await post(path, file, token, showShare);
  if (answer.status === 401) answer = await post(path, file, await renewToken(token), showShare);
  const lines = answer.responseText.trimEnd().split("\n");
  const last = JSON.parse(lines.at(-1) || "{}");
  if (answer.status !== 200) throw new ApiError(answer.status, last);
  if (last.type !== "report") throw new Unreachable();
  return last.report;
}

// By XMLHttpRequest, because fetch does not tell how much has been sent.
const post = (path, file, token, showShare) =>
  new Promise((resolve, reject) => {
    const sending = new XMLHttpRequest();
    sending.open("POST", path);
    sending.setRequestHeader("Authorization", `Bearer ${token}`);
    sending.setRequestHeader("Content-Type", "application/octet-stream");
    sending.upload.addEventListener("progress", ({ loaded, total }) => showShare(total ? loaded / total : 0));
    sending.addEventListener("load", () => resolve(sending));
    sending.addEventListener("error", () => reject(new Unreachable()));
    sending.send(file);
  });
