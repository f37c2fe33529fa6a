// The fleet's page: lists devices, sends them commands and signs tokens with the key that is typed in, which stays in this page's memory.
const REFRESH_MS = 5000;
const PAGES = 100;
/** Devices of one request, as the server has it. */
const AT_ONCE = 200;
const PICTURE = { longest: 320 };

const at = (id) => document.getElementById(id);
let key = "";
let devices = [];
let timer = 0;
const chosen = new Set();
/** The pictures that are shown, by client: when each was taken, and its address in this page. */
const pictures = new Map();

class Refused extends Error {}

async function ask(path, options = {}) {
  const answer = await fetch(path, { ...options, cache: "no-store", headers: { "X-Auth-Token": key } });
  const body = await answer.json();
  if (!answer.ok) {
    throw new Refused(body.message ?? `the server answered ${answer.status}`);
  }
  return body;
}

/** Says why something was not done. */
function say(why) {
  at("said").textContent = why instanceof Refused ? why.message : "The server does not answer.";
}

async function list() {
  const found = [];
  let after = "";
  for (let page = 0; page < PAGES; page++) {
    const part = await ask(`/v1/devices?after=${encodeURIComponent(after)}`);
    found.push(...part.devices);
    if (part.after === undefined) {
      break;
    }
    after = part.after;
  }
  return found;
}

function time(seconds) {
  return new Date(seconds * 1000).toLocaleString();
}

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** The picture as it is here; a newer one is fetched and put in its place. */
function picture({ client, picture: taken }) {
  const image = element("img", { alt: taken === undefined ? "" : `Picture of ${time(taken)}`, hidden: true });
  if (taken === undefined) {
    return image;
  }
  image.title = time(taken);
  const known = pictures.get(client);
  if (known !== undefined) {
    image.src = known.address;
    image.hidden = false;
  }
  if (known?.taken !== taken) {
    void load(client, taken, image);
  }
  return image;
}

async function load(client, taken, image) {
  const answer = await fetch(`/v1/devices/${encodeURIComponent(client)}/picture`, { cache: "no-store", headers: { "X-Auth-Token": key } });
  if (!answer.ok) {
    return;
  }
  const known = pictures.get(client);
  if (known !== undefined) {
    URL.revokeObjectURL(known.address);
  }
  const address = URL.createObjectURL(await answer.blob());
  pictures.set(client, { taken, address });
  image.src = address;
  image.hidden = false;
}

function shown() {
  const wanted = at("find").value.toLowerCase();
  const texts = ({ client, name = "", firmware = "", board = "" }) => [client, name, firmware, board].join(" ").toLowerCase();
  return devices.filter((device) => texts(device).includes(wanted));
}

function row(device) {
  const { client, name = "", state, firmware = "", board = "", since, seen } = device;
  const choice = element("input", { type: "checkbox", checked: chosen.has(client), ariaLabel: `Choose ${client}` });
  choice.addEventListener("change", () => (choice.checked ? chosen.add(client) : chosen.delete(client)));
  const cells = [client, name, state, firmware, board, time(since), time(seen)].map((text) => element("td", { textContent: text }));
  cells[0].className = "client";
  cells[2].className = state === "online" ? "online" : "offline";
  return element("tr", {}, element("td", {}, choice), element("td", {}, picture(device)), ...cells);
}

function show() {
  const online = devices.filter((device) => device.state === "online").length;
  at("count").textContent = `${devices.length} known, ${online} online`;
  at("devices").replaceChildren(...shown().map(row));
}

async function refresh() {
  clearTimeout(timer);
  try {
    devices = await list();
    at("fleet").hidden = false;
    at("said").textContent = "";
    show();
  } catch (why) {
    say(why);
    if (why instanceof Refused) {
      return;
    }
  }
  timer = setTimeout(refresh, REFRESH_MS);
}

/** Sends a command to all that are chosen, and shows what became of it. */
async function send(method, params) {
  const whom = devices.map((device) => device.client).filter((client) => chosen.has(client));
  if (whom.length === 0) {
    say(new Refused("Choose devices first."));
    return;
  }
  at("said").textContent = "";
  const results = at("results");
  results.hidden = false;
  results.caption.textContent = `${method}: asking ${whom.length}`;
  const body = results.tBodies[0];
  body.replaceChildren();
  try {
    for (let from = 0; from < whom.length; from += AT_ONCE) {
      const some = whom.slice(from, from + AT_ONCE);
      const told = await ask("/v1/commands", { method: "POST", body: JSON.stringify({ devices: some, method, params }) });
      body.append(...told.results.map(result));
    }
    results.caption.textContent = `${method}: asked ${whom.length}`;
  } catch (why) {
    results.caption.textContent = `${method}: not sent to all`;
    say(why);
    return;
  }
  await refresh();
}

function result({ client, outcome, result: answer, error }) {
  const brief = (name, value) => (name === "base64" ? undefined : value);
  const text = answer === undefined ? (error?.message ?? "") : JSON.stringify(answer, brief, 1);
  const cell = element("td", {}, element("span", { className: "answer", textContent: text }));
  return element("tr", {}, element("td", { className: "client", textContent: client }), element("td", { textContent: outcome.replace("_", " ") }), cell);
}

at("login").addEventListener("submit", (event) => {
  event.preventDefault();
  key = at("key").value;
  void refresh();
});

at("find").addEventListener("input", show);

at("all").addEventListener("change", () => {
  for (const { client } of shown()) {
    if (at("all").checked) {
      chosen.add(client);
    } else {
      chosen.delete(client);
    }
  }
  show();
});

at("command").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = at("params").value.trim();
  let params;
  try {
    params = text === "" ? undefined : JSON.parse(text);
  } catch {
    say(new Refused("The parameters are no JSON."));
    return;
  }
  void send(at("method").value, params);
});

at("picture").addEventListener("click", () => void send("camera.snapshot", PICTURE));

at("mint").addEventListener("submit", async (event) => {
  event.preventDefault();
  const watches = at("watch").checked;
  const body = { channel: at("channel").value, user: at("user").value, ttl_s: 60 * at("minutes").valueAsNumber };
  try {
    const made = await ask("/v1/tokens", { method: "POST", body: JSON.stringify(watches ? { ...body, publish: false } : body) });
    at("token").value = made.token;
    at("token").hidden = false;
    at("said").textContent = "";
  } catch (why) {
    say(why);
  }
});
