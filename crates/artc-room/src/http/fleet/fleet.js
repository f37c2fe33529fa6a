// The fleet's page: lists devices and signs tokens with the key that is typed in, which stays in this page's memory.
const REFRESH_MS = 5000;
const PAGES = 100;

const at = (id) => document.getElementById(id);
let key = "";
let devices = [];
let timer = 0;

class Refused extends Error {}

async function ask(path, options = {}) {
  const answer = await fetch(path, { ...options, cache: "no-store", headers: { "X-Auth-Token": key } });
  const body = await answer.json();
  if (!answer.ok) {
    throw new Refused(body.message ?? `the server answered ${answer.status}`);
  }
  return body;
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

function show() {
  const wanted = at("find").value.toLowerCase();
  const shown = devices.filter((device) => device.client.toLowerCase().includes(wanted));
  const online = devices.filter((device) => device.state === "online").length;
  at("count").textContent = `${devices.length} known, ${online} online`;
  at("devices").replaceChildren(
    ...shown.map((device) => {
      const row = document.createElement("tr");
      for (const text of [device.client, device.state, time(device.since), time(device.seen)]) {
        const cell = document.createElement("td");
        cell.textContent = text;
        row.append(cell);
      }
      row.children[1].className = device.state === "online" ? "online" : "offline";
      return row;
    }),
  );
}

async function refresh() {
  clearTimeout(timer);
  try {
    devices = await list();
    at("fleet").hidden = false;
    at("said").textContent = "";
    show();
  } catch (why) {
    at("said").textContent = why instanceof Refused ? why.message : "The server does not answer.";
    if (why instanceof Refused) {
      return;
    }
  }
  timer = setTimeout(refresh, REFRESH_MS);
}

at("login").addEventListener("submit", (event) => {
  event.preventDefault();
  key = at("key").value;
  void refresh();
});

at("find").addEventListener("input", show);

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
    at("said").textContent = why instanceof Refused ? why.message : "The server does not answer.";
  }
});
